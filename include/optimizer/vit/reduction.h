#ifndef VIT_REDUCTION_H
#define VIT_REDUCTION_H

#include "vit/memory.h"
#include "vit/partition.h"
#include "vit/slices.h"
#include "vit/vit.h"

/* The gradients on their way from the ranks that have parts of them to the ranks that update: what
 * is posted as soon as the model calls it final travels while the model computes. Nothing is
 * computed here but the sums themselves; what the model must make of them is gradient.h's. Fat
 * layers have no part in it (fat_layers.h).
 *
 *   start -> (vit_forward_backward: ready, progress) -> sum of each region
 *
 * All calls are collective in order, except where local is said. */
typedef struct Reduction Reduction;

typedef struct ReductionOptions {
    size_t batch_size, unit_images;
    size_t train_images; /* of an epoch, the last batch of which may be smaller */
} ReductionOptions;

/* Borders between the ranks' parts of a sum that all get are multiples of so many floats. */
enum { REDUCTION_GRAIN = MEMORY_LINE_FLOATS };

/* The partition is the caller's. All ranks return the same; STATUS_INTERNAL when one is out of
 * memory, *reduction is then NULL. */
Status reduction_init(Reduction **reduction, const Ranks *ranks, const Partition *partition,
                      const ModelShape *shape, const ParameterTable *table,
                      const ReductionOptions *options);
/* Accepts NULL. */
void reduction_free(Reduction *reduction);

/* A batch begins, whose slices are the caller's until all has arrived. Local. */
void reduction_start(Reduction *reduction, const Slices *slices);
/* A part of the model's partial gradient is final. */
void reduction_ready(Reduction *reduction, const VitPartial *partial, VitPart part, size_t layer);
/* Moves what is under way; to be called often. Local. */
void reduction_progress(Reduction *reduction);
/* Until all that was posted has arrived: for measuring what overlap is worth. Returns the seconds
 * that passed. */
double reduction_drain(Reduction *reduction);

/* The whole batch's sum, all of it or, where the region is divided, this rank's part; valid until
 * the next step. *seconds += the time that it waited. */
float *reduction_sum(Reduction *reduction, size_t region, double *seconds);
/* What a rank holds, in bytes, and what it sends a step of a whole batch, in bytes on average over
 * the ranks. Local. */
typedef struct ReductionCost {
    double memory;
    double sums; /* sent */
} ReductionCost;
Status reduction_cost(const Ranks *ranks, const Partition *partition, const ModelShape *shape,
                      const ParameterTable *table, const ReductionOptions *options,
                      ReductionCost *cost);

#endif
