#ifndef VIT_TEST_TRAINING_H
#define VIT_TEST_TRAINING_H

/* A small training by an Optimizer on all ranks, and the same by one process alone, which every
 * rank does for itself: gradients of whole batches, and the rule on whole flat vectors. */

#include "small.h"
#include "vit/layer_decay.h"
#include "vit/optimizer.h"
#include <math.h>

/* ---- on all ranks ---- */

typedef struct Training {
    Small *small;
    const Rule *rule;
    Partition partition;
    FatLayers *layers;
    Optimizer *optimizer;
    Vit *vit;
    float *weights;
    double norm; /* of the latest step's gradient */
    const char *culprit;
    /* A part of this rank's partial gradient is final and not yet sent; may be NULL. */
    void (*visit)(const Small *small, const VitPartial *partial, VitPart part, size_t layer);
} Training;

static inline OptimizerOptions training_options(const Training *training, bool no_overlap) {
    return (OptimizerOptions){.ranks = &world,
                              .job = &training->small->job,
                              .shape = &training->small->shape,
                              .table = &training->small->table,
                              .partition = &training->partition,
                              .rule = training->rule,
                              .layers = training->layers,
                              .train_images = SMALL_IMAGES,
                              .no_overlap = no_overlap};
}

static inline void training_open(Training *training, Small *small, const Rule *rule,
                                 bool no_overlap) {
    *training = (Training){.small = small, .rule = rule};
    training->vit = small_vit(small, small->most.images, small->most.nodes, SMALL_CHUNK);
    CHECK(partition_init(&training->partition, &small->shape, &small->table, SMALL_BATCH,
                         rule->pieces, &world) == STATUS_OK);
    training->weights = small_held_weights(small, &training->partition);
    FatLayersOptions layers = small_layers_options(small, &training->partition, SMALL_CHUNK);
    layers.no_overlap = no_overlap;
    CHECK(fat_layers_init(&training->layers, &layers) == STATUS_OK);
    const OptimizerOptions options = training_options(training, no_overlap);
    CHECK(optimizer_init(&training->optimizer, &options) == STATUS_OK);
}

static inline void training_close(Training *training) {
    optimizer_free(training->optimizer);
    fat_layers_free(training->layers);
    partition_free(&training->partition);
    vit_free(training->vit);
    memory_free(training->weights);
}

static inline void training_need_kernels(void *context) {
    const Training *training = context;
    optimizer_need_kernels(training->optimizer);
}

static inline void training_ready(void *context, VitPart part, size_t layer) {
    const Training *training = context;
    if (training->visit)
        training->visit(training->small, vit_partial(training->vit), part, layer);
    optimizer_ready(training->optimizer, training->vit, part, layer);
}

static inline void training_progress(void *context) {
    const Training *training = context;
    optimizer_progress(training->optimizer);
    fat_layers_progress(training->layers);
}

static inline void training_fat_forward(void *context, const VitRound *round, size_t layer,
                                        const float *input, float *output) {
    const Training *training = context;
    fat_layers_forward(training->layers, round, layer, input, output);
}

static inline void training_fat_backward(void *context, const VitRound *round, size_t layer,
                                         const float *delta, float *dinput) {
    const Training *training = context;
    fat_layers_backward(training->layers, round, layer, delta, dinput);
}

/* The squares of all pieces from the ranks that own them; the first of the owners tells. A number
 * and zeros make that number. */
static inline void training_share_squares(const Partition *partition, double *squares) {
    double *mine = small_array(partition->pieces, sizeof *mine);
    for (size_t g = 0; g < partition->regions; g++) {
        const Region *region = &partition->region[g];
        const size_t end = region_end_piece(region, world.rank);
        for (size_t p = region_first_piece(region, world.rank); p < end; p++)
            if (region_is_divided(region) || world.rank == 0)
                mine[p] = squares[p];
    }
    MPI_Allreduce(mine, squares, ranks_int(partition->pieces), MPI_DOUBLE, MPI_SUM, world.comm);
    memory_free(mine);
}

/* The gradient of that step's batch, its squares and norm. */
static inline void training_reduce(Training *training, uint64_t step) {
    Small *small = training->small;
    const VitHooks hooks = {.need_kernels = training_need_kernels,
                            .ready = training_ready,
                            .progress = training_progress,
                            .fat_forward = training_fat_forward,
                            .fat_backward = training_fat_backward,
                            .context = training};
    slices_set(&small->slices, small_images(step));
    optimizer_begin(training->optimizer, &small->slices);
    const size_t rounds = fat_layers_start(training->layers, training->weights, &small->slices,
                                           true, training_progress, training);
    small_forward_backward(small, training->vit, training->weights, step,
                           slices_first(&small->slices, world.rank),
                           slices_count(&small->slices, world.rank), rounds, &hooks);
    optimizer_reduce(training->optimizer, training->vit, training->weights);
    training_share_squares(&training->partition, optimizer_square(training->optimizer));
    training->norm = optimizer_norm(training->optimizer, &training->culprit);
}

