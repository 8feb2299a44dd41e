#include "tokenizer.h"

#include "vit/phase.h"
#include "vit/size.h"
#include <math.h>
#include <string.h>

/* ---- plans and room ---- */

static ConvolutionShape convolution_shape(const ModelShape *shape, size_t i) {
    return (ConvolutionShape){.side = model_convolution_side(shape, i),
                              .pooled = model_convolution_side(shape, i + 1),
                              .in = model_convolution_width(shape, i),
                              .out = model_convolution_width(shape, i + 1)};
}

void tokenizer_plan(Tokenizer *tokenizer, const ModelShape *shape, const Kernels *kernels) {
    const size_t patches = shape->grid * shape->grid, D = shape->D, P = shape->patch_values;
    *tokenizer = (Tokenizer){.shape = shape, .kernels = kernels};
    for (size_t i = 0; i < shape->convolutions; i++)
        convolution_plan(&tokenizer->convolution[i], convolution_shape(shape, i), kernels);
    if (shape->tokenizer == TOKENIZER_CONVOLUTION)
        return;
    gemm_plan(&tokenizer->project, GEMM_NN, patches, D, P, P, D, D, false);
    gemm_plan(&tokenizer->project_gradient, GEMM_TN, P, D, patches, P, D, D, true);
}

void tokenizer_weights_place(TokenizerWeights *weights, const ModelShape *shape, Arena *arena) {
    for (size_t i = 1; i < shape->convolutions; i++)
        weights->rotated[i] = arena_take(arena, 9 * model_convolution_width(shape, i) *
                                                    model_convolution_width(shape, i + 1));
    if (shape->position == POSITION_SINE)
        weights->sines = arena_take(arena, shape->grid * shape->grid * shape->D);
}

void tokenizer_stash_place(TokenizerStash *stash, const ModelShape *shape, Arena *arena) {
    for (size_t i = 0; i < shape->convolutions; i++)
        convolution_stash_place(&stash->convolution[i], convolution_shape(shape, i), arena);
    if (shape->tokenizer == TOKENIZER_PATCH)
        stash->patches = arena_take(arena, shape->grid * shape->grid * shape->patch_values);
}

void tokenizer_work_place(TokenizerWork *work, const ModelShape *shape, Arena *arena) {
    ConvolutionShape layer[TOKENIZER_CONVOLUTIONS_MOST];
    size_t largest = 0; /* input of a layer but the first, without its border */
    if (shape->convolutions == 0)
        return;
    for (size_t i = 0; i < shape->convolutions; i++)
        layer[i] = convolution_shape(shape, i);
    convolution_work_place(&work->convolution, layer, shape->convolutions, arena);
    for (size_t i = 1; i < shape->convolutions; i++)
        largest = size_larger(largest, layer[i].side * layer[i].side * layer[i].in);
    work->dinput = arena_take(arena, largest);
}

/* ---- weights ---- */

void tokenizer_prepare(const ParameterTable *table, const ModelShape *shape, const float *weights,
                       TokenizerWeights *prepared) {
    prepared->kernel = weights + table->patch_kernel;
    prepared->bias = weights + table->patch_bias;
    for (size_t i = 0; i < shape->convolutions; i++)
        prepared->convolution[i] = weights + table->convolution_kernel[i];
    if (shape->position == POSITION_LEARNED)
        prepared->position = weights + table->position;
    else
        prepared->position = prepared->sines;
    prepared->class_token = weights + table->class_token;
}

/* Sines and cosines of each token's column, then of its row (big_vision's posemb_sincos_2d): with
 * w_k = 10000^(-k / (D/4 - 1)), a token at (x, y) has [sin x w, cos x w, sin y w, cos y w]. */
static void fill_sines(const ModelShape *shape, float *sines) {
    const size_t quarter = shape->D / 4, grid = shape->grid;
    for (size_t k = 0; k < quarter; k++) {
        const double frequency = pow(10000.0, -(double)k / (double)(quarter - 1));
        for (size_t place = 0; place < grid; place++) {
            const double angle = (double)place * frequency;
            const float sine = (float)sin(angle), cosine = (float)cos(angle);
            for (size_t other = 0; other < grid; other++) {
                float *in_column = sines + (other * grid + place) * shape->D + k;
                float *in_row = sines + (place * grid + other) * shape->D + 2 * quarter + k;
                in_column[0] = in_row[0] = sine;
                in_column[quarter] = in_row[quarter] = cosine;
            }
        }
    }
}

void tokenizer_fill_constants(const ModelShape *shape, TokenizerWeights *weights) {
    if (shape->position == POSITION_SINE)
        fill_sines(shape, weights->sines);
}

/* The first convolution needs none. */
size_t tokenizer_forms(const Tokenizer *tokenizer) {
    const size_t layers = tokenizer->shape->convolutions;
    return layers ? layers - 1 : 0;
}

void tokenizer_prepare_form(const Tokenizer *tokenizer, size_t form, TokenizerWeights *prepared) {
    const size_t layer = form + 1;
    convolution_rotate(&tokenizer->convolution[layer], prepared->convolution[layer],
                       prepared->rotated[layer]);
}

TokenizerGradient tokenizer_gradient(const ParameterTable *table, const ModelShape *shape,
                                     float *tensors, size_t first) {
    TokenizerGradient gradient = {0};
    for (size_t i = 0; i < shape->convolutions; i++)
        gradient.convolution[i] = tensors + (table->convolution_kernel[i] - first);
    if (shape->tokenizer == TOKENIZER_PATCH) {
        gradient.kernel = tensors + (table->patch_kernel - first);
        gradient.bias = tensors + (table->patch_bias - first);
    }
    if (shape->position == POSITION_LEARNED)
        gradient.position = tensors + (table->position - first);
    if (shape->class_tokens)
        gradient.class_token = tensors + (table->class_token - first);
    return gradient;
}

