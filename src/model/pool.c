#include "pool.h"

#include "vit/phase.h"
#include <math.h>
#include <string.h>

void pool_stash_place(PoolStash *stash, const ModelShape *shape, Arena *arena) {
    norm_stash_place(&stash->norm, shape, arena);
    if (shape->pool == POOL_SEQUENCE)
        stash->weights = arena_take(arena, shape->T);
}

void pool_work_place(PoolWork *work, const ModelShape *shape, Arena *arena) {
    work->z = arena_take(arena, shape->T * shape->D);
    work->dz = arena_take(arena, shape->T * shape->D);
    work->tokens = arena_take(arena, shape->T);
    work->products = (double *)(void *)arena_take(arena, 2 * shape->T);
}

PoolWeights pool_weights(const ParameterTable *table, const float *weights) {
    return (PoolWeights){.gamma = weights + table->norm_gamma,
                         .beta = weights + table->norm_beta,
                         .kernel = weights + table->pool_kernel,
                         .bias = weights + table->pool_bias};
}

PoolGradient pool_gradient(const ParameterTable *table, const ModelShape *shape, float *tensors,
                           size_t first) {
    PoolGradient gradient = {.gamma = tensors + (table->norm_gamma - first),
                             .beta = tensors + (table->norm_beta - first)};
    if (shape->pool == POOL_SEQUENCE) {
        gradient.kernel = tensors + (table->pool_kernel - first);
        gradient.bias = tensors + (table->pool_bias - first);
    }
    return gradient;
}

/* Rows of z that are wanted. */
static size_t rows_of(const ModelShape *shape) {
    return shape->pool == POOL_CLASS ? 1 : shape->T;
}

static float dot(size_t count, const float *x, const float *y) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += x[i] * y[i];
    return sum;
}

static double dot_double(size_t count, const float *x, const float *y) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < count; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

/* y += factor * x. */
static void add_scaled(size_t count, float factor, const float *x, float *y) {
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        y[i] += factor * x[i];
}

/* a = softmax(s) in place, with s_t = z_t . w + b. */
static void sequence_weights(const ModelShape *shape, const PoolWeights *weights, const float *z,
                             float *a) {
    const size_t T = shape->T, D = shape->D;
    float largest = -INFINITY, sum = 0.0f;
    for (size_t t = 0; t < T; t++) {
        a[t] = dot(D, z + t * D, weights->kernel) + *weights->bias;
        largest = fmaxf(largest, a[t]);
    }
    for (size_t t = 0; t < T; t++) {
        a[t] = expf(a[t] - largest);
        sum += a[t];
    }
    for (size_t t = 0; t < T; t++)
        a[t] /= sum;
}

void pool_forward(const ModelShape *shape, const Kernels *kernels, const PoolWeights *weights,
                  const float *x, PoolStash *stash, PoolWork *work, float *features) {
    const size_t T = shape->T, D = shape->D;
    const bool whole = shape->pool == POOL_FLATTEN || shape->pool == POOL_CLASS;
    float *z = whole ? features : work->z;
    phase_begin(PHASE_NORM);
    kernels->layer_norm(rows_of(shape), D, x, weights->gamma, weights->beta, NORM_EPSILON, z,
                        stash->norm.normalized, stash->norm.inverse);
    if (whole)
        return;
    memset(features, 0, D * sizeof *features);
    if (shape->pool == POOL_SEQUENCE) {
        sequence_weights(shape, weights, z, stash->weights);
        for (size_t t = 0; t < T; t++)
            add_scaled(D, stash->weights[t], z + t * D, features);
        return;
    }
    kernels->add_column_sums(T, D, z, features);
    for (size_t d = 0; d < D; d++)
        features[d] /= (float)T;
}

/* ds_t = a_t (z_t . df - sum of a z . df / sum of a). What the products have in common is much
 * larger than their differences, and what rounding leaves of it would be multiplied by the tokens'
 * mean in dw: so in double, and divided by the sum, which is 1 but for rounding. */
static void sequence_slopes(const ModelShape *shape, const float *a, const float *z,
                            const float *dfeatures, double *product, float *ds) {
    double sum = 0.0, weighted = 0.0;
    for (size_t t = 0; t < shape->T; t++) {
        product[t] = dot_double(shape->D, z + t * shape->D, dfeatures);
        weighted += (double)a[t] * product[t];
        sum += (double)a[t];
    }
    for (size_t t = 0; t < shape->T; t++)
        ds[t] = (float)((double)a[t] * (product[t] - weighted / sum));
}

/* f = sum of a_t z_t: dz_t = a_t df + ds_t w; dw = sum of ds_t z_t, db = sum of ds_t, which is zero
 * but for rounding. */
static void sequence_backward(const ModelShape *shape, const Kernels *kernels,
                              const PoolWeights *weights, const float *dfeatures,
                              const PoolStash *stash, PoolWork *work,
                              const PoolGradient *gradient) {
    const size_t T = shape->T, D = shape->D;
    float *ds = work->tokens;
    kernels->scale_columns(T, D, stash->norm.normalized, weights->gamma, weights->beta, work->z);
    sequence_slopes(shape, stash->weights, work->z, dfeatures, work->products, ds);
    memset(work->dz, 0, T * D * sizeof *work->dz);
    for (size_t t = 0; t < T; t++) {
        const float a = stash->weights[t];
        add_scaled(D, a, dfeatures, work->dz + t * D);
        add_scaled(D, ds[t], weights->kernel, work->dz + t * D);
        add_scaled(D, ds[t], work->z + t * D, gradient->kernel);
        *gradient->bias += ds[t];
    }
}

/* dz [rows, D] of the rows that were wanted. */
static const float *features_backward(const ModelShape *shape, const Kernels *kernels,
                                      const PoolWeights *weights, const float *dfeatures,
                                      const PoolStash *stash, PoolWork *work,
                                      const PoolGradient *gradient) {
    const size_t T = shape->T, D = shape->D;
    if (shape->pool == POOL_FLATTEN || shape->pool == POOL_CLASS)
        return dfeatures;
    if (shape->pool == POOL_SEQUENCE)
        sequence_backward(shape, kernels, weights, dfeatures, stash, work, gradient);
    else
        for (size_t i = 0; i < T * D; i++)
            work->dz[i] = dfeatures[i % D] / (float)T;
    return work->dz;
}

void pool_backward(const ModelShape *shape, const Kernels *kernels, const PoolWeights *weights,
                   const float *dfeatures, const PoolStash *stash, PoolWork *work,
                   const PoolGradient *gradient, float *dx) {
    const size_t T = shape->T, D = shape->D;
    phase_begin(PHASE_NORM_BACKWARD);
    const float *dz = features_backward(shape, kernels, weights, dfeatures, stash, work, gradient);
    memset(dx, 0, T * D * sizeof *dx);
    kernels->layer_norm_backward(rows_of(shape), D, dz, weights->gamma, stash->norm.normalized,
                                 stash->norm.inverse, dx, gradient->gamma, gradient->beta);
}
