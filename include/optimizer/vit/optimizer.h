#ifndef VIT_OPTIMIZER_H
#define VIT_OPTIMIZER_H

#include "vit/fat_layers.h"
#include "vit/reduction.h"
#include "vit/rule.h"

/* From the ranks' partial gradients to everyone's new weights: owns the messages under way, the
 * gradient of what this rank updates, and the states of it. The weights, a flat vector on
 * every rank, are the caller's; between update and settle parts of them are under way.
 *
 *   begin -> (vit_forward_backward: need_kernels, ready, progress) -> reduce -> square ->
 *   (the ranks tell each other the squares) -> norm -> update
 *
 * All calls are collective in order, except where local is said. */
typedef struct Optimizer Optimizer;

/* What is kept of each weight by the rank that updates it, by the names in checkpoints: the rule's
 * states and then, where the job wants it ([train] ema), the average of the weights. */
enum { OPTIMIZER_STATES_MOST = RULE_STATES_MOST + 1 };
typedef struct OptimizerStates {
    size_t count;
    const char *name[OPTIMIZER_STATES_MOST];
    bool averages; /* the last one is the average */
} OptimizerStates;
/* Local. */
OptimizerStates optimizer_states(const Rule *rule, const Job *job);

/* All of it stays the caller's. */
typedef struct OptimizerOptions {
    const Ranks *ranks;
    const Job *job;
    const ModelShape *shape;
    const ParameterTable *table;
    const Partition *partition; /* made for the rule */
    const Rule *rule;
    const FatLayers *layers; /* of whose kernels it updates what this rank owns */
    size_t train_images;     /* of an epoch */
    bool no_overlap;         /* of messages and computing, to measure what it is worth */
} OptimizerOptions;

/* States are zero. All ranks return the same; STATUS_INTERNAL when one is out of memory, *optimizer
 * is then NULL. */
Status optimizer_init(Optimizer **optimizer, const OptimizerOptions *options);
/* Accepts NULL. */
void optimizer_free(Optimizer *optimizer);

/* A batch begins: the weights that the encoder reads have arrived. slices: the caller's until
 * optimizer_reduce is over. */
void optimizer_begin(Optimizer *optimizer, const Slices *slices);
/* For the hooks of vit_forward_backward. */
void optimizer_need_kernels(Optimizer *optimizer);
void optimizer_ready(Optimizer *optimizer, const Vit *vit, VitPart part, size_t layer);
void optimizer_progress(Optimizer *optimizer); /* local */

/* Until the gradient of what this rank updates is there, finished by the model, which had these
 * weights. */
void optimizer_reduce(Optimizer *optimizer, Vit *vit, const float *weights);

/* The squares of the gradient's pieces, [partition->pieces]: this rank makes those of its own.
 * Local. */
double *optimizer_square(Optimizer *optimizer);
/* The global norm of the gradient, once all squares are there; *culprit is the name of the first
 * tensor whose values are not finite, or NULL. Local. */
double optimizer_norm(const Optimizer *optimizer, const char **culprit);

/* Updates what this rank owns; the rest appears in the weights until it is settled or needed. */
void optimizer_update(Optimizer *optimizer, const RuleStep *step, float *weights);
/* Until all weights are there. */
void optimizer_settle(Optimizer *optimizer);

/* Whether all ranks hold the same settled weights, and those that one rank has alone are as it left
 * them: replica_check, guard_check. All ranks return the same. */
Status optimizer_check_replicas(Optimizer *optimizer, const float *weights, uint64_t step);

/* Between full states on rank 0, flat vectors, and what each rank holds: all of optimizer_states.
 */
void optimizer_collect(const Optimizer *optimizer, float *const full[static OPTIMIZER_STATES_MOST]);
void optimizer_deal(Optimizer *optimizer, float *const full[static OPTIMIZER_STATES_MOST]);

/* Of a job without an average these do nothing. */

/* It begins: the weights are the initial ones. Local. */
void optimizer_begin_average(Optimizer *optimizer, const float *weights);
/* Into a flat vector on rank 0. */
void optimizer_collect_average(const Optimizer *optimizer, float *full);
/* The settled weights of all ranks become the averages, for an evaluation, and the averages the
 * weights; the same again brings both back, bit for bit. Nothing else that has to do with weights
 * may come in between. */
void optimizer_swap_average(Optimizer *optimizer, float *weights);

/* Seconds that this rank has waited since optimizer_init: for gradients, and for weights. Local. */
typedef struct OptimizerWaits {
    double gradients, weights;
} OptimizerWaits;
OptimizerWaits optimizer_waits(const Optimizer *optimizer);

/* What a rank holds, in bytes, and what it sends a step of a whole batch, in bytes on average over
 * the ranks. Local. STATUS_INTERNAL: out of memory for looking. */
typedef struct OptimizerCost {
    double memory;
    double sums, weights; /* sent */
} OptimizerCost;
Status optimizer_cost(const OptimizerOptions *options, OptimizerCost *cost);

#endif
