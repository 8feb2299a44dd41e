#ifndef VIT_HEAD_H
#define VIT_HEAD_H

#include "arena.h"
#include "dropout.h"
#include "vit/kernels.h"
#include "vit/model_shape.h"
#include "vit/parameter.h"

/* The classification head: for every width dense, GELU, dropout; then dense to the classes. Its
 * weights are most of the model, so that many images share each pass over them: forward, and
 * backward to the features, a chunk of images at a time; the weights' gradient once, over all
 * images of the batch's slice. Called outside parallel regions. Loss and metrics are here too,
 * since they need the logits only. */

typedef struct Head {
    const ModelShape *shape;
    const ParameterTable *table;
    const Kernels *kernels;
    size_t threads;
    size_t layers;                  /* with the logits' */
    size_t width[JOB_LIST_MAX + 2]; /* layer j maps width[j] to width[j+1]; width[0] = features */
} Head;

/* Room for `images` images of a slice, of which `chunk` at a time pass. */
typedef struct HeadStash {
    float *input[JOB_LIST_MAX + 1]; /* [images, width[j]]; input[0]: the features, after dropout */
    float *delta[JOB_LIST_MAX + 1]; /* [images, width[j+1]]: gradient of layer j's sums */
    float *slope[JOB_LIST_MAX + 1]; /* [chunk, width[j+1]] */
    float *logits;                  /* [chunk, classes] */
    float *dfeatures;               /* [chunk, features] */
    float *room;                    /* of gemm_wide */
} HeadStash;

void head_plan(Head *head, const ModelShape *shape, const ParameterTable *table,
               const Kernels *kernels, size_t threads);
void head_stash_place(HeadStash *stash, const Head *head, size_t images, size_t chunk,
                      Arena *arena);

/* Logits of images [first, first + B) of the slice, a chunk, whose features are in
 * stash->input[0]. sources: one a thread, for dropout; sample [B] numbers, NULL without dropout. */
void head_forward(const Head *head, const float *weights, size_t first, size_t B,
                  const uint32_t *sample, const DropoutSource *sources, HeadStash *stash);

/* Losses [B] and ranks [B] from the logits: rank is the number of classes that come before the
 * label's when sorted by falling logit, equal ones by number; a logit that is not a number comes
 * last. */
void head_losses(const Head *head, size_t B, const uint16_t *label, const HeadStash *stash,
                 double *loss, size_t *rank);

/* From scale * (sum of the chunk's losses): fills stash->dfeatures, the gradient before the
 * features' dropout, and the chunk's part of stash->delta. */
void head_backward(const Head *head, const float *weights, size_t first, size_t B,
                   const uint16_t *label, float scale, HeadStash *stash);

/* The weights' gradient over images [0, images) of the slice, overwritten. */
void head_gradient(const Head *head, size_t images, const HeadStash *stash, float *gradient);

#endif
