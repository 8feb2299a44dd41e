#ifndef VIT_BATCH_H
#define VIT_BATCH_H

#include "vit/data_file.h"
#include "vit/ranks.h"
#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* Shards and batches: each rank holds a contiguous part of the samples and nothing else; the
 * samples of a batch travel from the ranks that hold them to the ranks that compute on them. */

/* Rows [first, first + count) of a range of samples, on this rank. */
typedef struct Shard {
    size_t first, count; /* in the range */
    size_t total;        /* of the range, over all ranks */
    uint8_t *images;     /* [count, DATA_IMAGE_BYTES] */
    uint16_t *labels;    /* [count] */
} Shard;

/* Reads this rank's part of rows [begin, begin + total) of a split. Local; errors as
 * data_file_read_rows. */
Status shard_read(Shard *shard, const Ranks *ranks, const char *path, const DataHeader *header,
                  DataSplit split, bool coarse, size_t begin, size_t total);
void shard_free(Shard *shard);

/* The slice [*first, *first + *count) of a batch of `images` that a rank computes: whole gradient
 * units, in order, so that no unit is divided; ranks may get none. Local. */
void batch_slice(size_t images, size_t unit_images, size_t ranks, size_t rank, size_t *first,
                 size_t *count);

/* A rank's slice of one batch. */
typedef struct Batch {
    size_t images;     /* of the whole batch, over all ranks */
    size_t count;      /* of this rank's slice */
    uint8_t *pixels;   /* [count, DATA_IMAGE_BYTES] */
    uint16_t *labels;  /* [count] */
    uint32_t *samples; /* [count] number in the range */
} Batch;

typedef struct BatchExchange BatchExchange;

/* For batches of up to batch_size images from the range that the ranks' shards make up. The shard
 * stays the caller's. Collective; all ranks return the same status, on error *exchange is NULL. */
Status batch_exchange_init(BatchExchange **exchange, const Ranks *ranks, const Shard *shard,
                           size_t batch_size, size_t unit_images);
/* Collective. Accepts NULL; whatever is under way is finished first. */
void batch_exchange_free(BatchExchange *exchange);

/* Starts the exchange of a batch: sample[images] are the numbers of all its samples, in order, the
 * same on all ranks. At most one batch is under way. Does not block. Collective. */
void batch_post(BatchExchange *exchange, const uint32_t *sample, size_t images);
/* Moves what is under way. Local. */
void batch_progress(BatchExchange *exchange);
/* Until the posted batch is here. *batch is valid until the next batch_wait. Returns the seconds
 * that passed. Collective. */
double batch_wait(BatchExchange *exchange, Batch *batch);

#endif
