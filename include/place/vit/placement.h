#ifndef VIT_PLACEMENT_H
#define VIT_PLACEMENT_H

#include "vit/ranks.h"

/* Where the ranks run: which cores each may use, how many threads that makes, and what is wrong
 * with it. */

enum { PLACEMENT_LINES = 8, PLACEMENT_ADVICES = 8, PLACEMENT_TEXT = 640 };

typedef struct Placement {
    size_t threads;                                  /* of this rank */
    size_t nodes;                                    /* that the ranks are on */
    size_t all_threads, least_threads, most_threads; /* of all ranks, of a rank */
    /* Rank 0 only. Nodes with the same picture share a line; a kind of problem has one advice,
     * however many ranks have it. */
    size_t lines, advices;
    char line[PLACEMENT_LINES][PLACEMENT_TEXT];
    char advice[PLACEMENT_ADVICES][PLACEMENT_TEXT];
} Placement;

/* Before MPI_Init: lets waiting ranks yield their core (OMPI_MCA_mpi_yield_when_idle) when the
 * launcher started more of them on this node than it gave cores. Open MPI does so only when it
 * knows, which it does not when told of more slots than there are cores. A user's setting stays.
 * Local. */
void placement_prepare(void);

/* Whether what placement_prepare and placement_find read of the environment can be what launchers
 * and threads.h want. STATUS_USAGE: it names the variable, its value and what is allowed. Local. */
Status placement_check_environment(void);

/* Looks at the cores of all ranks, and settles this rank's threads: `threads` (of the job) when not
 * 0; else OMP_NUM_THREADS; else the cores, not hyperthreads, that the rank may use, but never more
 * than OMP_THREAD_LIMIT. Ranks of a node whose cores overlap, directly or through others, share the
 * cores of all of them evenly. Limits of processor time (cgroups) are divided among the ranks they
 * hold for. Never more than the rank's own cores, never less than one.
 *
 * Jobs do not see each other: two that are bound to the same core are not noticed.
 *
 * Collective; STATUS_INTERNAL on all ranks when memory is short. */
Status placement_find(Placement *placement, const Ranks *ranks, size_t threads);

/* Lets the calling thread run on all processors of its rank. OpenMP may have bound the first thread
 * to one place (OMP_PROC_BIND), which threads made by it inherit; one that works beside the others
 * should not have to share that place. Local. */
void placement_free_thread(void);

#endif
