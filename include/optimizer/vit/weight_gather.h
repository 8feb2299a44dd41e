#ifndef VIT_WEIGHT_GATHER_H
#define VIT_WEIGHT_GATHER_H

#include "vit/partition.h"
#include "vit/ranks.h"

/* The new weights, but for the fat layers', on their way from the ranks that updated them to all,
 * while the next step's encoder already works:
 *
 *   post -> (progress) -> need_units -> (progress) -> need_kernels
 */
typedef struct WeightGather WeightGather;

/* The partition is the caller's. Collective; all ranks return the same, STATUS_INTERNAL when one is
 * out of memory, *gather is then NULL. */
Status weight_gather_init(WeightGather **gather, const Ranks *ranks, const Partition *partition);
/* Collective. Accepts NULL. */
void weight_gather_free(WeightGather *gather);

/* This rank's parts of the flat vector are final; the others' will appear in it. Collective. */
void weight_gather_post(WeightGather *gather, float *weights);
/* Moves what is under way; to be called often. Local. */
void weight_gather_progress(WeightGather *gather);
/* Until everything but the head's kernels, or these, are there; at once when nothing is under way.
 * Return the seconds that passed. Collective in order. */
double weight_gather_need_units(WeightGather *gather);
double weight_gather_need_kernels(WeightGather *gather);

/* Bytes that a rank sends a step, on average over the ranks. Local. */
double weight_gather_sent(const Ranks *ranks, const Partition *partition);

#endif
