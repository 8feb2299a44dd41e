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

/* The weights: everything but the fat layer's rows of the others, which stay as they were. */
static void weights_are_dealt_to_those_who_have_them(RulePieces pieces) {
    Small small;
    Partition partition;
    float *full = NULL, *again = NULL;
    small_open(&small, true, 1);
    CHECK(partition_init(&partition, &small.shape, &small.table, SMALL_BATCH, pieces, &world) ==
          STATUS_OK);
    float *weights = small_vector(&small), *wanted = small_vector(&small);
    for (size_t i = 0; i < small.table.floats; i++)
        wanted[i] = value(i);
    if (world.rank == 0) {
        full = small_vector(&small);
        again = small_vector(&small);
        memcpy(full, wanted, small.table.floats * sizeof *full);
    }
    collection_deal_weights(&world, &partition, full, weights);
    CHECK(small_held_differences(&partition, weights, wanted) == 0);
    const Region *fat = &partition.region[partition_kernel(0)];
    size_t touched = 0;
    for (size_t i = 0; i < fat->floats; i++)
        touched += weights[fat->offset + i] != 0.0f;
    CHECK(touched == region_count(fat, world.rank));
    collection_gather_weights(&world, &partition, weights, again);
    CHECK(!full || small_differences(&small, full, again) == 0);
    /* In place on rank 0, which then has all. */
    collection_gather_weights(&world, &partition, weights, weights);
    CHECK(world.rank > 0 || small_differences(&small, full, weights) == 0);
    memory_free(full), memory_free(again), memory_free(weights), memory_free(wanted);
    partition_free(&partition);
    small_close(&small);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    for (int folded = 0; folded < 2; folded++) {
        dealing_and_gathering_are_inverse(folded, RULE_ANY_PIECES);
        dealing_and_gathering_are_inverse(folded, RULE_WHOLE_TENSORS);
    }
    weights_are_dealt_to_those_who_have_them(RULE_ANY_PIECES);
    weights_are_dealt_to_those_who_have_them(RULE_WHOLE_TENSORS);
    return test_end();
}
