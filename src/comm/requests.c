#include "requests.h"

#include "vit/memory.h"

Status requests_init(Requests *requests, const Ranks *ranks, size_t room) {
    *requests = (Requests){.comm = MPI_COMM_NULL};
    MPI_Comm_dup(ranks->comm, &requests->comm);
    return memory_allocate(&requests->request, room, sizeof(MPI_Request), "messages");
}

void requests_free(Requests *requests) {
    if (requests->request)
        requests_wait(requests);
    if (requests->comm != MPI_COMM_NULL)
        MPI_Comm_free(&requests->comm);
    memory_free(requests->request);
    requests->request = NULL;
}

void requests_send(Requests *requests, const float *values, size_t count, int to) {
    if (count)
        MPI_Isend(values, ranks_int(count), MPI_FLOAT, to, 0, requests->comm,
                  &requests->request[requests->count++]);
}

void requests_receive(Requests *requests, float *values, size_t count, int from) {
    if (count)
        MPI_Irecv(values, ranks_int(count), MPI_FLOAT, from, 0, requests->comm,
                  &requests->request[requests->count++]);
}

bool requests_test(Requests *requests) {
    int all = 1;
    if (requests->count)
        MPI_Testall((int)requests->count, requests->request, &all, MPI_STATUSES_IGNORE);
    if (all)
        requests->count = 0;
    return all;
}

double requests_wait(Requests *requests) {
    const double start = MPI_Wtime();
    if (requests->count)
        MPI_Waitall((int)requests->count, requests->request, MPI_STATUSES_IGNORE);
    requests->count = 0;
    return MPI_Wtime() - start;
}
