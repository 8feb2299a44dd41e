#ifndef VIT_HEAD_H
#define VIT_HEAD_H

#include "arena.h"
#include "dropout.h"
#include "vit/fat_rows.h"
#include "vit/kernels.h"
#include "vit/model_shape.h"
#include "vit/parameter.h"
#include "vit/tree.h"

/* The classification head: for every width dense, GELU, dropout; then dense to the classes. Its
 * weights are most of the model, so that many images share each pass over them: forward, and
 * backward to the features, a chunk of images at a time; the kernels' gradients once, over all
 * images of the batch's slice. Called outside parallel regions. Loss and metrics are here too,
 * since they need the logits only.
 *
 * A kernel's gradient h^T dz is the sum over the units of the slice, in the one order of summation
 * (tree.h). A fat layer's products are made where its kernel's rows are (see HeadFat), and its
 * gradient with them. */

typedef struct Head {
    const ModelShape *shape;
    const ParameterTable *table;
    const Kernels *kernels;
    size_t threads, batch_size;
    size_t layers;                  /* with the logits' */
    size_t width[JOB_LIST_MAX + 2]; /* layer j maps width[j] to width[j+1]; width[0] = features */
    bool any_order;                 /* of summation: measuring.h */
    bool fat[JOB_LIST_MAX + 1];     /* model_layer_is_fat */
    FatRows rows[JOB_LIST_MAX + 1]; /* of a fat one: all of them */
} Head;

/* Who makes the products of the fat layers for a chunk of images: z [B, out] = h [B, in] W, and
 * dh = dz W^T. NULL members: this process, which then has all rows in its weights. */
typedef struct HeadFat {
    void (*forward)(void *context, size_t j, size_t B, const float *input, float *output);
    void (*backward)(void *context, size_t j, size_t B, const float *delta, float *dinput);
    void *context;
} HeadFat;

/* What a chunk's images should be told to be; see VitInput. */
typedef struct HeadTargets {
    const uint16_t *label, *other; /* [B] */
    const double *share;           /* [B] of the label; NULL, and other too: 1 */
    double smoothing;
} HeadTargets;

/* Room for `images` images of a slice, of which `chunk` at a time pass, with `nodes` nodes. */
typedef struct HeadStash {
    float *input[JOB_LIST_MAX + 1]; /* [images, width[j]]; input[0]: the features, after dropout */
    float *delta[JOB_LIST_MAX + 1]; /* [images, width[j+1]]: gradient of layer j's sums */
    float *slope[JOB_LIST_MAX + 1]; /* [chunk, width[j+1]] */
    float *logits;                  /* [chunk, classes] */
    float *dfeatures;               /* [chunk, features] */
    float *node[JOB_LIST_MAX + 1][TREE_NODES_MOST]; /* [width[j], width[j+1]]: of thin kernels, the
                                                       sum over the i-th node of the slice */
    float *room;                                    /* of products */
} HeadStash;

/* batch_size: [data] batch_size of the job, over all ranks. */
void head_plan(Head *head, const ModelShape *shape, const ParameterTable *table,
               const Kernels *kernels, size_t threads, size_t batch_size);
void head_stash_place(HeadStash *stash, const Head *head, size_t images, size_t chunk,
                      size_t unit_images, size_t nodes, Arena *arena);

/* Logits of images [first, first + B) of the slice, a chunk, whose features are in
 * stash->input[0]. sources: one a thread, for dropout; sample [B] numbers, NULL without dropout. B
 * may be 0: the fat layers' products are asked for nevertheless. */
void head_forward(const Head *head, const float *weights, const HeadFat *fat, size_t first,
                  size_t B, const uint32_t *sample, const DropoutSource *sources, HeadStash *stash);

/* Losses [B] and places [B] from the logits: place is the number of classes that come before the
 * one with the larger share (the label, if both are equal) when sorted by falling logit, equal ones
 * by number; a logit that is not a number comes last. */
void head_losses(const Head *head, size_t B, const HeadTargets *targets, const HeadStash *stash,
                 double *loss, size_t *place);

/* From scale * (sum of the chunk's losses): fills stash->dfeatures, the gradient before the
 * features' dropout, and the chunk's part of stash->delta. */
void head_backward(const Head *head, const float *weights, const HeadFat *fat, size_t first,
                   size_t B, const HeadTargets *targets, float scale, HeadStash *stash);

/* The gradient of thin layer j's kernel over the slice's images: stash->node[j], overwritten. The
 * images' units are numbers first, first + 1, ... of `units`. In any order it is all in node 0. */
void head_kernel_nodes(const Head *head, size_t j, size_t images, size_t unit_images, size_t units,
                       size_t first, const HeadStash *stash);

/* The gradient of fat layer j's kernel, [in, out], where the slice is the whole batch of `images`
 * images and this process made the products. */
void head_fat_gradient(const Head *head, size_t j, size_t images, const HeadStash *stash,
                       float *gradient);

/* Adds the gradient of layer j's bias over some images of the slice to dbias [out]. */
void head_bias_gradient(const Head *head, size_t j, size_t first, size_t images,
                        const HeadStash *stash, float *dbias);

#endif
