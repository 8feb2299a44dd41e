#include "vit/replica.h"

#include "vit/checksum.h"

/* Whether this rank's floats have rank 0's bits; *all: every rank's have. Collective. */
static bool same_as_first(const Ranks *ranks, const float *values, size_t count, uint64_t *digest,
                          bool *all) {
    const uint64_t mine = checksum_floats(values, count);
    ranks_gather(ranks, &mine, sizeof mine, digest);
    *all = true;
    for (int r = 1; r < ranks->size; r++)
        *all = *all && digest[r] == digest[0];
    return mine == digest[0];
}

/* The first tensor of a region in which this rank differs, if it does. */
static Status find_tensor(const Ranks *ranks, const Region *region, const ParameterTable *table,
                          const float *weights, uint64_t step, uint64_t *digest) {
    Status status = STATUS_OK;
    for (size_t i = 0; i < table->count; i++) {
        const Parameter *entry = &table->entry[i];
        bool all;
        if (entry->offset < region->offset || entry->offset >= region->offset + region->floats)
            continue;
        if (!same_as_first(ranks, weights + entry->offset, entry->count, digest, &all) &&
            status == STATUS_OK)
            status = status_fail(STATUS_INTERNAL,
                                 "after step %llu the weights differ from rank 0's, first in %s: "
                                 "this rank's memory or processor is at fault, or rank 0's",
                                 (unsigned long long)step, entry->name);
    }
    return status;
}

Status replica_check(const Ranks *ranks, const Partition *partition, const ParameterTable *table,
                     const float *weights, uint64_t step, uint64_t *digest) {
    Status status = STATUS_OK;
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        bool all;
        if (!region_is_everywhere(region))
            continue;
        same_as_first(ranks, weights + region->offset, region->floats, digest, &all);
        const Status found =
            all ? STATUS_OK : find_tensor(ranks, region, table, weights, step, digest);
        status = status == STATUS_OK ? found : status;
    }
    return ranks_agree(ranks, status);
}
