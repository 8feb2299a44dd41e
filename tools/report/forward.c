#include "forward.h"

#include "vit/memory.h"
#include "vit/size.h"
#include <math.h>
#include <string.h>

static const double norm_epsilon = 1e-6;

/* A picture on its way. */
typedef struct Pass {
    const ModelShape *shape;
    const ParameterTable *table;
    const float *weights;
    double *x;                   /* [T, D] */
    double *z;                   /* [T, D]: normalized */
    double *query, *key, *value; /* [T, H, K] */
    double *mixed;               /* [T, H, K] */
    double *a, *b;               /* any layer's input and output */
} Pass;

/* ---- layers ---- */

/* y [rows, out] = x [rows, in] kernel + bias; bias NULL: 0. */
static void dense(size_t rows, size_t in, size_t out, const double *x, const float *kernel,
                  const float *bias, double *y) {
    for (size_t row = 0; row < rows; row++, x += in, y += out) {
        for (size_t o = 0; o < out; o++)
            y[o] = bias ? (double)bias[o] : 0.0;
        for (size_t i = 0; i < in; i++)
            for (size_t o = 0; o < out; o++)
                y[o] += x[i] * (double)kernel[i * out + o];
    }
}

static void norm(size_t rows, size_t width, const double *x, const float *gamma, const float *beta,
                 double *y) {
    for (size_t row = 0; row < rows; row++, x += width, y += width) {
        double mean = 0.0, square = 0.0;
        for (size_t i = 0; i < width; i++)
            mean += x[i] / (double)width;
        for (size_t i = 0; i < width; i++)
            square += (x[i] - mean) * (x[i] - mean) / (double)width;
        const double scale = 1.0 / sqrt(square + norm_epsilon);
        for (size_t i = 0; i < width; i++)
            y[i] = (x[i] - mean) * scale * (double)gamma[i] + (double)beta[i];
    }
}

static void gelu(size_t count, double *x) {
    for (size_t i = 0; i < count; i++)
        x[i] *= 0.5 * (1.0 + erf(x[i] * sqrt(0.5)));
}

static void softmax(size_t count, double *x) {
    double largest = -INFINITY, sum = 0.0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, x[i]);
    for (size_t i = 0; i < count; i++)
        sum += x[i] = exp(x[i] - largest);
    for (size_t i = 0; i < count; i++)
        x[i] /= sum;
}

static void add(size_t count, const double *more, double *x) {
    for (size_t i = 0; i < count; i++)
        x[i] += more[i];
}

static void swap(Pass *pass) {
    double *a = pass->a;
    pass->a = pass->b;
    pass->b = a;
}

/* ---- tokenizer ---- */

/* -> a [grid^2, patch_values]: each patch by row, column, channel. */
static void cut_patches(Pass *pass, const float *planes) {
    const ModelShape *s = pass->shape;
    const size_t side = s->image_size, patch = s->patch_size;
    double *to = pass->a;
    for (size_t token = 0; token < s->grid * s->grid; token++)
        for (size_t row = 0; row < patch; row++)
            for (size_t column = 0; column < patch; column++)
                for (size_t c = 0; c < s->channels; c++) {
                    const size_t y = token / s->grid * patch + row;
                    const size_t x = token % s->grid * patch + column;
                    *to++ = (double)planes[(c * side + y) * side + x];
                }
}

/* A pixel of the convolution 3 x 3 with zeros around, y [out], of x [side, side, in]. */
static void convolve_pixel(size_t side, size_t in, size_t out, const double *x, size_t row,
                           size_t column, const float *kernel, double *y) {
    memset(y, 0, out * sizeof *y);
    for (size_t tap = 0; tap < 9; tap++) {
        const size_t r = row + tap / 3, c = column + tap % 3; /* one too many */
        if (r >= 1 && r <= side && c >= 1 && c <= side)
            for (size_t i = 0; i < in; i++)
                for (size_t o = 0; o < out; o++)
                    y[o] += x[((r - 1) * side + c - 1) * in + i] *
                            (double)kernel[(tap * in + i) * out + o];
    }
}

