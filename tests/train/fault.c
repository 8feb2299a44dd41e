/* vit_mpi with faults, for tests. On rank FAULT_RANK the call with number FAULT_AT (from 1) of what
 * FAULT names fails:
 *   agree  - ranks_agree: the rank brings STATUS_IO to this agreement point
 *   memory - memory_allocate: out of memory
 *   sync   - fsync never returns, as on a network file system whose server is gone
 * Each rank writes its exit code and its number of calls of each kind to FAULT_LOG.<rank>. Linked
 * with --wrap. */

#include "vit/memory.h"
#include "vit/program.h"
#include "vit/ranks.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

Status __real_ranks_agree(const Ranks *ranks, Status mine);
Status __wrap_ranks_agree(const Ranks *ranks, Status mine);
Status __real_memory_allocate(void *array, size_t count, size_t size, const char *what);
Status __wrap_memory_allocate(void *array, size_t count, size_t size, const char *what);
Status __real_program_run(int argc, char **argv, MPI_Comm comm, double slurm_end,
                          const Arithmetic *own);
Status __wrap_program_run(int argc, char **argv, MPI_Comm comm, double slurm_end,
                          const Arithmetic *own);
int __real_fsync(int descriptor);
int __wrap_fsync(int descriptor);

static int number(const char *name) {
    const char *text = getenv(name);
    return text ? atoi(text) : 0;
}

static bool is_victim(void) {
    return number("OMPI_COMM_WORLD_RANK") == number("FAULT_RANK");
}

/* Whether this call, of a kind that `calls` counts, is the one that fails. */
static bool fails_now(const char *kind, atomic_int *calls) {
    const char *fault = getenv("FAULT");
    const int call = atomic_fetch_add(calls, 1) + 1;
    return fault && strcmp(fault, kind) == 0 && call == number("FAULT_AT") && is_victim();
}

static atomic_int agreements, allocations, syncs;

static void write_log(int code) {
    char path[4096];
    snprintf(path, sizeof path, "%s.%d", getenv("FAULT_LOG"), number("OMPI_COMM_WORLD_RANK"));
    FILE *file = fopen(path, "w");
    if (!file)
        return;
    fprintf(file, "exit=%d agree=%d memory=%d sync=%d\n", code, agreements, allocations, syncs);
    fclose(file);
}

Status __wrap_ranks_agree(const Ranks *ranks, Status mine) {
    if (fails_now("agree", &agreements) && mine == STATUS_OK)
        mine = status_fail(STATUS_IO, "a fault made for a test");
    return __real_ranks_agree(ranks, mine);
}

Status __wrap_memory_allocate(void *array, size_t count, size_t size, const char *what) {
    if (!fails_now("memory", &allocations))
        return __real_memory_allocate(array, count, size, what);
    fprintf(stderr, "no memory for %s\n", what);
    void *none = NULL;
    memcpy(array, &none, sizeof none);
    return status_fail(STATUS_INTERNAL, "a fault made for a test: out of memory for %s", what);
}

/* Before main's last barrier, after which a launcher may kill those that have not ended yet. */
Status __wrap_program_run(int argc, char **argv, MPI_Comm comm, double slurm_end,
                          const Arithmetic *own) {
    const Status status = __real_program_run(argc, argv, comm, slurm_end, own);
    write_log((int)status);
    return status;
}

int __wrap_fsync(int descriptor) {
    while (fails_now("sync", &syncs))
        for (;;)
            pause();
    return __real_fsync(descriptor);
}
