/* What each rank updated reaches all ranks: first what the encoder reads, then the head's kernels,
 * but for a fat layer's, of which nothing travels.
 * Linked with range_gather_post and range_gather_wait replaced by the latest that may be: nothing
 * travels before it is waited for. */

#include "small.h"
#include "vit/range_gather.h"
#include "vit/weight_gather.h"

void __real_range_gather_post(RangeGather *gather, float *vector);
void __wrap_range_gather_post(RangeGather *gather, float *vector);
double __real_range_gather_wait(RangeGather *gather);
double __wrap_range_gather_wait(RangeGather *gather);

/* What is posted and not yet waited for. */
static struct {
    RangeGather *gather;
    float *vector;
} posted[REGIONS_MOST];

void __wrap_range_gather_post(RangeGather *gather, float *vector) {
    size_t i = 0;
    while (posted[i].gather)
        i++;
    posted[i].gather = gather;
    posted[i].vector = vector;
}

double __wrap_range_gather_wait(RangeGather *gather) {
    for (size_t i = 0; i < REGIONS_MOST; i++)
        if (posted[i].gather == gather) {
            __real_range_gather_post(gather, posted[i].vector);
            posted[i].gather = NULL;
        }
    return __real_range_gather_wait(gather);
}

/* Of a weight after some round. */
static float value(size_t i, size_t round) {
    return (float)(i % 9973) + 0.25f * (float)round;
}

/* This rank's new weights; what it does not own is stale. */
static void update(const Partition *partition, size_t round, float *weights) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        const size_t first = region_first(region, world.rank);
        const size_t end = first + region_count(region, world.rank);
        for (size_t i = 0; i < region->floats; i++)
            weights[region->offset + i] =
                i >= first && i < end ? value(region->offset + i, round) : -1.0f;
    }
}

static size_t stale(size_t round, const float *weights, size_t first, size_t end) {
    size_t count = 0;
    for (size_t i = first; i < end; i++)
        count += weights[i] != value(i, round);
    return count;
}

/* Of the head's kernels. A fat layer's rows of others are as stale as they were. */
static size_t stale_kernels(const Partition *partition, size_t round, const float *weights) {
    size_t count = 0;
    for (size_t g = 1; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        const size_t found = stale(round, weights, region->offset, region->offset + region->floats);
        count += region_is_everywhere(region)
                     ? found
                     : found - (region->floats - region_count(region, world.rank));
    }
    return count;
}

static void all_weights_arrive(bool folded, RulePieces pieces) {
    Small small;
    Partition partition;
    WeightGather *gather = NULL;
    small_open(&small, folded, 1);
    CHECK(partition_init(&partition, &small.shape, &small.table, SMALL_BATCH, pieces, &world) ==
          STATUS_OK);
    CHECK(weight_gather_init(&gather, &world, &partition) == STATUS_OK);
    float *weights = small_vector(&small);
    const size_t units = small.table.unit_floats;
    for (size_t round = 0; round < 3; round++) {
        update(&partition, round, weights);
        weight_gather_post(gather, weights);
        weight_gather_progress(gather);
        CHECK(weight_gather_need_units(gather) >= 0.0);
        CHECK(stale(round, weights, 0, units) == 0);
        weight_gather_progress(gather);
        CHECK(weight_gather_need_kernels(gather) >= 0.0);
        CHECK(stale_kernels(&partition, round, weights) == 0);
        /* Nothing is under way. */
        CHECK(weight_gather_need_units(gather) >= 0.0);
        CHECK(weight_gather_need_kernels(gather) >= 0.0);
    }
    weight_gather_free(gather);
    memory_free(weights);
    partition_free(&partition);
    small_close(&small);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    for (int folded = 0; folded < 2; folded++) {
        all_weights_arrive(folded, RULE_ANY_PIECES);
        all_weights_arrive(folded, RULE_WHOLE_TENSORS);
    }
    weight_gather_free(NULL);
    return test_end();
}