/* a [side, side, in] -> b [side, side, out]. */
static void convolve(Pass *pass, size_t side, size_t in, size_t out, const float *kernel) {
    for (size_t pixel = 0; pixel < side * side; pixel++)
        convolve_pixel(side, in, out, pass->a, pixel / side, pixel % side, kernel,
                       pass->b + pixel * out);
}

/* a [side, side, width] -> b [ceil(side / 2), ceil(side / 2), width]: ReLU, then the largest of 3
 * x 3 with stride 2. */
static void pool_pixels(Pass *pass, size_t side, size_t width) {
    const size_t pooled = size_groups(side, 2);
    for (size_t i = 0; i < pooled * pooled * width; i++) {
        const size_t c = i % width, row = i / width / pooled * 2, column = i / width % pooled * 2;
        double largest = 0.0;
        for (size_t tap = 0; tap < 9; tap++) {
            const size_t y = row + tap / 3, x = column + tap % 3; /* one too many */
            if (y >= 1 && y <= side && x >= 1 && x <= side)
                largest = fmax(largest, pass->a[((y - 1) * side + x - 1) * width + c]);
        }
        pass->b[i] = largest;
    }
}

/* -> a [grid^2, D]. */
static void convolve_all(Pass *pass, const float *planes) {
    const ModelShape *s = pass->shape;
    const size_t pixels = s->image_size * s->image_size;
    for (size_t i = 0; i < pixels * s->channels; i++)
        pass->a[i] = (double)planes[i % s->channels * pixels + i / s->channels];
    for (size_t i = 0; i < s->convolutions; i++) {
        const size_t side = model_convolution_side(s, i), out = model_convolution_width(s, i + 1);
        convolve(pass, side, model_convolution_width(s, i), out,
                 pass->weights + pass->table->convolution_kernel[i]);
        swap(pass);
        pool_pixels(pass, side, out);
        swap(pass);
    }
}

/* What is added to a token at a place of the grid. */
static double position(const Pass *pass, size_t token, size_t d) {
    const ModelShape *s = pass->shape;
    if (s->position == POSITION_NONE)
        return 0.0;
    if (s->position == POSITION_LEARNED)
        return (double)pass->weights[pass->table->position + token * s->D + d];
    const size_t quarter = size_larger(s->D / 4, 1); /* a job with sines has 2 or more */
    const size_t k = d % quarter, part = d / quarter;
    const size_t place = part < 2 ? token % s->grid : token / s->grid;
    const double angle = (double)place * pow(10000.0, -(double)k / (double)(quarter - 1));
    return part % 2 ? cos(angle) : sin(angle);
}

/* planes -> x. */
static void tokenize(Pass *pass, const float *planes) {
    const ModelShape *s = pass->shape;
    const ParameterTable *t = pass->table;
    const size_t tokens = s->grid * s->grid;
    if (s->tokenizer == TOKENIZER_PATCH) {
        cut_patches(pass, planes);
        dense(tokens, s->patch_values, s->D, pass->a, pass->weights + t->patch_kernel,
              pass->weights + t->patch_bias, pass->b);
        swap(pass);
    } else {
        convolve_all(pass, planes);
    }
    double *x = pass->x;
    for (size_t d = 0; d < s->class_tokens * s->D; d++)
        *x++ = (double)pass->weights[t->class_token + d];
    for (size_t i = 0; i < tokens * s->D; i++)
        x[i] = pass->a[i] + position(pass, i / s->D, i % s->D);
}

/* ---- blocks ---- */

/* One head: probability [T, T], and its part of mixed. */
static void attend(Pass *pass, size_t head, double *probability) {
    const ModelShape *s = pass->shape;
    const size_t T = s->T, K = s->K, stride = s->H * K, at = head * K;
    for (size_t q = 0; q < T; q++, probability += T) {
        double *mixed = pass->mixed + q * stride + at;
        for (size_t t = 0; t < T; t++) {
            double score = 0.0;
            for (size_t k = 0; k < K; k++)
                score += pass->query[q * stride + at + k] * pass->key[t * stride + at + k];
            probability[t] = score / sqrt((double)K);
        }
        softmax(T, probability);
        memset(mixed, 0, K * sizeof *mixed);
        for (size_t t = 0; t < T; t++)
            for (size_t k = 0; k < K; k++)
                mixed[k] += probability[t] * pass->value[t * stride + at + k];
    }
}