/* ---- patches ---- */

void tokenizer_patches(const ModelShape *shape, const float *planes, float *patches) {
    const size_t size = shape->image_size, patch = shape->patch_size, channels = shape->channels;
    const size_t side = shape->grid;
    for (size_t y = 0; y < side * patch; y++)
        for (size_t c = 0; c < channels; c++) {
            const float *row = planes + (c * size + y) * size;
            float *target =
                patches + y / patch * side * shape->patch_values + y % patch * patch * channels + c;
            for (size_t p = 0; p < side; p++, row += patch, target += shape->patch_values)
                for (size_t x = 0; x < patch; x++)
                    target[x * channels] = row[x];
        }
}

static void project_patches(const Tokenizer *tokenizer, const TokenizerWeights *weights,
                            const float *planes, TokenizerStash *stash, float *x) {
    const ModelShape *shape = tokenizer->shape;
    tokenizer_patches(shape, planes, stash->patches);
    gemm_run(&tokenizer->project, stash->patches, weights->kernel, x);
    tokenizer->kernels->add_bias(shape->grid * shape->grid, shape->D, weights->bias, 1.0f, x);
}

static void project_patches_backward(const Tokenizer *tokenizer, const TokenizerStash *stash,
                                     const float *dx, const TokenizerGradient *gradient) {
    const ModelShape *shape = tokenizer->shape;
    tokenizer->kernels->add_column_sums(shape->grid * shape->grid, shape->D, dx, gradient->bias);
    gemm_run(&tokenizer->project_gradient, stash->patches, dx, gradient->kernel);
}

/* ---- convolutions ---- */

/* planes [channels, size, size] -> the inside of the first layer's input. */
static void fill_input(const Tokenizer *tokenizer, const float *planes,
                       const ConvolutionStash *stash) {
    const ModelShape *shape = tokenizer->shape;
    const ConvolutionShape layer = tokenizer->convolution[0].shape;
    const size_t size = shape->image_size, channels = shape->channels;
    for (size_t c = 0; c < channels; c++)
        for (size_t y = 0; y < size; y++) {
            const float *row = planes + (c * size + y) * size;
            float *target = convolution_inside(layer, stash) + y * convolution_line(layer) + c;
            for (size_t x = 0; x < size; x++)
                target[x * channels] = row[x];
        }
}

static void convolve(const Tokenizer *tokenizer, const TokenizerWeights *weights,
                     const float *planes, TokenizerStash *stash, TokenizerWork *work, float *x) {
    const size_t layers = tokenizer->shape->convolutions;
    for (size_t i = 0; i < layers; i++)
        convolution_clear_border(tokenizer->convolution[i].shape, &stash->convolution[i]);
    fill_input(tokenizer, planes, &stash->convolution[0]);
    for (size_t i = 0; i < layers; i++) {
        const Convolution *layer = &tokenizer->convolution[i];
        float *y = x;
        size_t ld = layer->shape.pooled * layer->shape.out;
        if (i + 1 < layers) {
            const ConvolutionShape next = tokenizer->convolution[i + 1].shape;
            y = convolution_inside(next, &stash->convolution[i + 1]);
            ld = convolution_line(next);
        }
        convolution_forward(layer, weights->convolution[i], &stash->convolution[i],
                            &work->convolution, y, ld);
    }
}

static void convolve_backward(const Tokenizer *tokenizer, const TokenizerWeights *weights,
                              const TokenizerStash *stash, TokenizerWork *work, const float *dx,
                              const TokenizerGradient *gradient) {
    const float *dy = dx;
    for (size_t i = tokenizer->shape->convolutions; i-- > 0;) {
        convolution_backward(&tokenizer->convolution[i], i > 0 ? weights->rotated[i] : NULL,
                             &stash->convolution[i], &work->convolution, dy,
                             gradient->convolution[i], work->dinput);
        dy = work->dinput;
    }
}

/* ---- both ---- */

void tokenizer_forward(const Tokenizer *tokenizer, const TokenizerWeights *weights,
                       const float *planes, TokenizerStash *stash, TokenizerWork *work, float *x) {
    const ModelShape *shape = tokenizer->shape;
    const size_t D = shape->D;
    float *tokens = x + shape->class_tokens * D;
    phase_begin(PHASE_EMBED);
    if (shape->tokenizer == TOKENIZER_CONVOLUTION)
        convolve(tokenizer, weights, planes, stash, work, tokens);
    else
        project_patches(tokenizer, weights, planes, stash, tokens);
    if (shape->position != POSITION_NONE)
        tokenizer->kernels->add(shape->grid * shape->grid * D, weights->position, tokens);
    if (shape->class_tokens)
        memcpy(x, weights->class_token, D * sizeof *x);
}

void tokenizer_backward(const Tokenizer *tokenizer, const TokenizerWeights *weights,
                        const TokenizerStash *stash, TokenizerWork *work, const float *dx,
                        const TokenizerGradient *gradient) {
    const ModelShape *shape = tokenizer->shape;
    const size_t D = shape->D;
    const float *dtokens = dx + shape->class_tokens * D;
    phase_begin(PHASE_EMBED_BACKWARD);
    if (shape->class_tokens)
        tokenizer->kernels->add(D, dx, gradient->class_token);
    if (shape->position == POSITION_LEARNED)
        tokenizer->kernels->add(shape->grid * shape->grid * D, dtokens, gradient->position);
    if (shape->tokenizer == TOKENIZER_CONVOLUTION)
        convolve_backward(tokenizer, weights, stash, work, dtokens, gradient);
    else
        project_patches_backward(tokenizer, stash, dtokens, gradient);
}
