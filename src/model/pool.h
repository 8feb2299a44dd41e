#ifndef VIT_POOL_H
#define VIT_POOL_H

#include "arena.h"
#include "norm.h"
#include "vit/kernels.h"
#include "vit/model_shape.h"
#include "vit/parameter.h"

/* The end of the encoder on one image: z = LN(x), and what of it enters the head:
 *
 * - flatten: all of z; mean: the mean of its rows;
 * - class: the row of the class token, which alone is normalized then (Dosovitskiy et al. 2021);
 * - sequence: the mean of its rows with weights a = softmax(z w + b) (Hassani et al. 2021). */

typedef struct PoolWeights {
    const float *gamma, *beta;  /* [D] */
    const float *kernel, *bias; /* [D, 1], [1]: of sequence */
} PoolWeights;

/* Where their gradients are added. */
typedef struct PoolGradient {
    float *gamma, *beta, *kernel, *bias;
} PoolGradient;

/* What forward leaves for backward, of one image. */
typedef struct PoolStash {
    NormStash norm;
    float *weights; /* [T]: a, of sequence */
} PoolStash;

/* A thread's scratch. */
typedef struct PoolWork {
    float *z, *dz;    /* [T, D] */
    float *tokens;    /* [T] */
    double *products; /* [T] */
} PoolWork;

void pool_stash_place(PoolStash *stash, const ModelShape *shape, Arena *arena);
void pool_work_place(PoolWork *work, const ModelShape *shape, Arena *arena);

PoolWeights pool_weights(const ParameterTable *table, const float *weights);
/* tensors: a flat vector from its float `first` on. */
PoolGradient pool_gradient(const ParameterTable *table, const ModelShape *shape, float *tensors,
                           size_t first);

/* features [shape->features] from x [T, D]. */
void pool_forward(const ModelShape *shape, const Kernels *kernels, const PoolWeights *weights,
                  const float *x, PoolStash *stash, PoolWork *work, float *features);
/* dx [T, D], overwritten; adds the weights' gradients. */
void pool_backward(const ModelShape *shape, const Kernels *kernels, const PoolWeights *weights,
                   const float *dfeatures, const PoolStash *stash, PoolWork *work,
                   const PoolGradient *gradient, float *dx);

#endif
