#ifndef VIT_MODEL_SHAPE_H
#define VIT_MODEL_SHAPE_H

#include "vit/job.h"

/* The sizes of one model, from a job, the pictures' channels and the number of classes. Letters as
 * in the papers: T tokens (patches), D model width, H heads, K head width. */
typedef struct ModelShape {
    size_t image_size, patch_size;
    size_t channels;     /* of the planes that it is given, [channels, image_size, image_size] */
    size_t T;            /* tokens: (image_size / patch_size)^2 */
    size_t patch_values; /* patch_size^2 * channels */
    size_t D, H, K;
    size_t depth;
    SizeList mlp, head;
    PoolKind pool;
    size_t features; /* what enters the head: T*D (flatten) or D (mean) */
    size_t classes;
    double dropout, head_dropout;
} ModelShape;

ModelShape model_shape(const Job *job, size_t channels, size_t classes);

/* The head's dense layers, the one that makes the logits included: layer j maps
 * model_head_width(shape, j) values, of which the first are the features, to those of j + 1. */
size_t model_head_layers(const ModelShape *shape);
size_t model_head_width(const ModelShape *shape, size_t j);

/* Whether attention takes fewer operations with its projections folded (see attention.h). */
bool model_folds_attention(const ModelShape *shape);

/* Whether a dense layer has at least as many weights as a batch has inputs and outputs: then its
 * kernel's rows stay with their owners, and the batch travels (fat_rows.h). */
bool model_layer_is_fat(size_t in, size_t out, size_t batch_size);

/* Multiplications in the forward matrix products of one image, by kind of layer: patch embedding,
 * attention's projections and products, blocks' MLP, head; with attention folded or not. */
typedef struct ModelProducts {
    double embed, project, attend, mlp, head;
} ModelProducts;
ModelProducts model_products(const ModelShape *shape, bool folded);

/* Floating-point operations (a multiplication and an addition count as two) of the matrix products
 * of one image: forward, and a training step's forward and backward (three times as many). */
double model_forward_flops(const ModelShape *shape);
double model_training_flops(const ModelShape *shape);
/* Training, counted the same way, with attention folded where it is. */
double model_executed_flops(const ModelShape *shape);

#endif
