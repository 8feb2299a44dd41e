#include "vit/ranks.h"

#include "vit/memory.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

/* An MPI error leaves nothing to go on with: say what happened where, and end all ranks. */
static void abort_on_error(MPI_Comm *comm, int *error, ...) {
    char text[MPI_MAX_ERROR_STRING] = "", host[MPI_MAX_PROCESSOR_NAME] = "";
    int length = 0, rank = -1;
    MPI_Error_string(*error, text, &length);
    MPI_Get_processor_name(host, &length);
    MPI_Comm_rank(*comm, &rank);
    fprintf(stderr, "Error: rank %d on %s: communication failed: %s\n", rank, host, text);
    MPI_Abort(*comm, STATUS_INTERNAL);
}

void ranks_init(Ranks *ranks, MPI_Comm comm) {
    MPI_Errhandler handler;
    int length = 0;
    *ranks = (Ranks){.comm = comm};
    MPI_Comm_create_errhandler(abort_on_error, &handler);
    MPI_Comm_set_errhandler(comm, handler);
    MPI_Errhandler_free(&handler);
    MPI_Comm_rank(comm, &ranks->rank);
    MPI_Comm_size(comm, &ranks->size);
    MPI_Get_processor_name(ranks->host, &length);
}

Status ranks_agree(const Ranks *ranks, Status mine) {
    struct {
        int code;
        char text[4096];
    } report = {.code = STATUS_OK};
    int failing = mine == STATUS_OK ? ranks->size : ranks->rank, first = 0;
    MPI_Allreduce(&failing, &first, 1, MPI_INT, MPI_MIN, ranks->comm);
    if (first == ranks->size)
        return STATUS_OK;
    if (ranks->rank == first) {
        report.code = (int)mine;
        /* Rank 0's failure is as a rule everyone's; another rank's needs its name. */
        if (first == 0)
            snprintf(report.text, sizeof report.text, "%s", status_message());
        else
            snprintf(report.text, sizeof report.text, "rank %d on %s: %s", first, ranks->host,
                     status_message());
    }
    MPI_Bcast(&report, sizeof report, MPI_BYTE, first, ranks->comm);
    return status_fail((Status)report.code, "%s", report.text);
}

Status ranks_allocate(const Ranks *ranks, void *object, size_t size, const char *what) {
    void **made = object;
    const Status status = ranks_agree(ranks, memory_allocate(made, 1, size, what));
    if (status != STATUS_OK) {
        memory_free(*made);
        *made = NULL;
    }
    return status;
}

void ranks_broadcast(const Ranks *ranks, void *bytes, size_t count) {
    const size_t piece = (size_t)1 << 28;
    for (size_t done = 0; done < count; done += piece) {
        size_t now = count - done < piece ? count - done : piece;
        MPI_Bcast((char *)bytes + done, ranks_int(now), MPI_BYTE, 0, ranks->comm);
    }
}

void ranks_share(size_t total, size_t parts, size_t part, size_t *first, size_t *count) {
    *first = total * part / parts;
    *count = total * (part + 1) / parts - *first;
}

size_t ranks_owner(size_t total, size_t parts, size_t index) {
    return ((index + 1) * parts - 1) / total;
}

void ranks_gather(const Ranks *ranks, const void *mine, size_t bytes, void *all) {
    MPI_Allgather(mine, ranks_int(bytes), MPI_BYTE, all, ranks_int(bytes), MPI_BYTE, ranks->comm);
}

void ranks_sum(const Ranks *ranks, uint64_t *values, size_t count) {
    MPI_Allreduce(MPI_IN_PLACE, values, ranks_int(count), MPI_UINT64_T, MPI_SUM, ranks->comm);
}

int ranks_int(size_t value) {
    if (value > INT_MAX) {
        fprintf(stderr, "Error: a message of %zu elements is more than MPI can count\n", value);
        MPI_Abort(MPI_COMM_WORLD, STATUS_INTERNAL);
    }
    return (int)value;
}
