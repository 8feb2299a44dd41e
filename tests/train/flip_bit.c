/* vit_mpi with a fault of memory: before the check of the replicas after step FLIP_STEP, rank
 * FLIP_RANK has a flipped bit in the tensor FLIP_TENSOR. Linked with --wrap=run_check_replicas. */

#include "run.h"
#include <stdlib.h>
#include <string.h>

Status __real_run_check_replicas(const Run *run);
Status __wrap_run_check_replicas(const Run *run);

static size_t number(const char *name) {
    const char *value = getenv(name);
    return value ? strtoul(value, NULL, 10) : 0;
}

static void flip(const Run *run, const char *tensor) {
    for (size_t i = 0; i < run->table.count; i++)
        if (strcmp(run->table.entry[i].name, tensor) == 0)
            *(uint32_t *)(void *)(run->weights + run->table.entry[i].offset) ^= 1u;
}

Status __wrap_run_check_replicas(const Run *run) {
    const char *tensor = getenv("FLIP_TENSOR");
    if (tensor && run->progress.step == number("FLIP_STEP") &&
        (size_t)run->ranks->rank == number("FLIP_RANK"))
        flip(run, tensor);
    return __real_run_check_replicas(run);
}
