#ifndef VIT_TOKENIZER_H
#define VIT_TOKENIZER_H

#include "arena.h"
#include "vit/gemm.h"
#include "vit/kernels.h"
#include "vit/model_shape.h"
#include "vit/parameter.h"

/* From one image's planes to its tokens (Dosovitskiy et al. 2021, equation 1): patches that do not
 * overlap, each flattened as (row, column, channel), a linear projection of each, and what tells
 * their positions apart: x = patches W + b + position. */

typedef struct Tokenizer {
    const ModelShape *shape;
    const Kernels *kernels;
    Gemm project;          /* [T, patch_values] [patch_values, D] */
    Gemm project_gradient; /* [T, patch_values]^T [T, D], accumulating */
} Tokenizer;

typedef struct TokenizerWeights {
    const float *kernel, *bias, *position; /* [patch_values, D], [D], [T, D] */
} TokenizerWeights;

/* Where their gradients are added. */
typedef struct TokenizerGradient {
    float *kernel, *bias, *position;
} TokenizerGradient;

/* What forward leaves for backward, of one image. */
typedef struct TokenizerStash {
    float *patches; /* [T, patch_values] */
} TokenizerStash;

void tokenizer_plan(Tokenizer *tokenizer, const ModelShape *shape, const Kernels *kernels);
void tokenizer_stash_place(TokenizerStash *stash, const ModelShape *shape, Arena *arena);

/* weights: a flat vector. */
TokenizerWeights tokenizer_weights(const ParameterTable *table, const float *weights);
/* tensors: a flat vector from its float `first` on. */
TokenizerGradient tokenizer_gradient(const ParameterTable *table, float *tensors, size_t first);

/* planes [channels, image_size, image_size] -> patches [T, patch_values], from left to right and
 * from top to bottom. What is left of the image right of and below the last whole patch is cut off
 * (Keras's and TensorFlow's padding VALID). */
void tokenizer_patches(const ModelShape *shape, const float *planes, float *patches);

/* x [T, D] from planes [channels, image_size, image_size]. */
void tokenizer_forward(const Tokenizer *tokenizer, const TokenizerWeights *weights,
                       const float *planes, TokenizerStash *stash, float *x);
/* Adds the weights' gradients, from dx [T, D]; planes need none. */
void tokenizer_backward(const Tokenizer *tokenizer, const TokenizerStash *stash, const float *dx,
                        const TokenizerGradient *gradient);

#endif
