#include "vit/collection.h"

#include "vit/copy.h"
#include "vit/size.h"

/* Messages of at most this many floats; MPI counts with ints. */
enum { MESSAGE_FLOATS = 1 << 26 };

static void send_floats(const Ranks *ranks, const float *values, size_t count, int to) {
    for (size_t i = 0; i < count; i += MESSAGE_FLOATS)
        MPI_Send(values + i, (int)size_smaller(MESSAGE_FLOATS, count - i), MPI_FLOAT, to, 0,
                 ranks->comm);
}

static void receive_floats(const Ranks *ranks, float *values, size_t count, int from) {
    for (size_t i = 0; i < count; i += MESSAGE_FLOATS)
        MPI_Recv(values + i, (int)size_smaller(MESSAGE_FLOATS, count - i), MPI_FLOAT, from, 0,
                 ranks->comm, MPI_STATUS_IGNORE);
}

/* Of a divided region on rank 0, a flat vector: the other ranks' parts, which come from or go to
 * their own. */
static void bring_region(const Ranks *ranks, const Region *region, const float *own, float *full) {
    const size_t count = region_count(region, ranks->rank);
    if (ranks->rank > 0)
        send_floats(ranks, own, count, 0);
    for (int r = 1; ranks->rank == 0 && r < ranks->size; r++)
        receive_floats(ranks, full + region->offset + region_first(region, r),
                       region_count(region, r), r);
}

static void deal_region(const Ranks *ranks, const Region *region, const float *full, float *own) {
    const size_t count = region_count(region, ranks->rank);
    if (ranks->rank > 0)
        receive_floats(ranks, own, count, 0);
    for (int r = 1; ranks->rank == 0 && r < ranks->size; r++)
        send_floats(ranks, full + region->offset + region_first(region, r), region_count(region, r),
                    r);
}

void collection_gather(const Ranks *ranks, const Partition *partition, const float *own,
                       float *full) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        if (ranks->rank == 0)
            copy_floats(full + region->offset, own + region->own, region_count(region, 0));
        if (region_is_divided(region))
            bring_region(ranks, region, own + region->own, full);
    }
}

void collection_deal(const Ranks *ranks, const Partition *partition, const float *full,
                     float *own) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        if (ranks->rank == 0)
            copy_floats(own + region->own, full + region->offset, region_count(region, 0));
        deal_region(ranks, region, full, own + region->own);
    }
}

/* This rank's part of a fat layer's region. */
static size_t own_place(const Ranks *ranks, const Region *region) {
    return region->offset + region_first(region, ranks->rank);
}

/* On rank 0, what it has itself. */
static void copy_held(const Region *region, const float *from, float *to) {
    const size_t count = region_is_everywhere(region) ? region->floats : region_count(region, 0);
    if (from != to)
        copy_floats(to + region->offset, from + region->offset, count);
}

void collection_gather_weights(const Ranks *ranks, const Partition *partition, const float *weights,
                               float *full) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        if (ranks->rank == 0)
            copy_held(region, weights, full);
        if (!region_is_everywhere(region))
            bring_region(ranks, region, weights + own_place(ranks, region), full);
    }
}

void collection_deal_weights(const Ranks *ranks, const Partition *partition, const float *full,
                             float *weights) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        if (ranks->rank == 0)
            copy_held(region, full, weights);
        if (region_is_everywhere(region))
            ranks_broadcast(ranks, weights + region->offset, region->floats * sizeof *weights);
        else
            deal_region(ranks, region, full, weights + own_place(ranks, region));
    }
}
