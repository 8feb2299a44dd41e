#include "vit/range_gather.h"

#include "vit/memory.h"

struct RangeGather {
    MPI_Comm comm;
    int size;
    const size_t *border;
    int *count, *place; /* [ranks] of the vector under way */
    MPI_Request request;
};

static Status make(RangeGather *gather) {
    const size_t size = (size_t)gather->size;
    STATUS_TRY(memory_allocate(&gather->count, size, sizeof(int), "gathering"));
    return memory_allocate(&gather->place, size, sizeof(int), "gathering");
}

Status range_gather_init(RangeGather **gather, const Ranks *ranks, const size_t *border) {
    STATUS_TRY(ranks_allocate(ranks, gather, sizeof **gather, "gathering"));
    **gather = (RangeGather){.request = MPI_REQUEST_NULL, .size = ranks->size, .border = border};
    MPI_Comm_dup(ranks->comm, &(*gather)->comm);
    Status status = ranks_agree(ranks, make(*gather));
    if (status != STATUS_OK) {
        range_gather_free(*gather);
        *gather = NULL;
    }
    return status;
}

void range_gather_free(RangeGather *gather) {
    if (!gather)
        return;
    range_gather_wait(gather);
    MPI_Comm_free(&gather->comm);
    memory_free(gather->count);
    memory_free(gather->place);
    memory_free(gather);
}

void range_gather_post(RangeGather *gather, float *vector) {
    if (gather->size == 1)
        return;
    for (int r = 0; r < gather->size; r++) {
        gather->count[r] = ranks_int(gather->border[r + 1] - gather->border[r]);
        gather->place[r] = ranks_int(gather->border[r]);
    }
    MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, vector, gather->count, gather->place,
                    MPI_FLOAT, gather->comm, &gather->request);
}

void range_gather_progress(RangeGather *gather) {
    int done;
    MPI_Test(&gather->request, &done, MPI_STATUS_IGNORE);
}

double range_gather_wait(RangeGather *gather) {
    const double start = MPI_Wtime();
    MPI_Wait(&gather->request, MPI_STATUS_IGNORE);
    return MPI_Wtime() - start;
}
