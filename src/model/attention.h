#ifndef VIT_ATTENTION_H
#define VIT_ATTENTION_H

#include "arena.h"
#include "dropout.h"
#include "vit/gemm.h"
#include "vit/kernels.h"
#include "vit/model_shape.h"
#include "vit/parameter.h"

/* Multi-head self-attention of one image (Vaswani et al. 2017; Keras's MultiHeadAttention). Rows
 * are tokens; everything is stored head by head, so that a head's [T, K] is contiguous. */

typedef struct Attention {
    size_t T, D, H, K;
    float query_scale; /* 1 / sqrt(K), applied to the queries */
    const Kernels *kernels;
    Gemm project;         /* [T, D] [D, K]: x W */
    Gemm from_tokens;     /* [T, K] [K, T]: scores, and gradient of the probabilities */
    Gemm to_tokens;       /* [T, T] [T, K]: context, and gradient of the queries */
    Gemm merge;           /* [T, K] [K, D], accumulating: output, and gradient of x */
    Gemm to_tokens_t;     /* [T, T]^T [T, K]: gradient of values and keys */
    Gemm project_weights; /* [T, D]^T [T, K] into [D, H, K], accumulating */
    Gemm merge_weights;   /* [T, K]^T [T, D], accumulating */
} Attention;

/* The weights in the forms that the products want; made once a step. */
typedef struct AttentionWeights {
    float *in[3];                /* query, key, value: [H, D, K] */
    float *in_t[3];              /* [H, K, D] */
    float *out_t;                /* [H, D, K] */
    const float *bias[3];        /* [H, K] */
    const float *out, *out_bias; /* [H, K, D], [D] */
} AttentionWeights;

/* Where their gradients are added, in the parameter table's form. */
typedef struct AttentionGradient {
    float *in[3], *bias[3]; /* [D, H, K], [H, K] */
    float *out, *out_bias;  /* [H, K, D], [D] */
} AttentionGradient;

/* What forward leaves for backward, of one image. */
typedef struct AttentionStash {
    float *query;        /* [H, T, K], scaled */
    float *key;          /* [H, T, K] */
    float *value_t;      /* [H, K, T] */
    float *exponentials; /* [H, T, T], signed: see Kernels.softmax */
    float *row_scale;    /* [H, T] */
    float *context;      /* [H, T, K] */
} AttentionStash;

/* A thread's scratch. */
typedef struct AttentionWork {
    float *key_t;    /* [K, T] */
    float *value;    /* [T, K] */
    float *kept;     /* [T, T] */
    float *ds;       /* [T, T] */
    float *dcontext; /* [T, K] */
    float *dhead;    /* [T, K] */
    float *delta;    /* [T] */
} AttentionWork;

void attention_plan(Attention *attention, const ModelShape *shape, const Kernels *kernels);
void attention_weights_place(AttentionWeights *prepared, const ModelShape *shape, Arena *arena);
void attention_stash_place(AttentionStash *stash, const ModelShape *shape, Arena *arena);
void attention_work_place(AttentionWork *work, const ModelShape *shape, Arena *arena);

/* Fills *prepared from a flat block of weights. */
void attention_prepare(const Attention *attention, const BlockLayout *layout, const float *weights,
                       AttentionWeights *prepared);
AttentionGradient attention_gradient(const BlockLayout *layout, float *gradient);

/* y [T, D] += attention of x [T, D]. */
void attention_forward(const Attention *attention, const AttentionWeights *weights, const float *x,
                       const DropoutSource *source, size_t block, AttentionStash *stash,
                       AttentionWork *work, float *y);

/* dx [T, D] = gradient with respect to x, from dy [T, D]; adds the weights' gradients. */
void attention_backward(const Attention *attention, const AttentionWeights *weights, const float *x,
                        const float *dy, float keep, const AttentionStash *stash,
                        AttentionWork *work, AttentionGradient *gradient, float *dx);

#endif
