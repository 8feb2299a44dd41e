#ifndef VIT_EXCHANGE_H
#define VIT_EXCHANGE_H

#include "vit/partition.h"
#include "vit/slices.h"
#include "vit/vit.h"

/* What the ranks exchange in a step, so that each ends up with the gradient of what it updates and
 * with everyone's weights. Posted as soon as it is final, and moved while the model computes:
 *
 *   start -> (vit_forward_backward: need_kernels, ready, progress) -> finish -> update ->
 * post_weights
 *
 * All calls are collective in order, except where local is said. */
typedef struct Exchange Exchange;

typedef struct ExchangeOptions {
    size_t batch_size, unit_images;
    size_t train_images; /* of an epoch, the last batch of which may be smaller */
} ExchangeOptions;

/* All ranks return the same; STATUS_INTERNAL when one is out of memory, *exchange is then NULL. */
Status exchange_init(Exchange **exchange, const Ranks *ranks, const Partition *partition,
                     const ModelShape *shape, const ParameterTable *table,
                     const ExchangeOptions *options);
/* Accepts NULL. */
void exchange_free(Exchange *exchange);

/* What a rank holds, in bytes, and what it sends a step of a whole batch, on average over the
 * ranks. Local. */
typedef struct ExchangeCost {
    double memory;
    double sums, factors, weights; /* sent */
} ExchangeCost;
Status exchange_cost(const Ranks *ranks, const Partition *partition, const ModelShape *shape,
                     const ParameterTable *table, const ExchangeOptions *options,
                     ExchangeCost *cost);

/* A batch begins, whose slices are the caller's until exchange_finish. Local. */
void exchange_start(Exchange *exchange, const Slices *slices);
/* A part of vit_partial is final. */
void exchange_ready(Exchange *exchange, const Vit *vit, VitPart part, size_t layer);
/* Moves what is under way; to be called often. Local. */
void exchange_progress(Exchange *exchange);
/* Until all that was posted has arrived: for measuring what overlap is worth. Returns the seconds
 * that passed. */
double exchange_drain(Exchange *exchange);
/* After vit_forward_backward. weights: those that it was given. *seconds += the time that it
 * waited. */
void exchange_finish(Exchange *exchange, Vit *vit, const float *weights, double *seconds);

/* After exchange_finish: the gradient of this rank's part of a region. Local. */
const float *exchange_gradient(const Exchange *exchange, size_t region);

/* This rank's parts of the weights are final; the others' will appear in them. */
void exchange_post_weights(Exchange *exchange, float *weights);
/* Until everything but the head's kernels, or these, are there. Return the seconds that passed. */
double exchange_need_units(Exchange *exchange);
double exchange_need_kernels(Exchange *exchange);

/* Between full blocks on rank 0 and each rank's own ones, of `own_floats`. Blocking. */
void exchange_collect(const Ranks *ranks, const Partition *partition, const float *own,
                      float *full);
void exchange_deal(const Ranks *ranks, const Partition *partition, const float *full, float *own);

#endif