/* Update number step + 1, the gradient clipped to a norm of 1/4. */
static inline RuleStep training_rule_step(const Small *small, uint64_t step, double norm) {
    return (RuleStep){.job = &small->job,
                      .count = step + 1,
                      .learning_rate = small->job.learning_rate,
                      .gradient_scale = 0.25 / norm};
}

/* A step; the weights may still be on their way when it returns. */
static inline void training_step(Training *training, uint64_t step) {
    training_reduce(training, step);
    const RuleStep rule_step = training_rule_step(training->small, step, training->norm);
    optimizer_update(training->optimizer, &rule_step, training->weights);
}

/* ---- by one process ---- */

typedef struct Alone {
    const Small *small;
    const Rule *rule;
    const Partition *partition;                          /* in whose pieces the norm is summed */
    float *weights, *gradient, *state[RULE_STATES_MOST]; /* flat vectors */
    float *rate_scale;                                   /* [table->count] */
    double norm;
} Alone;

static inline void alone_open(Alone *alone, const Training *training) {
    *alone = (Alone){.small = training->small,
                     .rule = training->rule,
                     .partition = &training->partition,
                     .weights = small_weights(training->small),
                     .gradient = small_vector(training->small),
                     .rate_scale = small_array(training->small->table.count, sizeof(float))};
    layer_decay_scales(&training->small->job, &training->small->table, alone->rate_scale);
    for (size_t s = 0; s < alone->rule->states; s++)
        alone->state[s] = small_vector(alone->small);
}

static inline void alone_close(Alone *alone) {
    memory_free(alone->weights);
    memory_free(alone->gradient);
    memory_free(alone->rate_scale);
    for (size_t s = 0; s < alone->rule->states; s++)
        memory_free(alone->state[s]);
}

static inline void alone_update(Alone *alone, const RuleTerms *terms, const Parameter *entry,
                                size_t offset, size_t floats) {
    const ParameterTable *table = &alone->small->table;
    RulePiece piece = {.entry = entry,
                       .decays = !entry || rule_decays(&alone->small->job, entry),
                       .rate_scale = entry ? alone->rate_scale[entry - table->entry] : 1.0f,
                       .floats = floats,
                       .gradient = alone->gradient + offset,
                       .weights = alone->weights + offset};
    for (size_t s = 0; s < alone->rule->states; s++)
        piece.state[s] = alone->state[s] + offset;
    alone->rule->update(terms, &piece);
}

/* A rule that looks at each value by itself gets the flat vector in one piece, where all of it
 * decays and learns alike. */
static inline void alone_step(Alone *alone, uint64_t step) {
    const ParameterTable *table = &alone->small->table;
    double sum = 0.0;
    small_whole_gradient(alone->small, alone->weights, step, alone->gradient);
    for (size_t p = 0; p < alone->partition->pieces; p++) {
        const Piece *piece = &alone->partition->piece[p];
        sum += kernels_best()->sum_squares(piece->floats, alone->gradient + piece->offset);
    }
    alone->norm = sqrt(sum);
    const RuleStep rule_step = training_rule_step(alone->small, step, alone->norm);
    const RuleTerms terms = alone->rule->terms(&rule_step);
    const Job *job = &alone->small->job;
    if (alone->rule->pieces == RULE_ANY_PIECES && job->decay == DECAY_ALL &&
        job->layer_decay == 1.0)
        alone_update(alone, &terms, NULL, 0, table->floats);
    else
        for (size_t i = 0; i < table->count; i++)
            alone_update(alone, &terms, &table->entry[i], table->entry[i].offset,
                         table->entry[i].count);
}

/* ---- both ---- */

/* Rank 0's flat vectors of the states, none on the others; the average comes after the rule's. */
static inline void training_collect(const Training *training, float *full[OPTIMIZER_STATES_MOST]) {
    const OptimizerStates states = optimizer_states(training->rule, &training->small->job);
    for (size_t s = 0; s < OPTIMIZER_STATES_MOST; s++)
        full[s] = world.rank == 0 && s < states.count ? small_vector(training->small) : NULL;
    optimizer_collect(training->optimizer, full);
}

/* Settled weights, states and norm have the same bits. */
static inline void training_check(Training *training, const Alone *alone) {
    float *full[OPTIMIZER_STATES_MOST];
    optimizer_settle(training->optimizer);
    CHECK(training->norm == alone->norm);
    CHECK(training->culprit == NULL);
    CHECK(small_held_differences(&training->partition, training->weights, alone->weights) == 0);
    training_collect(training, full);
    for (size_t s = 0; s < OPTIMIZER_STATES_MOST; s++) {
        CHECK(!full[s] || s >= training->rule->states ||
              small_differences(training->small, full[s], alone->state[s]) == 0);
        memory_free(full[s]);
    }
}

#endif
