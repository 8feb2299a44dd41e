#ifndef VIT_MODEL_SHAPE_H
#define VIT_MODEL_SHAPE_H

#include "vit/job.h"

/* The sizes of one model, from a job, the pictures' channels and the number of classes. Letters as
 * in the papers: T tokens, D model width, H heads, K head width. */
typedef struct ModelShape {
    size_t image_size;
    size_t channels; /* of the planes that it is given, [channels, image_size, image_size] */
    TokenizerKind tokenizer;
    size_t patch_size, patch_values; /* patch_size^2 * channels */
    size_t convolutions;             /* layers of a convolutional tokenizer */
    PositionKind position;
    size_t grid;         /* tokens a side of the image */
    size_t class_tokens; /* 1 where the pool is a class token, else 0: before the grid's tokens */
    size_t T;            /* tokens: class_tokens + grid^2 */
    size_t D, H, K;
    size_t depth;
    SizeList convolution_widths, mlp, head;
    MlpEnd mlp_end;
    size_t mlp_convolution; /* tokens a side of the kernel; 0: none */
    PoolKind pool;
    size_t features; /* what enters the head: T*D (flatten) or D */
    size_t classes;
    double dropout, attention_dropout, head_dropout;
    double stochastic_depth;
    InitialKind initial;
} ModelShape;

ModelShape model_shape(const Job *job, size_t channels, size_t classes);

/* Channels of a convolutional tokenizer: layer i maps model_convolution_width(shape, i), of which
 * the first are the planes, to those of i + 1; and the side of the image that enters it. */
size_t model_convolution_width(const ModelShape *shape, size_t i);
size_t model_convolution_side(const ModelShape *shape, size_t i);

/* The head's dense layers, the one that makes the logits included: layer j maps
 * model_head_width(shape, j) values, of which the first are the features, to those of j + 1. */
size_t model_head_layers(const ModelShape *shape);
size_t model_head_width(const ModelShape *shape, size_t j);

/* Whether attention takes fewer operations with its projections folded (see attention.h). */
bool model_folds_attention(const ModelShape *shape);

/* Whether a dense layer has at least as many weights as a batch has inputs and outputs: then its
 * kernel's rows stay with their owners, and the batch travels (fat_rows.h). */
bool model_layer_is_fat(size_t in, size_t out, size_t batch_size);

/* Multiplications in the forward products of one image, by kind of layer: tokenizer, attention's
 * projections and products, blocks' MLP, local convolutions in it, head; with attention folded or
 * not. */
typedef struct ModelProducts {
    double embed, project, attend, mlp, local, head;
} ModelProducts;
ModelProducts model_products(const ModelShape *shape, bool folded);

/* Those of the tokenizer's layer that the planes enter, which has no gradient to hand on. */
double model_first_products(const ModelShape *shape);

/* Floating-point operations (a multiplication and an addition count as two) of the matrix products
 * of one image: forward, and a training step's forward and backward (three times as many). */
double model_forward_flops(const ModelShape *shape);
double model_training_flops(const ModelShape *shape);
/* Training, counted the same way, with attention folded where it is. */
double model_executed_flops(const ModelShape *shape);

#endif
