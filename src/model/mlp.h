#ifndef VIT_MLP_H
#define VIT_MLP_H

#include "arena.h"
#include "dropout.h"
#include "vit/gemm.h"
#include "vit/kernels.h"
#include "vit/model_shape.h"
#include "vit/parameter.h"

/* A block's MLP on one image's tokens: for every width dense, GELU, dropout; the last GELU is left
 * out where mlp_end is linear. After the first dense layer there may be a local convolution, h +
 * the convolution of each channel by itself over the grid of tokens + bias, which a class token
 * passes by (CeiT, PVTv2 and DHVT have its like). */

typedef struct Mlp {
    size_t T, layers;
    size_t grid, class_tokens;
    size_t taps;                    /* a side of the local convolution's kernel; 0: none */
    bool linear_end;                /* no GELU after the last layer */
    size_t width[JOB_LIST_MAX + 1]; /* width[0] = D: layer j maps width[j] to width[j+1] */
    const Kernels *kernels;
    Gemm forward[JOB_LIST_MAX];         /* [T, in] [in, out] */
    Gemm input_gradient[JOB_LIST_MAX];  /* [T, out] [out, in] */
    Gemm weight_gradient[JOB_LIST_MAX]; /* [T, in]^T [T, out], accumulating */
} Mlp;

typedef struct MlpWeights {
    const float *kernel[JOB_LIST_MAX], *bias[JOB_LIST_MAX];
    float *kernel_t[JOB_LIST_MAX];          /* [out, in] */
    const float *local_kernel, *local_bias; /* [taps, taps, width[1]], [width[1]] */
    float *local_rotated;                   /* the kernel rotated by half a turn */
} MlpWeights;

typedef struct MlpGradient {
    float *kernel[JOB_LIST_MAX], *bias[JOB_LIST_MAX];
    float *local_kernel, *local_bias;
} MlpGradient;

/* What forward leaves for backward, of one image. */
typedef struct MlpStash {
    float *output[JOB_LIST_MAX]; /* [T, out] of all layers but the last */
    float *slope[JOB_LIST_MAX];  /* [T, out]: GELU's derivative times the dropout decision */
    float *local;                /* [T, width[1]]: what enters the local convolution */
} MlpStash;

/* A thread's scratch. */
typedef struct MlpWork {
    float *output;   /* [T, D] of the last layer */
    float *delta[2]; /* [T, largest width] */
} MlpWork;

void mlp_plan(Mlp *mlp, const ModelShape *shape, const Kernels *kernels);
void mlp_weights_place(MlpWeights *prepared, const ModelShape *shape, Arena *arena);
void mlp_stash_place(MlpStash *stash, const ModelShape *shape, Arena *arena);
void mlp_work_place(MlpWork *work, const ModelShape *shape, Arena *arena);

/* Points *prepared into a flat vector of weights; then its forms, numbers [0, mlp_forms), by any
 * thread. */
void mlp_prepare(const Mlp *mlp, const BlockLayout *layout, const float *weights,
                 MlpWeights *prepared);
size_t mlp_forms(const Mlp *mlp);
void mlp_prepare_form(const Mlp *mlp, size_t form, MlpWeights *prepared);
/* tensors: a flat vector from its float `first` on. */
MlpGradient mlp_gradient(const Mlp *mlp, const BlockLayout *layout, float *tensors, size_t first);

/* y [T, D] += factor * MLP of x [T, D]. */
void mlp_forward(const Mlp *mlp, const MlpWeights *weights, const float *x,
                 const DropoutSource *source, size_t block, float factor, MlpStash *stash,
                 MlpWork *work, float *y);

/* Returns the gradient with respect to x, [T, D], in the scratch, from dy; adds the weights'. What
 * is dropped, and factor, are forward's. */
const float *mlp_backward(const Mlp *mlp, const MlpWeights *weights, const float *x,
                          const float *dy, const DropoutSource *source, size_t block, float factor,
                          const MlpStash *stash, MlpWork *work, MlpGradient *gradient);

#endif
