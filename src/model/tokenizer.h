#ifndef VIT_TOKENIZER_H
#define VIT_TOKENIZER_H

#include "arena.h"
#include "convolution.h"
#include "vit/gemm.h"
#include "vit/kernels.h"
#include "vit/model_shape.h"
#include "vit/parameter.h"

/* From one image's planes to its tokens, in one of two ways:
 *
 * - patch (Dosovitskiy et al. 2021, equation 1): patches that do not overlap, each flattened as
 *   (row, column, channel), and a linear projection of each: x = patches W + b;
 * - convolution: layers of convolution.h, each pixel of the last one's result a token;
 *
 * then what tells their positions apart, learned or sines, is added, and a class token, which has
 * no position, stands before them. */

enum { TOKENIZER_CONVOLUTIONS_MOST = JOB_LIST_MAX + 1 };

typedef struct Tokenizer {
    const ModelShape *shape;
    const Kernels *kernels;
    Gemm project;          /* [patches, patch_values] [patch_values, D] */
    Gemm project_gradient; /* [patches, patch_values]^T [patches, D], accumulating */
    Convolution convolution[TOKENIZER_CONVOLUTIONS_MOST]; /* [shape->convolutions] */
} Tokenizer;

typedef struct TokenizerWeights {
    const float *kernel, *bias;                            /* [patch_values, D], [D] */
    const float *convolution[TOKENIZER_CONVOLUTIONS_MOST]; /* [3, 3, in, out] */
    float *rotated[TOKENIZER_CONVOLUTIONS_MOST];           /* [3, 3, out, in]; the first has none */
    const float *position;                                 /* [grid^2, D]: learned, or */
    float *sines;             /* the same; NULL where they are not wanted */
    const float *class_token; /* [D] */
} TokenizerWeights;

/* Where their gradients are added. */
typedef struct TokenizerGradient {
    float *kernel, *bias, *convolution[TOKENIZER_CONVOLUTIONS_MOST], *position, *class_token;
} TokenizerGradient;

/* What forward leaves for backward, of one image. */
typedef struct TokenizerStash {
    float *patches; /* [patches, patch_values] */
    ConvolutionStash convolution[TOKENIZER_CONVOLUTIONS_MOST];
} TokenizerStash;

/* A thread's scratch. */
typedef struct TokenizerWork {
    ConvolutionWork convolution;
    float *dinput; /* [side, side, in] of the largest layer but the first */
} TokenizerWork;

void tokenizer_plan(Tokenizer *tokenizer, const ModelShape *shape, const Kernels *kernels);
void tokenizer_weights_place(TokenizerWeights *weights, const ModelShape *shape, Arena *arena);
void tokenizer_stash_place(TokenizerStash *stash, const ModelShape *shape, Arena *arena);
void tokenizer_work_place(TokenizerWork *work, const ModelShape *shape, Arena *arena);

/* The sines, where they are wanted. Once, when *weights is placed. */
void tokenizer_fill_constants(const ModelShape *shape, TokenizerWeights *weights);

/* Points *prepared into a flat vector of weights; then its forms, one a call, numbers [0,
 * tokenizer_forms), by any thread. */
void tokenizer_prepare(const ParameterTable *table, const ModelShape *shape, const float *weights,
                       TokenizerWeights *prepared);
size_t tokenizer_forms(const Tokenizer *tokenizer);
void tokenizer_prepare_form(const Tokenizer *tokenizer, size_t form, TokenizerWeights *prepared);
/* tensors: a flat vector from its float `first` on. */
TokenizerGradient tokenizer_gradient(const ParameterTable *table, const ModelShape *shape,
                                     float *tensors, size_t first);

/* planes [channels, image_size, image_size] -> patches [grid^2, patch_values], from left to right
 * and from top to bottom. What is left of the image right of and below the last whole patch is cut
 * off (Keras's and TensorFlow's padding VALID). */
void tokenizer_patches(const ModelShape *shape, const float *planes, float *patches);

/* x [T, D] from planes [channels, image_size, image_size]. */
void tokenizer_forward(const Tokenizer *tokenizer, const TokenizerWeights *weights,
                       const float *planes, TokenizerStash *stash, TokenizerWork *work, float *x);
/* Adds the weights' gradients, from dx [T, D]; planes need none. */
void tokenizer_backward(const Tokenizer *tokenizer, const TokenizerWeights *weights,
                        const TokenizerStash *stash, TokenizerWork *work, const float *dx,
                        const TokenizerGradient *gradient);

#endif
