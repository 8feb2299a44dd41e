#ifndef VIT_ENCODER_H
#define VIT_ENCODER_H

#include "arena.h"
#include "attention.h"
#include "dropout.h"
#include "mlp.h"
#include "norm.h"
#include "pool.h"
#include "tokenizer.h"
#include "vit/gemm.h"
#include "vit/kernels.h"
#include "vit/model_shape.h"
#include "vit/parameter.h"

/* Everything before the head, on one image: tokens, blocks, final layer norm, pooling. A
 * thread takes several images through one block before the next ('layer first'), since a block's
 * weights and gradient then stay in its cache. */

/* Of one image and block. */
typedef struct BlockStash {
    NormStash norm1, norm2;
    AttentionStash attention;
    MlpStash mlp;
    float attention_factor, mlp_factor; /* of the branches; 0: dropped */
} BlockStash;

/* Of one image. */
typedef struct ImageStash {
    TokenizerStash tokenizer;
    BlockStash *block; /* [depth] */
    PoolStash pool;
} ImageStash;

typedef struct BlockWeights {
    const float *norm1_gamma, *norm1_beta, *norm2_gamma, *norm2_beta;
    AttentionWeights attention;
    MlpWeights mlp;
} BlockWeights;

/* Prepared once a step, read by all threads. */
typedef struct EncoderWeights {
    TokenizerWeights tokenizer;
    BlockWeights *block; /* [depth] */
    PoolWeights pool;
} EncoderWeights;

/* A thread's scratch. */
typedef struct EncoderWork {
    float *planes;   /* [loaded, channels, image_size, image_size]: for the caller to fill */
    float *x;        /* [T, D] */
    float *input;    /* [T, D]: of a block's half, normalized */
    float *residual; /* [unit_images, T, D]: x of every image of the unit */
    uint16_t *words; /* room for the dropout decisions of the largest site */
    TokenizerWork tokenizer;
    AttentionWork attention;
    MlpWork mlp;
    PoolWork pool;
} EncoderWork;

/* Where weights' gradients are added. */
typedef struct EncoderGradient {
    float *folded;  /* [depth, attention_folded_floats] */
    float *tensors; /* the tensors of a flat vector from table->folded_floats on */
} EncoderGradient;

/* Where the tensor at `offset` of a flat vector has its gradient. */
static inline float *encoder_gradient_of(const ParameterTable *table, EncoderGradient gradient,
                                         size_t offset) {
    return gradient.tensors + (offset - table->folded_floats);
}

typedef struct Encoder {
    const ModelShape *shape;
    const ParameterTable *table;
    const Kernels *kernels;
    Tokenizer tokenizer;
    Attention attention;
    Mlp mlp;
    float keep; /* part of the probabilities that attention's dropout keeps */
} Encoder;

void encoder_plan(Encoder *encoder, const ModelShape *shape, const ParameterTable *table,
                  const Kernels *kernels);
/* The structures' block arrays are the caller's, [depth]. */
void encoder_weights_place(EncoderWeights *prepared, const ModelShape *shape, Arena *arena);
void encoder_stash_place(ImageStash *stash, const ModelShape *shape, Arena *arena);
/* loaded: images whose planes there is room for at a time. */
void encoder_work_place(EncoderWork *work, const ModelShape *shape, size_t unit_images,
                        size_t loaded, Arena *arena);
/* What of *prepared does not depend on the weights; once, when it is placed and the plan made. */
void encoder_fill_constants(const Encoder *encoder, EncoderWeights *prepared);

/* Points the weights that need no preparation into the flat vector. Before the first image, a step.
 */
void encoder_prepare(const Encoder *encoder, const float *weights, EncoderWeights *prepared);
/* Then the others' forms, a few a call, numbers [0, encoder_forms), in any order by any thread. */
size_t encoder_forms(const Encoder *encoder);
void encoder_prepare_form(const Encoder *encoder, const float *weights, size_t form,
                          EncoderWork *work, EncoderWeights *prepared);
/* Turns one head's part of what was summed in folded [depth, attention_folded_floats], which is
 * used up, into gradients in a flat vector. After the last image, a step. */
void encoder_unfold_head(const Encoder *encoder, const float *weights, size_t block, size_t head,
                         EncoderWork *work, float *folded, float *gradient);

/* x [T, D] = the tokens of planes [channels, image_size, image_size]. */
void encoder_embed(const Encoder *encoder, const EncoderWeights *weights, const float *planes,
                   ImageStash *stash, EncoderWork *work, float *x);
/* x [T, D] through one block, in place. */
void encoder_block(const Encoder *encoder, const EncoderWeights *weights, size_t block,
                   const EncoderDropout *dropout, BlockStash *stash, EncoderWork *work, float *x);
/* features [shape->features] from x: see pool.h. */
void encoder_pool(const Encoder *encoder, const EncoderWeights *weights, const float *x,
                  PoolStash *stash, EncoderWork *work, float *features);

/* Their backward passes, in reverse order; gradient is added to. */
void encoder_pool_backward(const Encoder *encoder, const EncoderWeights *weights,
                           const float *dfeatures, const PoolStash *stash, EncoderWork *work,
                           EncoderGradient gradient, float *dx);
void encoder_block_backward(const Encoder *encoder, const EncoderWeights *weights, size_t block,
                            const EncoderDropout *dropout, const BlockStash *stash,
                            EncoderWork *work, EncoderGradient gradient, float *dx);
void encoder_embed_backward(const Encoder *encoder, const EncoderWeights *weights,
                            const ImageStash *stash, EncoderWork *work, const float *dx,
                            EncoderGradient gradient);

#endif
