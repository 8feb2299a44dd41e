/* One flipped bit in one rank's weights is found, and rank and tensor are named. */

#include "mpi_check.h"
#include "run.h"
#include "vit/memory.h"
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    Run run = {.ranks = &world};
    Job job;
    test_start(&argc, &argv);
    CHECK(job_parse(&job, "x.ini", "[model]\ndim = 8\nmlp = 8\ndepth = 2\nhead = 16\n", 0, NULL) ==
          STATUS_OK);
    run.shape = model_shape(&job, 3);
    CHECK(parameter_table_init(&run.table, &run.shape) == STATUS_OK);
    CHECK(memory_allocate(&run.weights, run.table.floats, 4, "weights") == STATUS_OK);
    CHECK(memory_allocate(&run.digests, (size_t)world.size, sizeof *run.digests, "digests") ==
          STATUS_OK);
    parameter_initialize(&run.table, 1, run.weights);
    CHECK(run_check_replicas(&run) == STATUS_OK);
    for (size_t i = 0; i < run.table.count; i++) {
        const Parameter *entry = &run.table.entry[i];
        uint32_t *spoilt = (uint32_t *)(void *)(run.weights + entry->offset + (entry->count - 1));
        char wanted[64];
        snprintf(wanted, sizeof wanted, "rank %d on ", world.size - 1);
        if (world.rank == world.size - 1)
            *spoilt ^= 1;
        CHECK(run_check_replicas(&run) == STATUS_INTERNAL);
        CHECK(strstr(status_message(), entry->name) != NULL);
        CHECK(strstr(status_message(), wanted) != NULL);
        if (world.rank == world.size - 1)
            *spoilt ^= 1;
    }
    CHECK(run_check_replicas(&run) == STATUS_OK);
    run.output.lock = -1;
    parameter_table_free(&run.table);
    memory_free(run.weights);
    memory_free(run.digests);
    return test_end();
}
