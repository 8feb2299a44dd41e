#ifndef VIT_SHARD_H
#define VIT_SHARD_H

#include "vit/data_file.h"
#include "vit/ranks.h"
#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* What each rank holds of the data: a contiguous part of the samples and nothing else. */

/* Rows [first, first + count) of a range of samples, on this rank. */
typedef struct Shard {
    size_t first, count; /* in the range */
    size_t total;        /* of the range, over all ranks */
    size_t image_bytes;  /* of one */
    uint8_t *images;     /* [count, image_bytes] */
    uint16_t *labels;    /* [count] */
} Shard;

/* Reads this rank's part of rows [begin, begin + total) of a split. Local; errors as
 * data_file_read_rows. */
Status shard_read(Shard *shard, const Ranks *ranks, const char *path, const DataHeader *header,
                  DataSplit split, bool coarse, size_t begin, size_t total);
void shard_free(Shard *shard);

/* Bytes that a sample takes in one, with an image of so many bytes. */
size_t shard_sample_bytes(size_t image_bytes);

#endif