/* x += attention(LN(x)); probability [H, T, T]. */
static void attention(Pass *pass, const BlockLayout *l, double *probability) {
    const ModelShape *s = pass->shape;
    const float *w = pass->weights;
    const size_t T = s->T, D = s->D, wide = s->H * s->K;
    norm(T, D, pass->x, w + l->norm1_gamma, w + l->norm1_beta, pass->z);
    dense(T, D, wide, pass->z, w + l->query_kernel, w + l->query_bias, pass->query);
    dense(T, D, wide, pass->z, w + l->key_kernel, w + l->key_bias, pass->key);
    dense(T, D, wide, pass->z, w + l->value_kernel, w + l->value_bias, pass->value);
    for (size_t head = 0; head < s->H; head++)
        attend(pass, head, probability + head * T * T);
    dense(T, wide, D, pass->mixed, w + l->output_kernel, w + l->output_bias, pass->a);
    add(T * D, pass->a, pass->x);
}

/* What the taps bring of a token's channel; the kernel's middle is on the token. */
static double local_sum(const Pass *pass, const BlockLayout *l, size_t token, size_t c) {
    const ModelShape *s = pass->shape;
    const size_t taps = s->mlp_convolution, half = taps / 2, width = s->mlp.value[0];
    const double *grid = pass->a + s->class_tokens * width;
    double sum = (double)pass->weights[l->local_bias + c];
    for (size_t tap = 0; tap < taps * taps; tap++) {
        const size_t row = token / s->grid + tap / taps, column = token % s->grid + tap % taps;
        if (row >= half && row < s->grid + half && column >= half && column < s->grid + half)
            sum += grid[((row - half) * s->grid + column - half) * width + c] *
                   (double)pass->weights[l->local_kernel + tap * width + c];
    }
    return sum;
}

/* a += the convolution of its channels over the grid; a class token passes by. */
static void convolve_tokens(Pass *pass, const BlockLayout *l) {
    const ModelShape *s = pass->shape;
    const size_t width = s->mlp.value[0], first = s->class_tokens * width;
    for (size_t i = 0; i < s->grid * s->grid * width; i++)
        pass->b[i] = local_sum(pass, l, i / width, i % width);
    add(s->grid * s->grid * width, pass->b, pass->a + first);
}

/* x += MLP(LN(x)). */
static void mlp(Pass *pass, const BlockLayout *l) {
    const ModelShape *s = pass->shape;
    const float *w = pass->weights;
    size_t in = s->D;
    norm(s->T, s->D, pass->x, w + l->norm2_gamma, w + l->norm2_beta, pass->a);
    for (size_t j = 0; j < s->mlp.count; in = s->mlp.value[j++]) {
        const size_t out = s->mlp.value[j];
        dense(s->T, in, out, pass->a, w + l->mlp_kernel[j], w + l->mlp_bias[j], pass->b);
        swap(pass);
        if (j == 0 && s->mlp_convolution)
            convolve_tokens(pass, l);
        if (j + 1 < s->mlp.count || s->mlp_end == MLP_END_GELU)
            gelu(s->T * out, pass->a);
    }
    add(s->T * s->D, pass->a, pass->x);
}

/* ---- head ---- */

/* a [features] from z [T, D] with weights a token. */
static void mean_of_tokens(Pass *pass, const double *share) {
    const ModelShape *s = pass->shape;
    memset(pass->a, 0, s->D * sizeof *pass->a);
    for (size_t t = 0; t < s->T; t++)
        for (size_t d = 0; d < s->D; d++)
            pass->a[d] += share[t] * pass->z[t * s->D + d];
}

