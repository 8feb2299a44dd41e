#ifndef VIT_RANKS_H
#define VIT_RANKS_H

#include "vit/status.h"
#include <mpi.h>
#include <stddef.h>
#include <stdint.h>

/* The processes of a run. */
typedef struct Ranks {
    MPI_Comm comm;
    int rank, size;
    char host[MPI_MAX_PROCESSOR_NAME];
} Ranks;

/* Fills *ranks for a communicator. MPI errors on it abort the job with STATUS_INTERNAL. Collective.
 */
void ranks_init(Ranks *ranks, MPI_Comm comm);

/* An agreement point. Every rank brings its own status (and, where it failed, status_message); all
 * leave with the status and message of the first failing rank, or STATUS_OK. When not rank 0 the
 * message names rank and host. Collective. */
Status ranks_agree(const Ranks *ranks, Status mine);

/* One zeroed object of `size` bytes on every rank, an agreement point: memory_allocate for what the
 * ranks make together. On error *object is NULL on all. Collective. */
Status ranks_allocate(const Ranks *ranks, void *object, size_t size, const char *what);

/* Broadcasts bytes of any size from rank 0. Collective. */
void ranks_broadcast(const Ranks *ranks, void *bytes, size_t count);

/* The part [*first, *first + *count) of `total` things that belongs to `part` of `parts`:
 * contiguous, in order, sizes differing by at most one. Local. */
void ranks_share(size_t total, size_t parts, size_t part, size_t *first, size_t *count);

/* The part that thing number `index` belongs to in that division. Local. */
size_t ranks_owner(size_t total, size_t parts, size_t index);

/* Gathers one small value of every rank, in rank order, on all ranks; all [ranks->size] values.
 * Sums made from it are the same bits everywhere. Collective. */
void ranks_gather(const Ranks *ranks, const void *mine, size_t bytes, void *all);

/* Replaces each value by its sum over the ranks, modulo 2^64. Collective. */
void ranks_sum(const Ranks *ranks, uint64_t *values, size_t count);

/* value as an int for MPI; larger ones are a bug of the caller and abort the job. */
int ranks_int(size_t value);

#endif
