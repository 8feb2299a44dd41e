#include "vit/shard.h"

#include "vit/hash.h"
#include "vit/memory.h"
#include "vit/size.h"
#include "vit/slices.h"
#include <string.h>

/* What is evaluated where it is held: the same borders as of a batch without units. */
static Status borders_init(Slices *slices, const Ranks *ranks, size_t total) {
    STATUS_TRY(slices_init(slices, (size_t)ranks->size, 1));
    slices_set(slices, total);
    return STATUS_OK;
}

static Status take_range(Shard *shard, const Ranks *ranks) {
    Slices slices;
    const Status status = borders_init(&slices, ranks, shard->total);
    if (status == STATUS_OK) {
        shard->first = slices_first(&slices, ranks->rank);
        shard->count = slices_count(&slices, ranks->rank);
    }
    slices_free(&slices);
    return status;
}

static Status read_rows(const ShardSource *source, size_t first, size_t count, uint8_t *images,
                        uint16_t *labels) {
    return data_file_read_rows(source->path, source->header, source->split, source->coarse, first,
                               count, images, labels);
}

/* Some of the samples, from the first-th on, into the caller's room. */
typedef struct Part {
    Samples samples;
    size_t first, count, image_bytes;
    uint8_t *images;
    uint16_t *labels;
} Part;

/* Rows of the file that are read at once. */
typedef struct Block {
    size_t rows; /* at most */
    uint8_t *images;
    uint16_t *labels;
} Block;

static Status block_init(Block *block, size_t image_bytes) {
    *block = (Block){.rows = size_groups(SHARD_BLOCK_BYTES, image_bytes)};
    STATUS_TRY(memory_allocate(&block->images, block->rows, image_bytes, "a block of images"));
    return memory_allocate(&block->labels, block->rows, sizeof *block->labels, "its labels");
}

static void block_free(Block *block) {
    memory_free(block->images);
    memory_free(block->labels);
}

/* The part's samples from number *done on that lie within a block, which is made as small as they
 * allow. */
static Status pick(const Part *part, const ShardSource *source, const Block *block, size_t *done) {
    const uint32_t *number = part->samples.number + part->first;
    const size_t bytes = part->image_bytes, first = number[*done];
    size_t end = *done;
    while (end < part->count && number[end] - first < block->rows)
        end++;
    STATUS_TRY(read_rows(source, first, number[end - 1] - first + 1, block->images, block->labels));
    for (size_t i = *done; i < end; i++) {
        const size_t row = number[i] - first;
        memcpy(part->images + i * bytes, block->images + row * bytes, bytes);
        part->labels[i] = block->labels[row];
    }
    *done = end;
    return STATUS_OK;
}

static Status read_list(const Part *part, const ShardSource *source) {
    Block block;
    size_t done = 0;
    Status status = block_init(&block, part->image_bytes);
    while (status == STATUS_OK && done < part->count)
        status = pick(part, source, &block, &done);
    block_free(&block);
    return status;
}

static Status read_part(const Part *part, const ShardSource *source) {
    if (part->samples.number)
        return read_list(part, source);
    return read_rows(source, part->samples.first + part->first, part->count, part->images,
                     part->labels);
}

Status shard_read(Shard *shard, const Ranks *ranks, const ShardSource *source, Samples samples) {
    const size_t bytes = picture_bytes(source->header->picture);
    *shard = (Shard){.total = samples.count, .samples = samples, .image_bytes = bytes};
    STATUS_TRY(take_range(shard, ranks));
    STATUS_TRY(memory_allocate(&shard->images, shard->count, bytes, "images"));
    STATUS_TRY(memory_allocate(&shard->labels, shard->count, sizeof *shard->labels, "labels"));
    const Part part = {samples, shard->first, shard->count, bytes, shard->images, shard->labels};
    return read_part(&part, source);
}

void shard_free(Shard *shard) {
    memory_free(shard->images);
    memory_free(shard->labels);
    *shard = (Shard){0};
}

/* ---- whether all ranks read the same ---- */

static uint64_t checksum_of(const Part *part, DataSplit split) {
    uint64_t sum = 0;
    for (size_t i = 0; i < part->count; i++) {
        const uint64_t what[] = {split, samples_number(&part->samples, part->first + i),
                                 part->labels[i]};
        const uint64_t hash = hash_add_words(HASH_START, what, sizeof what);
        sum += hash_add_words(hash, part->images + i * part->image_bytes, part->image_bytes);
    }
    return sum;
}