/* x -> a [features]. */
static void pool(Pass *pass) {
    const ModelShape *s = pass->shape;
    const float *w = pass->weights;
    norm(s->T, s->D, pass->x, w + pass->table->norm_gamma, w + pass->table->norm_beta, pass->z);
    if (s->pool == POOL_FLATTEN || s->pool == POOL_CLASS) {
        memcpy(pass->a, pass->z, s->features * sizeof *pass->a);
        return;
    }
    for (size_t t = 0; t < s->T; t++)
        pass->b[t] = 1.0 / (double)s->T;
    if (s->pool == POOL_SEQUENCE) {
        dense(s->T, s->D, 1, pass->z, w + pass->table->pool_kernel, w + pass->table->pool_bias,
              pass->b);
        softmax(s->T, pass->b);
    }
    mean_of_tokens(pass, pass->b);
}

/* a [features] -> logits. */
static void head(Pass *pass, double *logits) {
    const ModelShape *s = pass->shape;
    const size_t layers = model_head_layers(s);
    for (size_t j = 0; j < layers; j++) {
        const size_t in = model_head_width(s, j), out = model_head_width(s, j + 1);
        dense(1, in, out, pass->a, pass->weights + pass->table->head_kernel[j],
              pass->weights + pass->table->head_bias[j], pass->b);
        swap(pass);
        if (j + 1 < layers)
            gelu(out, pass->a);
    }
    memcpy(logits, pass->a, s->classes * sizeof *logits);
}

/* ---- the whole ---- */

/* Values of the largest input or output of a layer. */
static size_t largest_layer(const ModelShape *s) {
    size_t width = s->D, most = s->grid * s->grid * s->patch_values;
    for (size_t j = 0; j < s->mlp.count; j++)
        width = size_larger(width, s->mlp.value[j]);
    most = size_larger(most, s->T * width);
    for (size_t i = 0; i < s->convolutions; i++) {
        const size_t side = model_convolution_side(s, i);
        most = size_larger(most, side * side * model_convolution_width(s, i));
        most = size_larger(most, side * side * model_convolution_width(s, i + 1));
    }
    for (size_t j = 0; j <= model_head_layers(s); j++)
        most = size_larger(most, model_head_width(s, j));
    return most;
}

static Status pass_init(Pass *pass) {
    const ModelShape *s = pass->shape;
    const size_t wide = s->T * s->H * s->K, most = largest_layer(s);
    const struct {
        double **values;
        size_t count;
    } arrays[] = {{&pass->x, s->T * s->D}, {&pass->z, s->T * s->D}, {&pass->query, wide},
                  {&pass->key, wide},      {&pass->value, wide},    {&pass->mixed, wide},
                  {&pass->a, most},        {&pass->b, most}};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        STATUS_TRY(memory_allocate(arrays[i].values, arrays[i].count, sizeof(double),
                                   "a picture's way through the model"));
    return STATUS_OK;
}

static void pass_free(Pass *pass) {
    double *const arrays[] = {pass->x,     pass->z,     pass->query, pass->key,
                              pass->value, pass->mixed, pass->a,     pass->b};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        memory_free(arrays[i]);
}

static Status run(Forward *forward, Pass *pass, const float *planes) {
    const ModelShape *s = pass->shape;
    const size_t block = s->H * s->T * s->T;
    STATUS_TRY(pass_init(pass));
    STATUS_TRY(memory_allocate(&forward->probability, s->depth * block, sizeof(double),
                               "attention's probabilities"));
    STATUS_TRY(memory_allocate(&forward->logits, s->classes, sizeof(double), "logits"));
    tokenize(pass, planes);
    for (size_t i = 0; i < s->depth; i++) {
        attention(pass, &pass->table->block[i], forward->probability + i * block);
        mlp(pass, &pass->table->block[i]);
    }
    pool(pass);
    head(pass, forward->logits);
    return STATUS_OK;
}

Status forward_run(Forward *forward, const ModelShape *shape, const ParameterTable *table,
                   const float *weights, const float *planes) {
    Pass pass = {.shape = shape, .table = table, .weights = weights};
    *forward = (Forward){0};
    const Status status = run(forward, &pass, planes);
    pass_free(&pass);
    return status;
}

void forward_free(Forward *forward) {
    memory_free(forward->probability);
    memory_free(forward->logits);
    *forward = (Forward){0};
}
