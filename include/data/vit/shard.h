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

/* Where samples are. */
typedef struct ShardSource {
    const char *path;
    const DataHeader *header;
    DataSplit split;
    bool coarse;
} ShardSource;

/* From a list samples are picked out of blocks of rows of about so many bytes. */
enum { SHARD_BLOCK_BYTES = 4 << 20 };

/* Reads this rank's part of some samples of a split, whose list, if there is one, stays the
 * caller's. Local; errors as data_file_read_rows, and STATUS_INTERNAL: out of memory. */
Status shard_read(Shard *shard, const Ranks *ranks, const ShardSource *source, Samples samples);
void shard_free(Shard *shard);

/* Whether all ranks read the same pixels and labels: under one path they may find different files.
 * Each block of a shard is read once more, by another rank, and compared by checksums. *checksum
 * gets the sum, modulo 2^64, of one number for each sample, a function of its split, its row in the
 * file, its label and its pixels; so it does not depend on the ranks. Collective, all ranks return
 * the same. STATUS_DATA names rows and ranks; errors as of shard_read. */
Status shard_verify(const Shard *shard, const Ranks *ranks, const ShardSource *source,
                    uint64_t *checksum);

/* Bytes that a sample takes in one, with an image of so many bytes. */
size_t shard_sample_bytes(size_t image_bytes);

#endif
