#include "vit/optimizer.h"

#include "vit/average.h"
#include "vit/collection.h"
#include "vit/gradient.h"
#include "vit/guard.h"
#include "vit/layer_decay.h"
#include "vit/memory.h"
#include "vit/phase.h"
#include "vit/replica.h"
#include "vit/update.h"
#include "vit/weight_gather.h"
#include <math.h>

struct Optimizer {
    OptimizerOptions o;
    Reduction *reduction;
    WeightGather *gather;
    Gradient gradient;
    Guard guard;
    OptimizerStates states;
    float *state[OPTIMIZER_STATES_MOST]; /* [partition->own_floats] */
    float *rate_scale;                   /* [table->count] */
    double *squares;                     /* [partition->pieces] */
    uint64_t *digests;                   /* [ranks] */
    OptimizerWaits waits;
};

OptimizerStates optimizer_states(const Rule *rule, const Job *job) {
    OptimizerStates states = {.count = rule->states, .averages = job->ema > 0.0};
    for (size_t s = 0; s < rule->states; s++)
        states.name[s] = rule->state[s];
    if (states.averages)
        states.name[states.count++] = "ema";
    return states;
}

/* This rank's part of the average, or NULL. */
static float *average_of(const Optimizer *optimizer) {
    const OptimizerStates *states = &optimizer->states;
    return states->averages ? optimizer->state[states->count - 1] : NULL;
}

static ReductionOptions reduction_options(const OptimizerOptions *o) {
    return (ReductionOptions){.batch_size = o->job->batch_size,
                              .unit_images = o->job->unit_images,
                              .train_images = o->train_images};
}

static Status allocate(Optimizer *optimizer) {
    const OptimizerOptions *o = &optimizer->o;
    optimizer->states = optimizer_states(o->rule, o->job);
    for (size_t s = 0; s < optimizer->states.count; s++)
        STATUS_TRY(memory_allocate(&optimizer->state[s], o->partition->own_floats, sizeof(float),
                                   "the optimizer's state"));
    STATUS_TRY(memory_allocate(&optimizer->rate_scale, o->table->count, sizeof(float),
                               "the tensors' learning rates"));
    layer_decay_scales(o->job, o->table, optimizer->rate_scale);
    STATUS_TRY(memory_allocate(&optimizer->squares, o->partition->pieces, sizeof(double),
                               "the gradient's squares"));
    STATUS_TRY(memory_allocate(&optimizer->digests, (size_t)o->ranks->size, sizeof(uint64_t),
                               "the ranks' digests"));
    STATUS_TRY(guard_init(&optimizer->guard, o->partition));
    return gradient_init(&optimizer->gradient, o->partition, o->ranks->rank);
}

static Status make(Optimizer *optimizer) {
    const OptimizerOptions *o = &optimizer->o;
    const ReductionOptions reduction = reduction_options(o);
    STATUS_TRY(ranks_agree(o->ranks, allocate(optimizer)));
    STATUS_TRY(reduction_init(&optimizer->reduction, o->ranks, o->partition, o->shape, o->table,
                              &reduction));
    return weight_gather_init(&optimizer->gather, o->ranks, o->partition);
}

Status optimizer_init(Optimizer **optimizer, const OptimizerOptions *options) {
    STATUS_TRY(ranks_allocate(options->ranks, optimizer, sizeof **optimizer, "the optimizer"));
    (*optimizer)->o = *options;
    const Status status = make(*optimizer);
    if (status != STATUS_OK) {
        optimizer_free(*optimizer);
        *optimizer = NULL;
    }
    return status;
}

void optimizer_free(Optimizer *optimizer) {
    if (!optimizer)
        return;
    weight_gather_free(optimizer->gather);
    reduction_free(optimizer->reduction);
    gradient_free(&optimizer->gradient);
    guard_free(&optimizer->guard);
    for (size_t s = 0; s < OPTIMIZER_STATES_MOST; s++)
        memory_free(optimizer->state[s]);
    memory_free(optimizer->rate_scale);
    memory_free(optimizer->squares);
    memory_free(optimizer->digests);
    memory_free(optimizer);
}

/* ---- a step ---- */

void optimizer_begin(Optimizer *optimizer, const Slices *slices) {
    optimizer->waits.weights += weight_gather_need_units(optimizer->gather);
    reduction_start(optimizer->reduction, slices);
}

void optimizer_need_kernels(Optimizer *optimizer) {
    optimizer->waits.weights += weight_gather_need_kernels(optimizer->gather);
}

void optimizer_ready(Optimizer *optimizer, const Vit *vit, VitPart part, size_t layer) {
    reduction_ready(optimizer->reduction, vit_partial(vit), part, layer);
    if (optimizer->o.no_overlap)
        optimizer->waits.gradients += reduction_drain(optimizer->reduction);
}

