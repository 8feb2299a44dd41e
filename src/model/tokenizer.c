#include "tokenizer.h"

#include "vit/phase.h"

void tokenizer_plan(Tokenizer *tokenizer, const ModelShape *shape, const Kernels *kernels) {
    const size_t T = shape->T, D = shape->D, P = shape->patch_values;
    *tokenizer = (Tokenizer){.shape = shape, .kernels = kernels};
    gemm_plan(&tokenizer->project, GEMM_NN, T, D, P, P, D, D, false);
    gemm_plan(&tokenizer->project_gradient, GEMM_TN, P, D, T, P, D, D, true);
}

void tokenizer_stash_place(TokenizerStash *stash, const ModelShape *shape, Arena *arena) {
    stash->patches = arena_take(arena, shape->T * shape->patch_values);
}

TokenizerWeights tokenizer_weights(const ParameterTable *table, const float *weights) {
    return (TokenizerWeights){.kernel = weights + table->patch_kernel,
                              .bias = weights + table->patch_bias,
                              .position = weights + table->position};
}

TokenizerGradient tokenizer_gradient(const ParameterTable *table, float *tensors, size_t first) {
    return (TokenizerGradient){.kernel = tensors + (table->patch_kernel - first),
                               .bias = tensors + (table->patch_bias - first),
                               .position = tensors + (table->position - first)};
}

void tokenizer_patches(const ModelShape *shape, const float *planes, float *patches) {
    const size_t size = shape->image_size, patch = shape->patch_size, channels = shape->channels;
    const size_t side = size / patch;
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

void tokenizer_forward(const Tokenizer *tokenizer, const TokenizerWeights *weights,
                       const float *planes, TokenizerStash *stash, float *x) {
    const ModelShape *shape = tokenizer->shape;
    phase_begin(PHASE_EMBED);
    tokenizer_patches(shape, planes, stash->patches);
    gemm_run(&tokenizer->project, stash->patches, weights->kernel, x);
    tokenizer->kernels->add_bias(shape->T, shape->D, weights->bias, 1.0f, x);
    tokenizer->kernels->add(shape->T * shape->D, weights->position, x);
}

void tokenizer_backward(const Tokenizer *tokenizer, const TokenizerStash *stash, const float *dx,
                        const TokenizerGradient *gradient) {
    const ModelShape *shape = tokenizer->shape;
    phase_begin(PHASE_EMBED_BACKWARD);
    tokenizer->kernels->add(shape->T * shape->D, dx, gradient->position);
    tokenizer->kernels->add_column_sums(shape->T, shape->D, dx, gradient->bias);
    gemm_run(&tokenizer->project_gradient, stash->patches, dx, gradient->kernel);
}
