#ifndef VIT_TEST_MPI_CHECK_H
#define VIT_TEST_MPI_CHECK_H

/* For tests that run on several ranks: plain checks whose result all ranks agree on, since a test
 * framework that leaves on one rank only would let the others wait. */

#include "vit/ranks.h"
#include <stdbool.h>
#include <stdio.h>

static Ranks world;
static int failures;

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)

static inline void check(bool holds, const char *what, const char *file, int line) {
    if (holds)
        return;
    failures++;
    fprintf(stderr, "%s:%d: rank %d of %d: does not hold: %s\n", file, line, world.rank, world.size,
            what);
}

static inline void test_start(int *argc, char ***argv) {
    int provided = 0;
    MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided);
    ranks_init(&world, MPI_COMM_WORLD);
}

/* The exit code: 0 when nothing failed on any rank. */
static inline int test_end(void) {
    int all = 0;
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    MPI_Finalize();
    return all ? 1 : 0;
}

#endif
