#ifndef VIT_VIT_H
#define VIT_VIT_H

#include "vit/kernels.h"
#include "vit/parameter.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The Vision Transformer (Dosovitskiy et al. 2021, as in the Keras example): patch embedding,
 * encoder blocks, pooling, head, loss; forward and backward over this process's slice of a batch.
 * Knows no MPI: what has to happen while it computes is given to it as callbacks. All calls are
 * local, made outside OpenMP parallel regions, and run on all of OpenMP's threads.
 *
 * The encoder works image by image in cache: a thread takes a unit of a few images through one
 * block after another, and back the same way. The head works on chunks of the slice. What backward
 * needs is kept for one chunk at a time, so that memory does not grow with the batch; the chunk's
 * size changes no result but the order in which the units' gradients are summed. */

/* The images of one call, numbered from 0. */
typedef struct VitInput {
    size_t images;
    const uint32_t
        *sample; /* [images] number in the data set, for dropout; may be NULL in evaluation */
    const uint16_t *label; /* [images] */
    /* Writes image number `image` as patches [T, patch_values]; called by any thread, once an
     * image. */
    void (*load)(const void *context, size_t image, float *patches);
    const void *context;
} VitInput;

/* Sums over the images of one call, in their order, in double. */
typedef struct VitSums {
    double loss; /* softmax cross-entropy */
    uint64_t hits, top5_hits;
} VitSums;

static inline void vit_sums_add(VitSums *total, const VitSums *part) {
    total->loss += part->loss;
    total->hits += part->hits;
    total->top5_hits += part->top5_hits;
}

/* What happens beside the backward pass. Both are called by the master thread; either may be NULL.
 */
typedef struct VitHooks {
    /* The gradient of entries [first, first + count) of the parameter table is final. Every entry
     * is announced exactly once, always in the same order, also when there are no images. */
    void (*ready)(void *context, size_t first, size_t count);
    /* Called every fraction of a millisecond to a few milliseconds. */
    void (*progress)(void *context);
    void *context;
} VitHooks;

typedef struct VitOptions {
    uint64_t seed;      /* of dropout */
    size_t unit_images; /* images that a thread takes through the encoder together */
    size_t threads;     /* OpenMP's */
    size_t images;      /* the most that one vit_train will bring; bounds the chunk */
} VitOptions;

typedef struct Vit Vit;

/* Memory and plans; shape and table stay the caller's and must outlive *vit. gemm_init comes
 * before. STATUS_INTERNAL: out of memory, *vit is NULL. */
Status vit_init(Vit **vit, const ModelShape *shape, const ParameterTable *table,
                const VitOptions *options);
void vit_free(Vit *vit);

/* Bytes that vit_init would allocate. */
size_t vit_bytes(const ModelShape *shape, const ParameterTable *table, const VitOptions *options);

/* Forward with dropout, and the gradient [table->floats] of scale * (sum of the images' losses),
 * overwritten. step selects the dropout decisions. logits [images, classes] may be NULL. */
void vit_train(Vit *vit, const float *weights, uint64_t step, const VitInput *input, float scale,
               float *gradient, float *logits, const VitHooks *hooks, VitSums *sums);

/* Forward without dropout. logits [images, classes] may be NULL; of the hooks only progress is
 * called. */
void vit_evaluate(Vit *vit, const float *weights, const VitInput *input, float *logits,
                  const VitHooks *hooks, VitSums *sums);

#endif
