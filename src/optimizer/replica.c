#include "vit/replica.h"

#include <string.h>

/* A fast 64-bit digest of some floats: four lanes of multiply and rotate, which any changed bit
 * changes. */
static uint64_t digest_of(const float *values, size_t count) {
    uint64_t lane[4] = {1, 2, 3, 4};
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        uint64_t mixed = (lane[i % 4] ^ bits) * 0x9E3779B97F4A7C15u;
        lane[i % 4] = mixed << 29 | mixed >> 35;
    }
    return lane[0] ^ lane[1] * 3 ^ lane[2] * 5 ^ lane[3] * 7;
}

/* Whether this rank's floats have rank 0's bits; *all: every rank's have. Collective. */
static bool same_as_first(const Ranks *ranks, const float *values, size_t count, uint64_t *digest,
                          bool *all) {
    const uint64_t mine = digest_of(values, count);
    ranks_gather(ranks, &mine, sizeof mine, digest);
    *all = true;
    for (int r = 1; r < ranks->size; r++)
        *all = *all && digest[r] == digest[0];
    return mine == digest[0];
}

Status replica_check(const Ranks *ranks, const ParameterTable *table, const float *weights,
                     uint64_t step, uint64_t *digest) {
    bool all;
    same_as_first(ranks, weights, table->floats, digest, &all);
    if (all)
        return STATUS_OK;
    Status status = STATUS_OK;
    for (size_t i = 0; i < table->count; i++) {
        const Parameter *entry = &table->entry[i];
        if (!same_as_first(ranks, weights + entry->offset, entry->count, digest, &all) &&
            status == STATUS_OK)
            status = status_fail(STATUS_INTERNAL,
                                 "after step %llu the weights differ from rank 0's, first in %s: "
                                 "this rank's memory or processor is at fault, or rank 0's",
                                 (unsigned long long)step, entry->name);
    }
    return ranks_agree(ranks, status);
}
