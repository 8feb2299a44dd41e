#ifndef VIT_REQUESTS_H
#define VIT_REQUESTS_H

#include "vit/ranks.h"
#include <stdbool.h>

/* Messages under way, on a communicator of their own, so that those of different exchanges never
 * meet. Messages between two ranks arrive in the order in which they were posted. */
typedef struct Requests {
    MPI_Comm comm;
    MPI_Request *request;
    size_t count;
} Requests;

/* For up to `room` messages at a time. Collective; only the memory may fail, which the caller has
 * to let the ranks agree on. requests_free accepts what init left. */
Status requests_init(Requests *requests, const Ranks *ranks, size_t room);
void requests_free(Requests *requests);

/* Floats to or from a rank; none are not sent. Local. */
void requests_send(Requests *requests, const float *values, size_t count, int to);
void requests_receive(Requests *requests, float *values, size_t count, int from);
/* Moves what is under way: whether all has arrived. Local. */
bool requests_test(Requests *requests);
/* Until all has arrived. Returns the seconds that passed. */
double requests_wait(Requests *requests);

#endif
