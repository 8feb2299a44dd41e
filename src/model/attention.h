#ifndef VIT_ATTENTION_H
#define VIT_ATTENTION_H

#include "arena.h"
#include "attend.h"
#include "dropout.h"
#include "vit/gemm.h"
#include "vit/kernels.h"
#include "vit/model_shape.h"
#include "vit/parameter.h"

/* Multi-head self-attention of one image (Vaswani et al. 2017; Keras's MultiHeadAttention). Rows
 * are tokens; everything is stored head by head. In one of two ways, which give the same but for
 * rounding (model_folds_attention chooses):
 *
 * - by projections, as it is written: q = x W_q + b_q, k and v alike, y = sum of P v W_o + b_o;
 * - folded, where heads are so wide that this takes fewer operations. The scores are q k^T =
 *   (x M + a) x^T plus what is the same for a whole row and drops out of its softmax, with
 *   M = W_q W_k^T [D, D] and a = b_q W_k^T [D]; the output is sum of P (x N + c) + b_o, with
 *   N = W_v W_o and c = b_v W_o. M, N, a and c are made once a step; their gradients are summed
 *   over the images and turned into those of W and b once a step. */

typedef struct Attention {
    size_t T, D, H, K;
    bool folded;
    float query_scale; /* 1 / sqrt(K), part of the queries, or of M and a */
    const Kernels *kernels;
    Attend attend; /* between sides of width K, or D when folded */
    size_t W;      /* that width */

    Gemm project;         /* [T, D] [D, W]: x W */
    Gemm merge;           /* [T, W] [W, D], accumulating: output, and gradient of x */
    Gemm project_weights; /* [T, D]^T [T, W], accumulating; by projections into [D, H, K] */
    Gemm merge_weights;   /* [T, K]^T [T, D], accumulating */

    Gemm fold;                     /* one head's M or N: [D, K] out of [D, H, K], times [K, D] */
    Gemm unfold_query, unfold_key; /* dM, or its transpose, times [D, K] out of [D, H, K] */
    Gemm unfold_value;             /* dN times [D, K] */
    Gemm unfold_out;               /* [D, K]^T, out of [D, H, K], times dN */
} Attention;

/* The weights in the forms that the products want; made once a step. */
typedef struct AttentionWeights {
    const float *out_bias; /* [D] */

    /* By projections. */
    float *in[3];         /* query, key, value: [H, D, K] */
    float *in_t[3];       /* [H, K, D] */
    float *out_t;         /* [H, D, K] */
    const float *bias[3]; /* [H, K] */
    const float *out;     /* [H, K, D] */

    /* Folded. */
    float *scores, *scores_t, *scores_bias; /* M, its transpose [H, D, D]; a [H, D] */
    float *values, *values_t, *values_bias; /* N, its transpose, c */
} AttentionWeights;

/* Where their gradients are added. */
typedef struct AttentionGradient {
    float *in[3], *bias[3]; /* [D, H, K], [H, K]: the parameter table's form */
    float *out, *out_bias;  /* [H, K, D], [D] */
    float *scores, *scores_bias, *values, *values_bias; /* folded, as AttentionWeights */
} AttentionGradient;

/* What forward leaves for backward, of one image. */
typedef struct AttentionStash {
    float *query;        /* [H, T, W]: scaled queries, or x M + a */
    float *key;          /* [H, T, K]; not when folded */
    float *value_t;      /* [H, W, T]: transposed values, or x N + c */
    float *exponentials; /* [H, T, T]: see AttendStash */
    float *row_scale;    /* [H, T] */
    float *out;          /* [H, T, K]: P v; not when folded */
} AttentionStash;

/* A thread's scratch. */
typedef struct AttentionWork {
    float *right_t;                 /* [W, T] */
    float *value;                   /* [T, W] */
    float *out;                     /* [T, W]: of a head, or its gradient */
    float *dleft, *dright, *dvalue; /* [T, W] */
    float *weights;                 /* [K, D] or [D, K]: one head's, transposed */
    float *row;                     /* [D] */
    AttendWork attend;
} AttentionWork;

void attention_plan(Attention *attention, const ModelShape *shape, const Kernels *kernels);
void attention_weights_place(AttentionWeights *prepared, const ModelShape *shape, Arena *arena);
void attention_stash_place(AttentionStash *stash, const ModelShape *shape, Arena *arena);
void attention_work_place(AttentionWork *work, const ModelShape *shape, Arena *arena);

/* Points *prepared into a flat vector of weights; then its forms, one head's a call, by any thread.
 */
void attention_prepare(const BlockLayout *layout, const float *weights, AttentionWeights *prepared);
void attention_prepare_head(const Attention *attention, const BlockLayout *layout,
                            const float *weights, size_t h, AttentionWork *work,
                            AttentionWeights *prepared);

/* Floats of one block's folded gradient; 0 by projections. */
size_t attention_folded_floats(const ModelShape *shape);
/* tensors: a flat vector from its float `first` on, which need not have what is folded; folded:
 * attention_folded_floats. */
AttentionGradient attention_gradient(const Attention *attention, const BlockLayout *layout,
                                     float *tensors, size_t first, float *folded);
/* From one head's folded sums, which are used up, its gradients in the flat vector `flat` of query,
 * key and value and of the output kernel, overwritten; one head a call, by any thread. Does nothing
 * by projections. */
void attention_unfold_head(const Attention *attention, const BlockLayout *layout,
                           const float *weights, size_t h, AttentionWork *work, float *folded,
                           float *flat);

/* y [T, D] += factor * attention of x [T, D]. */
void attention_forward(const Attention *attention, const AttentionWeights *weights, const float *x,
                       const DropoutSource *source, size_t block, float factor,
                       AttentionStash *stash, AttentionWork *work, float *y);

/* dx [T, D] = gradient with respect to x, from dy [T, D]; adds the weights' gradients. keep: the
 * part of the probabilities that dropout keeps; factor: forward's. */
void attention_backward(const Attention *attention, const AttentionWeights *weights, const float *x,
                        const float *dy, float keep, float factor, const AttentionStash *stash,
                        AttentionWork *work, AttentionGradient *gradient, float *dx);

#endif
