/* A state of the optimizer travels whole between rank 0 and the ranks that hold parts of it. */

#include "small.h"
#include "vit/collection.h"

/* Of the state's element i of a flat vector. */
static float value(size_t i) {
    return (float)(i % 9973) - 0.5f;
}

/* Elements of this rank's parts that are not what the flat vector has there. */
static size_t wrong_own(const Partition *partition, const float *own) {
    size_t wrong = 0;
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        const size_t first = region->offset + region_first(region, world.rank);
        for (size_t i = 0; i < region_count(region, world.rank); i++)
            wrong += own[region->own + i] != value(first + i);
    }
    return wrong;
}

/* Dealt, each rank has its parts; gathered again, rank 0 has what it dealt. */
static void dealing_and_gathering_are_inverse(bool folded, RulePieces pieces) {
    Small small;
    Partition partition;
    float *full = NULL, *again = NULL;
    small_open(&small, folded, 1);
    CHECK(partition_init(&partition, &small.shape, &small.table, SMALL_BATCH, pieces, &world) ==
          STATUS_OK);
    float *own = small_array(partition.own_floats, sizeof *own);
    if (world.rank == 0) {
        full = small_vector(&small);
        again = small_vector(&small);
        for (size_t i = 0; i < small.table.floats; i++)
            full[i] = value(i);
    }
    collection_deal(&world, &partition, full, own);
    CHECK(wrong_own(&partition, own) == 0);
    collection_gather(&world, &partition, own, again);
    CHECK(!full || small_differences(&small, full, again) == 0);
    memory_free(own);
    memory_free(full);
    memory_free(again);
    partition_free(&partition);
    small_close(&small);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    for (int folded = 0; folded < 2; folded++) {
        dealing_and_gathering_are_inverse(folded, RULE_ANY_PIECES);
        dealing_and_gathering_are_inverse(folded, RULE_WHOLE_TENSORS);
    }
    return test_end();
}