/* All blocks of all shards, rank by rank. */
typedef struct Check {
    const Shard *shard;
    const Ranks *ranks;
    const ShardSource *source;
    Slices slices;
    size_t rows, blocks; /* rows of a block, but for a shard's last one */
    uint64_t *checksum;  /* [blocks] */
    Block room;
} Check;

/* Whose shard and which part of it a block is. */
typedef struct Place {
    int rank;
    size_t number; /* in the shard */
    size_t first, count;
} Place;

static size_t blocks_of(const Check *check, int rank) {
    return size_groups(slices_count(&check->slices, rank), check->rows);
}

/* Goes to the next block; from {.rank = -1} to the first. False behind the last. */
static bool next_place(const Check *check, Place *place) {
    if (place->rank >= 0 && ++place->number < blocks_of(check, place->rank)) {
        place->first += check->rows;
    } else {
        do
            place->rank++;
        while (place->rank < check->ranks->size && blocks_of(check, place->rank) == 0);
        if (place->rank == check->ranks->size)
            return false;
        place->number = 0;
        place->first = slices_first(&check->slices, place->rank);
    }
    const size_t end =
        slices_first(&check->slices, place->rank) + slices_count(&check->slices, place->rank);
    place->count = size_smaller(check->rows, end - place->first);
    return true;
}

static void sum_own(Check *check) {
    const Shard *shard = check->shard;
    Place place = {.rank = -1};
    for (size_t b = 0; next_place(check, &place); b++)
        if (place.rank == check->ranks->rank) {
            const size_t at = place.first - shard->first;
            const Part part = {shard->samples,
                               place.first,
                               place.count,
                               shard->image_bytes,
                               shard->images + at * shard->image_bytes,
                               shard->labels + at};
            check->checksum[b] = checksum_of(&part, check->source->split);
        }
}

/* All others in turn, so that nobody who has another file is looked at by his like alone. */
static bool looks_at(const Ranks *ranks, const Place *place) {
    const size_t size = (size_t)ranks->size, rank = (size_t)place->rank;
    return (rank + 1 + place->number % (size - 1)) % size == (size_t)ranks->rank;
}

static Status compare(Check *check, const Place *place, uint64_t theirs) {
    const ShardSource *source = check->source;
    const Part part = {check->shard->samples,     place->first,       place->count,
                       check->shard->image_bytes, check->room.images, check->room.labels};
    STATUS_TRY(read_part(&part, source));
    if (checksum_of(&part, source->split) == theirs)
        return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: images or labels among rows %zu to %zu of its %s are not those that "
                       "rank %d reads: the ranks find different files under this path",
                       source->path, samples_number(&part.samples, part.first),
                       samples_number(&part.samples, part.first + part.count - 1),
                       data_split_title(source->split), place->rank);
}

static Status compare_others(Check *check) {
    Place place = {.rank = -1};
    STATUS_TRY(block_init(&check->room, check->shard->image_bytes));
    for (size_t b = 0; next_place(check, &place); b++)
        if (looks_at(check->ranks, &place))
            STATUS_TRY(compare(check, &place, check->checksum[b]));
    return STATUS_OK;
}

static Status check_init(Check *check) {
    STATUS_TRY(borders_init(&check->slices, check->ranks, check->shard->total));
    check->rows = size_groups(SHARD_BLOCK_BYTES, check->shard->image_bytes);
    for (int rank = 0; rank < check->ranks->size; rank++)
        check->blocks += blocks_of(check, rank);
    return memory_allocate(&check->checksum, check->blocks, sizeof *check->checksum, "checksums");
}

Status shard_verify(const Shard *shard, const Ranks *ranks, const ShardSource *source,
                    uint64_t *checksum) {
    Check check = {.shard = shard, .ranks = ranks, .source = source};
    Status status = ranks_agree(ranks, check_init(&check));
    if (status == STATUS_OK) {
        sum_own(&check);
        ranks_sum(ranks, check.checksum, check.blocks);
        if (ranks->size > 1)
            status = ranks_agree(ranks, compare_others(&check));
    }
    *checksum = 0;
    for (size_t b = 0; status == STATUS_OK && b < check.blocks; b++)
        *checksum += check.checksum[b];
    slices_free(&check.slices);
    block_free(&check.room);
    memory_free(check.checksum);
    return status;
}

size_t shard_sample_bytes(size_t image_bytes) {
    return image_bytes + sizeof(uint16_t);
}