void optimizer_progress(Optimizer *optimizer) {
    reduction_progress(optimizer->reduction);
    weight_gather_progress(optimizer->gather);
}

void optimizer_reduce(Optimizer *optimizer, Vit *vit, const float *weights) {
    gradient_finish(&optimizer->gradient, optimizer->reduction, optimizer->o.layers, vit, weights,
                    &optimizer->waits.gradients);
}

double *optimizer_square(Optimizer *optimizer) {
    update_squares(&optimizer->gradient, optimizer->o.ranks->rank, optimizer->squares);
    return optimizer->squares;
}

double optimizer_norm(const Optimizer *optimizer, const char **culprit) {
    const Partition *partition = optimizer->o.partition;
    double sum = 0.0;
    *culprit = NULL;
    for (size_t p = 0; p < partition->pieces; p++) {
        if (!isfinite(optimizer->squares[p]) && !*culprit)
            *culprit = optimizer->o.table->entry[partition->piece[p].entry].name;
        sum += optimizer->squares[p];
    }
    return sqrt(sum);
}

void optimizer_update(Optimizer *optimizer, const RuleStep *step, float *weights) {
    const OptimizerOptions *o = &optimizer->o;
    const UpdateRule rule = {o->rule, o->table, optimizer->rate_scale};
    UpdateTarget target = {.weights = weights, .average = average_of(optimizer)};
    for (size_t s = 0; s < o->rule->states; s++)
        target.state[s] = optimizer->state[s];
    update_weights(&optimizer->gradient, o->ranks->rank, &rule, step, &optimizer->guard, &target);
    weight_gather_post(optimizer->gather, weights);
    if (o->no_overlap)
        optimizer_settle(optimizer);
}

void optimizer_settle(Optimizer *optimizer) {
    optimizer->waits.weights +=
        weight_gather_need_units(optimizer->gather) + weight_gather_need_kernels(optimizer->gather);
}

/* ---- between steps ---- */

Status optimizer_check_replicas(Optimizer *optimizer, const float *weights, uint64_t step) {
    const OptimizerOptions *o = &optimizer->o;
    STATUS_TRY(replica_check(o->ranks, o->partition, o->table, weights, step, optimizer->digests));
    return ranks_agree(o->ranks,
                       guard_check(&optimizer->guard, o->ranks->rank, o->table, weights, step));
}

void optimizer_collect(const Optimizer *optimizer,
                       float *const full[static OPTIMIZER_STATES_MOST]) {
    for (size_t s = 0; s < optimizer->states.count; s++)
        collection_gather(optimizer->o.ranks, optimizer->o.partition, optimizer->state[s], full[s]);
}

void optimizer_deal(Optimizer *optimizer, float *const full[static OPTIMIZER_STATES_MOST]) {
    for (size_t s = 0; s < optimizer->states.count; s++)
        collection_deal(optimizer->o.ranks, optimizer->o.partition, full[s], optimizer->state[s]);
}

void optimizer_begin_average(Optimizer *optimizer, const float *weights) {
    float *average = average_of(optimizer);
    if (average)
        average_begin(optimizer->o.partition, optimizer->o.ranks->rank, weights, average);
}

void optimizer_collect_average(const Optimizer *optimizer, float *full) {
    const float *average = average_of(optimizer);
    if (average)
        collection_gather(optimizer->o.ranks, optimizer->o.partition, average, full);
}

/* What a rank does not own it gets from the owner, either way, as after an update. */
void optimizer_swap_average(Optimizer *optimizer, float *weights) {
    float *average = average_of(optimizer);
    if (!average)
        return;
    average_swap(optimizer->o.partition, optimizer->o.ranks->rank, weights, average);
    weight_gather_post(optimizer->gather, weights);
    optimizer_settle(optimizer);
}

OptimizerWaits optimizer_waits(const Optimizer *optimizer) {
    return optimizer->waits;
}

Status optimizer_cost(const OptimizerOptions *o, OptimizerCost *cost) {
    const ReductionOptions options = reduction_options(o);
    ReductionCost reduction;
    *cost = (OptimizerCost){0};
    STATUS_TRY(reduction_cost(o->ranks, o->partition, o->shape, o->table, &options, &reduction));
    cost->memory = reduction.memory + gradient_bytes(o->partition, o->ranks->rank) +
                   (double)((optimizer_states(o->rule, o->job).count * o->partition->own_floats +
                             o->table->count) *
                            sizeof(float));
    cost->sums = reduction.sums;
    cost->weights = weight_gather_sent(o->ranks, o->partition);
    return STATUS_OK;
}
