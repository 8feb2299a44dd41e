#ifndef VIT_UNIT_SUMS_H
#define VIT_UNIT_SUMS_H

#include "arena.h"
#include "vit/kernels.h"
#include "vit/status.h"
#include "vit/tree.h"
#include <stdbool.h>
#include <stddef.h>

/* The gradients of a slice's units, summed in the one order of summation (tree.h), a chunk of units
 * at a time. The units of a chunk may be made in any order by any threads that take them from
 * Shares (shares.h): whoever completes the second half of a node adds the two. The same bits for
 * any division into chunks and among threads, since a + b and b + a are the same.
 *
 *   start; for each chunk { threads: { open; add to it; close } for each unit; join }; finish
 *
 * In any order (measuring.h) a thread has one sum for all its units and chunks. */

/* A node whose sum is whole, and where that is: a number in UnitSums' sum. */
typedef struct UnitSumsNode {
    TreeNode node;
    size_t number;
} UnitSumsNode;

/* Sum number `from` is to be added to sum number `into`. */
typedef struct UnitSumsMerge {
    size_t into, from;
} UnitSumsMerge;

typedef struct UnitSums {
    const Kernels *kernels;
    size_t threads, floats;
    bool any_order;
    size_t leaves;      /* units of the whole batch */
    size_t count, free; /* sums that there is room for; those of them that are not in use */
    float **sum;        /* [count], of `floats` values each */
    size_t *number;     /* [free] which are not in use */
    size_t *home;       /* [count] the thread that touched it first; `threads` when none has */
    size_t *open;       /* [threads] the sum that its unit is added to; `count` when it has none */
    size_t nodes;
    UnitSumsNode *node;   /* [nodes] of [count]: those that wait for their other half */
    UnitSumsMerge *merge; /* [count] room for join */
} UnitSums;

/* For slices of up to `units` units, chunks of up to chunk_units and sums of `floats` values.
 * Local. STATUS_INTERNAL: out of memory; unit_sums_free frees what there is. */
Status unit_sums_init(UnitSums *sums, const Kernels *kernels, size_t threads, size_t units,
                      size_t chunk_units, size_t floats);
/* Room for the sums themselves. */
void unit_sums_place(UnitSums *sums, Arena *arena);
void unit_sums_free(UnitSums *sums);

/* Forgets all sums. leaves: the units of the whole batch. */
void unit_sums_start(UnitSums *sums, size_t leaves);

/* Within a parallel region, by the thread itself: where its next unit's gradient is to be added,
 * and that this was done for unit number `unit` of the batch. more: whether there are units that
 * nobody has taken; if not, what could be added now is left to join, so that nobody waits for one
 * thread that adds. Both begin PHASE_SUM. */
float *unit_sums_open(UnitSums *sums, size_t thread);
void unit_sums_close(UnitSums *sums, size_t thread, size_t unit, bool more);

/* After each chunk, outside parallel regions: adds, on all threads, what close has left. */
void unit_sums_join(UnitSums *sums);

/* After the last chunk: node[i] is the sum over the i-th of the `nodes` largest nodes that the
 * slice's units make up (tree_cover); valid until the next start. In any order all of it is in the
 * first, and the others are zero. */
void unit_sums_finish(UnitSums *sums, size_t nodes, float **node);

#endif
