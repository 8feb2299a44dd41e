#include "vit/shard.h"

#include "vit/memory.h"
#include "vit/slices.h"

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

Status shard_read(Shard *shard, const Ranks *ranks, const char *path, const DataHeader *header,
                  DataSplit split, bool coarse, size_t begin, size_t total) {
    *shard = (Shard){.total = total, .image_bytes = picture_bytes(header->picture)};
    STATUS_TRY(take_range(shard, ranks));
    STATUS_TRY(memory_allocate(&shard->images, shard->count, shard->image_bytes, "images"));
    STATUS_TRY(memory_allocate(&shard->labels, shard->count, sizeof *shard->labels, "labels"));
    return data_file_read_rows(path, header, split, coarse, begin + shard->first, shard->count,
                               shard->images, shard->labels);
}

void shard_free(Shard *shard) {
    memory_free(shard->images);
    memory_free(shard->labels);
    *shard = (Shard){0};
}

size_t shard_sample_bytes(size_t image_bytes) {
    return image_bytes + sizeof(uint16_t);
}
