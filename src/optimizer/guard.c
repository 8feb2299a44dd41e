#include "vit/guard.h"

#include "vit/checksum.h"
#include "vit/memory.h"

Status guard_init(Guard *guard, const Partition *partition) {
    const size_t pieces = partition->pieces;
    *guard = (Guard){.partition = partition};
    STATUS_TRY(memory_allocate(&guard->sum, pieces, sizeof *guard->sum, "checksums"));
    STATUS_TRY(memory_allocate(&guard->known, pieces, sizeof *guard->known, "checksums"));
    return memory_allocate(&guard->broken, pieces, sizeof *guard->broken, "checksums");
}

void guard_free(Guard *guard) {
    memory_free(guard->sum);
    memory_free(guard->known);
    memory_free(guard->broken);
    *guard = (Guard){0};
}

void guard_before(Guard *guard, size_t piece, const float *weights) {
    if (guard->known[piece] &&
        checksum_floats(weights, guard->partition->piece[piece].floats) != guard->sum[piece])
        guard->broken[piece] = true;
}

void guard_after(Guard *guard, size_t piece, const float *weights) {
    guard->sum[piece] = checksum_floats(weights, guard->partition->piece[piece].floats);
    guard->known[piece] = true;
}

Status guard_check(Guard *guard, int rank, const ParameterTable *table, const float *weights,
                   uint64_t step) {
    const Partition *partition = guard->partition;
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        if (region_is_everywhere(region))
            continue;
        for (size_t p = region_first_piece(region, rank); p < region_end_piece(region, rank); p++) {
            const Piece *piece = &partition->piece[p];
            guard_before(guard, p, weights + piece->offset);
            if (guard->broken[p])
                return status_fail(STATUS_INTERNAL,
                                   "after step %llu the weights of %s are not what this rank left "
                                   "there: its memory or processor is at fault",
                                   (unsigned long long)step, table->entry[piece->entry].name);
        }
    }
    return STATUS_OK;
}
