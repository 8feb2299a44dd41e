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

void collection_gather(const Ranks *ranks, const Partition *partition, const float *own,
                       float *full) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        const size_t count = region_count(region, ranks->rank);
        if (ranks->rank == 0)
            copy_floats(full + region->offset, own + region->own, count);
        else if (region_is_divided(region))
            send_floats(ranks, own + region->own, count, 0);
        for (int r = 1; ranks->rank == 0 && region_is_divided(region) && r < ranks->size; r++)
            receive_floats(ranks, full + region->offset + region_first(region, r),
                           region_count(region, r), r);
    }
}

void collection_deal(const Ranks *ranks, const Partition *partition, const float *full,
                     float *own) {
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        const size_t count = region_count(region, ranks->rank);
        if (ranks->rank > 0)
            receive_floats(ranks, own + region->own, count, 0);
        else
            copy_floats(own + region->own, full + region->offset, count);
        for (int r = 1; ranks->rank == 0 && r < ranks->size; r++)
            send_floats(ranks, full + region->offset + region_first(region, r),
                        region_count(region, r), r);
    }
}
