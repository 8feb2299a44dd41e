/* vit_mpi with a fault of memory: before the check of the replicas after step FLIP_STEP, rank
 * FLIP_RANK has a flipped bit in the tensor FLIP_TENSOR. Linked with --wrap=replica_check. */

#include "vit/replica.h"
#include <stdlib.h>
#include <string.h>

Status __real_replica_check(const Ranks *ranks, const Partition *partition,
                            const ParameterTable *table, const float *weights, uint64_t step,
                            uint64_t *digest);
Status __wrap_replica_check(const Ranks *ranks, const Partition *partition,
                            const ParameterTable *table, const float *weights, uint64_t step,
                            uint64_t *digest);

static size_t number(const char *name) {
    const char *value = getenv(name);
    return value ? strtoul(value, NULL, 10) : 0;
}

/* Of a fat layer's kernel, in the first row that this rank has. */
static void flip(const Partition *partition, const ParameterTable *table, int rank,
                 const float *weights, const char *tensor) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        for (size_t p = region->first_piece; p < region->first_piece + region->pieces; p++) {
            const Piece *piece = &partition->piece[p];
            const size_t place =
                region_is_everywhere(region) ? 0 : region->offset + region_first(region, rank);
            if (strcmp(table->entry[piece->entry].name, tensor) != 0 || piece->offset < place)
                continue;
            *(uint32_t *)(uintptr_t)(weights + piece->offset) ^= 1u;
            return;
        }
    }
}

Status __wrap_replica_check(const Ranks *ranks, const Partition *partition,
                            const ParameterTable *table, const float *weights, uint64_t step,
                            uint64_t *digest) {
    const char *tensor = getenv("FLIP_TENSOR");
    if (tensor && step == number("FLIP_STEP") && (size_t)ranks->rank == number("FLIP_RANK"))
        flip(partition, table, ranks->rank, weights, tensor);
    return __real_replica_check(ranks, partition, table, weights, step, digest);
}
