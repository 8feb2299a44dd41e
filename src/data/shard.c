#include "vit/shard.h"

#include "vit/memory.h"
#include "vit/size.h"
#include "vit/slices.h"
#include <string.h>

/* What is evaluated where it is held: the same borders as of a batch without units. */
static Status take_range(Shard *shard, const Ranks *ranks) {
    Slices slices;
    const Status status = slices_init(&slices, (size_t)ranks->size, 1);
    if (status == STATUS_OK) {
        slices_set(&slices, shard->total);
        shard->first = slices_first(&slices, ranks->rank);
        shard->count = slices_count(&slices, ranks->rank);
    }
    slices_free(&slices);
    return status;
}

/* Where the samples are. */
typedef struct Source {
    const char *path;
    const DataHeader *header;
    DataSplit split;
    bool coarse;
} Source;

static Status read_rows(const Source *source, size_t first, size_t count, uint8_t *images,
                        uint16_t *labels) {
    return data_file_read_rows(source->path, source->header, source->split, source->coarse, first,
                               count, images, labels);
}

/* Rows of the file that are read at once. */
typedef struct Block {
    size_t rows; /* at most */
    uint8_t *images;
    uint16_t *labels;
} Block;

/* The shard's samples from number *done on that lie within a block, which is made as small as they
 * allow. */
static Status pick(Shard *shard, const Source *source, const Block *block, size_t *done) {
    const uint32_t *number = shard->samples.number + shard->first;
    const size_t bytes = shard->image_bytes, first = number[*done];
    size_t end = *done;
    while (end < shard->count && number[end] - first < block->rows)
        end++;
    STATUS_TRY(read_rows(source, first, number[end - 1] - first + 1, block->images, block->labels));
    for (size_t i = *done; i < end; i++) {
        const size_t row = number[i] - first;
        memcpy(shard->images + i * bytes, block->images + row * bytes, bytes);
        shard->labels[i] = block->labels[row];
    }
    *done = end;
    return STATUS_OK;
}

static Status read_list(Shard *shard, const Source *source) {
    Block block = {.rows = size_groups(SHARD_BLOCK_BYTES, shard->image_bytes)};
    size_t done = 0;
    Status status =
        memory_allocate(&block.images, block.rows, shard->image_bytes, "a block of images");
    if (status == STATUS_OK)
        status = memory_allocate(&block.labels, block.rows, sizeof *block.labels, "its labels");
    while (status == STATUS_OK && done < shard->count)
        status = pick(shard, source, &block, &done);
    memory_free(block.images);
    memory_free(block.labels);
    return status;
}

Status shard_read(Shard *shard, const Ranks *ranks, const char *path, const DataHeader *header,
                  DataSplit split, bool coarse, Samples samples) {
    const Source source = {path, header, split, coarse};
    *shard = (Shard){
        .total = samples.count, .samples = samples, .image_bytes = picture_bytes(header->picture)};
    STATUS_TRY(take_range(shard, ranks));
    STATUS_TRY(memory_allocate(&shard->images, shard->count, shard->image_bytes, "images"));
    STATUS_TRY(memory_allocate(&shard->labels, shard->count, sizeof *shard->labels, "labels"));
    if (samples.number)
        return read_list(shard, &source);
    return read_rows(&source, samples.first + shard->first, shard->count, shard->images,
                     shard->labels);
}

void shard_free(Shard *shard) {
    memory_free(shard->images);
    memory_free(shard->labels);
    *shard = (Shard){0};
}

size_t shard_sample_bytes(size_t image_bytes) {
    return image_bytes + sizeof(uint16_t);
}
