#ifndef VIT_SHARD_H
#define VIT_SHARD_H

#include "vit/data_file.h"
#include "vit/ranks.h"
#include "vit/samples.h"
#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* What each rank holds of the data: a contiguous part of the samples and nothing else. */

/* This rank's part of some samples: those from the first-th on. */
typedef struct Shard {
    size_t first, count;
    size_t total;       /* samples.count: over all ranks */
    Samples samples;    /* all of them */
    size_t image_bytes; /* of one */
    uint8_t *images;    /* [count, image_bytes] */
    uint16_t *labels;   /* [count] */
} Shard;

/* From a list samples are picked out of blocks of rows of about so many bytes. */
enum { SHARD_BLOCK_BYTES = 4 << 20 };

/* Reads this rank's part of some samples of a split, whose list, if there is one, stays the
 * caller's. Local; errors as data_file_read_rows, and STATUS_INTERNAL: out of memory. */
Status shard_read(Shard *shard, const Ranks *ranks, const char *path, const DataHeader *header,
                  DataSplit split, bool coarse, Samples samples);
void shard_free(Shard *shard);

/* Bytes that a sample takes in one, with an image of so many bytes. */
size_t shard_sample_bytes(size_t image_bytes);

#endif
