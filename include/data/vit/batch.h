#ifndef VIT_BATCH_H
#define VIT_BATCH_H

#include "vit/shard.h"
#include "vit/slices.h"
#include <stddef.h>
#include <stdint.h>

/* Batches: the samples of one travel from the ranks that hold them (shard.h) to the ranks that
 * compute on them (slices.h). */

/* A rank's slice of one batch. */
typedef struct Batch {
    const Slices *slices; /* of all ranks */
    size_t images;        /* of the whole batch, over all ranks */
    size_t count;         /* of this rank's slice */
    uint8_t *pixels;      /* [count, the shard's image_bytes] */
    uint16_t *labels;     /* [count] */
    uint32_t *samples;    /* [count] numbers in the split (samples.h) */
} Batch;

typedef struct BatchExchange BatchExchange;

/* For batches of up to batch_size images from the samples that the ranks' shards make up. The shard
 * stays the caller's. Collective; all ranks return the same status, on error *exchange is NULL. */
Status batch_exchange_init(BatchExchange **exchange, const Ranks *ranks, const Shard *shard,
                           size_t batch_size, size_t unit_images);
/* Collective. Accepts NULL; whatever is under way is finished first. */
void batch_exchange_free(BatchExchange *exchange);

/* Starts the exchange of a batch: sample[images] are all its samples, in order, by their places
 * among the shards' samples, the same on all ranks. At most one batch is under way. Does not block.
 * Collective. */
void batch_post(BatchExchange *exchange, const uint32_t *sample, size_t images);
/* Moves what is under way. Local. */
void batch_progress(BatchExchange *exchange);
/* Until the posted batch is here. *batch is valid until the next batch_wait. Returns the seconds
 * that passed. Collective. */
double batch_wait(BatchExchange *exchange, Batch *batch);

/* Bytes that batch_exchange_init would allocate on a rank whose slice of any batch has at most
 * `slice` images of image_bytes each. Local. */
size_t batch_exchange_bytes(size_t batch_size, size_t slice, size_t image_bytes);

/* Bytes that a rank sends for a batch of so many images of image_bytes each, on average over the
 * ranks. Local. */
double batch_sent_bytes(const Ranks *ranks, size_t images, size_t image_bytes);

#endif
