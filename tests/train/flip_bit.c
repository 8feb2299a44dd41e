/* vit_mpi with a fault of memory: before the check of the replicas after step FLIP_STEP, rank
 * FLIP_RANK has a flipped bit in the tensor FLIP_TENSOR. Linked with --wrap=replica_check. */

#include "vit/replica.h"
#include <stdlib.h>
#include <string.h>

Status __real_replica_check(const Ranks *ranks, const ParameterTable *table, const float *weights,
                            uint64_t step, uint64_t *digest);
Status __wrap_replica_check(const Ranks *ranks, const ParameterTable *table, const float *weights,
                            uint64_t step, uint64_t *digest);

static size_t number(const char *name) {
    const char *value = getenv(name);
    return value ? strtoul(value, NULL, 10) : 0;
}

static void flip(const ParameterTable *table, const float *weights, const char *tensor) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->entry[i].name, tensor) == 0)
            *(uint32_t *)(uintptr_t)(weights + table->entry[i].offset) ^= 1u;
}

Status __wrap_replica_check(const Ranks *ranks, const ParameterTable *table, const float *weights,
                            uint64_t step, uint64_t *digest) {
    const char *tensor = getenv("FLIP_TENSOR");
    if (tensor && step == number("FLIP_STEP") && (size_t)ranks->rank == number("FLIP_RANK"))
        flip(table, weights, tensor);
    return __real_replica_check(ranks, table, weights, step, digest);
}
