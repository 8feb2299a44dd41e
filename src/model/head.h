#ifndef VIT_HEAD_H
#define VIT_HEAD_H

#include "arena.h"
#include "dropout.h"
#include "vit/kernels.h"
#include "vit/model_shape.h"
#include "vit/parameter.h"

/* The classification head on a chunk of B images at once: for every width dense, GELU, dropout;
 * then dense to the classes. Its weights are most of the model, so that many images share each pass
 * over them. Called outside parallel regions. Loss and metrics are here too, since they need the
 * logits only. */

typedef struct Head {
    const ModelShape *shape;
    const ParameterTable *table;
    const Kernels *kernels;
    size_t threads;
    size_t layers;                  /* with the logits' */
    size_t width[JOB_LIST_MAX + 2]; /* layer j maps width[j] to width[j+1]; width[0] = features */
} Head;

/* Of one chunk, [B, ...]. */
typedef struct HeadStash {
    float *input[JOB_LIST_MAX + 1]; /* input[0]: the features, after dropout */
    float *slope[JOB_LIST_MAX + 1]; /* of layer j's output */
    float *logits;
    float *delta[2]; /* gradients on their way back, [B, widest] */
} HeadStash;

void head_plan(Head *head, const ModelShape *shape, const ParameterTable *table,
               const Kernels *kernels, size_t threads);
void head_stash_place(HeadStash *stash, const Head *head, size_t images, Arena *arena);

/* Logits of the B images whose features are in stash->input[0]. sources: one a thread, for dropout;
 * sample [B] numbers, NULL without dropout. */
void head_forward(const Head *head, const float *weights, size_t B, const uint32_t *sample,
                  const DropoutSource *sources, HeadStash *stash);

/* Losses [B] and ranks [B] from the logits: rank is the number of classes that come before the
 * label's when sorted by falling logit, equal ones by number; a logit that is not a number comes
 * last. */
void head_losses(const Head *head, size_t B, const uint16_t *label, const HeadStash *stash,
                 double *loss, size_t *rank);

/* From scale * (sum of losses): adds to gradient (or overwrites it, for the first chunk) and
 * returns the gradient of the features, [B, features], before their dropout. */
float *head_backward(const Head *head, const float *weights, size_t B, const uint16_t *label,
                     float scale, bool overwrite, HeadStash *stash, float *gradient);

#endif
