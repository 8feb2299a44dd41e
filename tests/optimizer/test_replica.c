/* One flipped bit in one rank's weights is found, and rank and tensor are named. */

#include "mpi_check.h"
#include "vit/memory.h"
#include "vit/replica.h"
#include <stdio.h>
#include <string.h>

static ParameterTable table;
static Partition partition;
static float *weights;
static uint64_t *digests;

static Status check_replicas(void) {
    return replica_check(&world, &partition, &table, weights, 7, digests);
}

static void make_weights(void) {
    Job job;
    CHECK(job_parse(&job, "x.ini", "[model]\ndim = 8\nmlp = 8\ndepth = 2\nhead = 16\n", 0, NULL) ==
          STATUS_OK);
    const ModelShape shape = model_shape(&job, 3, 3);
    CHECK(parameter_table_init(&table, &shape) == STATUS_OK);
    CHECK(partition_init(&partition, &shape, &table, job.batch_size, RULE_ANY_PIECES, &world) ==
          STATUS_OK);
    CHECK(memory_allocate(&weights, table.floats, sizeof *weights, "weights") == STATUS_OK);
    CHECK(memory_allocate(&digests, (size_t)world.size, sizeof *digests, "digests") == STATUS_OK);
    parameter_initialize(&table, 1, weights);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    make_weights();
    CHECK(check_replicas() == STATUS_OK);
    for (size_t i = 0; i < table.count; i++) {
        const Parameter *entry = &table.entry[i];
        uint32_t *spoilt = (uint32_t *)(void *)(weights + entry->offset + (entry->count - 1));
        char wanted[64];
        snprintf(wanted, sizeof wanted, "rank %d on ", world.size - 1);
        if (world.rank == world.size - 1)
            *spoilt ^= 1;
        CHECK(check_replicas() == STATUS_INTERNAL);
        CHECK(strstr(status_message(), entry->name) != NULL);
        CHECK(strstr(status_message(), wanted) != NULL);
        CHECK(strstr(status_message(), "after step 7 ") != NULL);
        if (world.rank == world.size - 1)
            *spoilt ^= 1;
    }
    CHECK(check_replicas() == STATUS_OK);
    partition_free(&partition);
    parameter_table_free(&table);
    memory_free(weights);
    memory_free(digests);
    return test_end();
}
