#include "vit/weight_gather.h"

#include "vit/memory.h"
#include "vit/range_gather.h"

struct WeightGather {
    const Partition *partition;
    RangeGather *region[REGIONS_MOST]; /* NULL for one that does not travel */
};

/* All ranks read what some have updated. */
static bool travels(const Region *region) {
    return region_is_divided(region) && region_is_everywhere(region);
}

Status weight_gather_init(WeightGather **gather, const Ranks *ranks, const Partition *partition) {
    STATUS_TRY(ranks_allocate(ranks, gather, sizeof **gather, "gathering the weights"));
    (*gather)->partition = partition;
    Status status = STATUS_OK;
    for (size_t g = 0; g < partition->regions && status == STATUS_OK; g++)
        if (travels(&partition->region[g]))
            status = range_gather_init(&(*gather)->region[g], ranks, partition->region[g].border);
    if (status != STATUS_OK) {
        weight_gather_free(*gather);
        *gather = NULL;
    }
    return status;
}

void weight_gather_free(WeightGather *gather) {
    if (!gather)
        return;
    for (size_t g = 0; g < gather->partition->regions; g++)
        range_gather_free(gather->region[g]);
    memory_free(gather);
}

void weight_gather_post(WeightGather *gather, float *weights) {
    for (size_t g = 0; g < gather->partition->regions; g++)
        if (gather->region[g])
            range_gather_post(gather->region[g], weights + gather->partition->region[g].offset);
}

void weight_gather_progress(WeightGather *gather) {
    for (size_t g = 0; g < gather->partition->regions; g++)
        if (gather->region[g])
            range_gather_progress(gather->region[g]);
}

/* Regions [first, end). */
static double need(WeightGather *gather, size_t first, size_t end) {
    double seconds = 0.0;
    for (size_t g = first; g < end; g++)
        if (gather->region[g])
            seconds += range_gather_wait(gather->region[g]);
    return seconds;
}

double weight_gather_need_units(WeightGather *gather) {
    return need(gather, 0, 1);
}

double weight_gather_need_kernels(WeightGather *gather) {
    return need(gather, 1, gather->partition->regions);
}

double weight_gather_sent(const Ranks *ranks, const Partition *partition) {
    const double size = (double)ranks->size;
    double bytes = 0.0;
    for (size_t g = 0; g < partition->regions; g++)
        if (travels(&partition->region[g]))
            bytes += sizeof(float) * (double)partition->region[g].floats / size * (size - 1.0);
    return bytes;
}
