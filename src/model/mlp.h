#ifndef VIT_MLP_H
#define VIT_MLP_H

#include "arena.h"
#include "dropout.h"
#include "vit/gemm.h"
#include "vit/kernels.h"
#include "vit/model_shape.h"
#include "vit/parameter.h"

/* A block's MLP on one image's tokens: for every width, dense, GELU, dropout. */

typedef struct Mlp {
    size_t T, layers;
    size_t width[JOB_LIST_MAX + 1]; /* width[0] = D: layer j maps width[j] to width[j+1] */
    const Kernels *kernels;
    Gemm forward[JOB_LIST_MAX];         /* [T, in] [in, out] */
    Gemm input_gradient[JOB_LIST_MAX];  /* [T, out] [out, in] */
    Gemm weight_gradient[JOB_LIST_MAX]; /* [T, in]^T [T, out], accumulating */
} Mlp;

typedef struct MlpWeights {
    const float *kernel[JOB_LIST_MAX], *bias[JOB_LIST_MAX];
    float *kernel_t[JOB_LIST_MAX]; /* [out, in] */
} MlpWeights;

typedef struct MlpGradient {
    float *kernel[JOB_LIST_MAX], *bias[JOB_LIST_MAX];
} MlpGradient;

/* What forward leaves for backward, of one image. */
typedef struct MlpStash {
    float *output[JOB_LIST_MAX]; /* [T, out] of all layers but the last */
    float *slope[JOB_LIST_MAX];  /* [T, out]: GELU's derivative times the dropout decision */
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

/* Points *prepared into a flat vector of weights; then its forms, one layer's a call, by any
 * thread.
 */
void mlp_prepare(const Mlp *mlp, const BlockLayout *layout, const float *weights,
                 MlpWeights *prepared);
void mlp_prepare_layer(const Mlp *mlp, size_t layer, MlpWeights *prepared);
/* tensors: a flat vector from its float `first` on. */
MlpGradient mlp_gradient(const Mlp *mlp, const BlockLayout *layout, float *tensors, size_t first);

/* y [T, D] += MLP of x [T, D]. */
void mlp_forward(const Mlp *mlp, const MlpWeights *weights, const float *x,
                 const DropoutSource *source, size_t block, MlpStash *stash, MlpWork *work,
                 float *y);

/* Returns the gradient with respect to x, [T, D], in the scratch, from dy; adds the weights'. */
const float *mlp_backward(const Mlp *mlp, const MlpWeights *weights, const float *x,
                          const float *dy, const MlpStash *stash, MlpWork *work,
                          MlpGradient *gradient);

#endif
