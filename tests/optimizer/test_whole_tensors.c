/* A rule that the table does not have, and that looks at whole tensors: nothing but its row tells
 * the partition, the optimizer and a checkpoint of it. */

#include "store/scratch.h"
#include "training.h"
#include "vit/checkpoint.h"
#include "vit/collection.h"

/* ---- a row ---- */

enum { MOMENTUM, STATES };

static RuleTerms terms_of(const RuleStep *step) {
    return (RuleTerms){.value = {step->learning_rate, step->gradient_scale}};
}

static double norm_of(size_t count, const float *values) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i] * (double)values[i];
    return sqrt(sum);
}

/* m = m / 2 + g |w| / |g|, w -= rate m: a step is as long as the tensor, whatever the gradient's
 * length. */
static void update(const RuleTerms *terms, const RulePiece *piece) {
    const double rate = terms->value[0], scale = terms->value[1];
    const double gradient = scale * norm_of(piece->floats, piece->gradient);
    const double ratio = gradient > 0.0 ? norm_of(piece->floats, piece->weights) / gradient : 0.0;
    float *momentum = piece->state[MOMENTUM];
    for (size_t i = 0; i < piece->floats; i++) {
        momentum[i] = 0.5f * momentum[i] + (float)(scale * ratio) * piece->gradient[i];
        piece->weights[i] -= (float)rate * momentum[i];
    }
}

static const Rule whole_tensors = {.name = "steps as long as the tensor",
                                   .states = STATES,
                                   .state = {[MOMENTUM] = "momentum"},
                                   .pieces = RULE_WHOLE_TENSORS,
                                   .terms = terms_of,
                                   .update = update};

/* The same rule, let loose on parts of tensors. */
static const Rule any_pieces = {.name = "steps as long as the piece",
                                .states = STATES,
                                .state = {[MOMENTUM] = "momentum"},
                                .pieces = RULE_ANY_PIECES,
                                .terms = terms_of,
                                .update = update};

/* ---- in a training ---- */

static void steps_are_those_of_one_process(bool folded, size_t threads) {
    Small small;
    Training training;
    Alone alone;
    small_open(&small, folded, threads);
    training_open(&training, &small, &whole_tensors, false);
    alone_open(&alone, &training);
    CHECK(training.partition.pieces == small.table.count);
    for (uint64_t step = 0; step < 4; step++) {
        training_step(&training, step);
        alone_step(&alone, step);
    }
    training_check(&training, &alone);
    CHECK(optimizer_check_replicas(training.optimizer, training.weights, 4) == STATUS_OK);
    alone_close(&alone);
    training_close(&training);
    small_close(&small);
}

/* Rank 0's flat vectors to a file, and from there into vectors of zeros. */
static void write_and_read(const Small *small, float *weights, float *momentum) {
    char *folder = scratch_make(), *text = NULL, path[1024];
    History history = {0};
    char name[] = "all";
    const CheckpointData data = {.height = 1,
                                 .width = 1,
                                 .channels = 1,
                                 .variance = {1},
                                 .classes = 1,
                                 .name_bytes = sizeof name,
                                 .name = name};
    Checkpoint checkpoint = {.table = &small->table,
                             .weights = weights,
                             .states = STATES,
                             .state = {[MOMENTUM] = {whole_tensors.state[MOMENTUM], momentum}},
                             .progress = progress_start(),
                             .history = &history,
                             .data = &data};
    CHECK(job_to_text(&small->job, &text) == STATUS_OK);
    checkpoint.job_text = text;
    scratch_path(folder, "last.h5", path);
    CHECK(checkpoint_write(path, &checkpoint) == STATUS_OK);
    memset(weights, 0, small->table.floats * sizeof *weights);
    memset(momentum, 0, small->table.floats * sizeof *momentum);
    CHECK(checkpoint_read(path, &checkpoint) == STATUS_OK);
    history_free(&history);
    memory_free(text);
    scratch_remove(folder);
}

/* The state is stored under its name. */
static void a_training_goes_on_from_a_checkpoint(bool folded) {
    Small small;
    Training before, after;
    Alone alone;
    float *full[OPTIMIZER_STATES_MOST];
    small_open(&small, folded, 1);
    training_open(&before, &small, &whole_tensors, false);
    training_open(&after, &small, &whole_tensors, false);
    alone_open(&alone, &before);
    training_step(&before, 0);
    optimizer_settle(before.optimizer);
    training_collect(&before, full);
    float *weights = world.rank == 0 ? small_vector(&small) : NULL;
    collection_gather_weights(&world, &before.partition, before.weights, weights);
    if (world.rank == 0)
        write_and_read(&small, weights, full[MOMENTUM]);
    collection_deal_weights(&world, &after.partition, weights, after.weights);
    optimizer_deal(after.optimizer, full);
    training_step(&after, 1);
    alone_step(&alone, 0);
    alone_step(&alone, 1);
    training_check(&after, &alone);
    memory_free(full[MOMENTUM]), memory_free(weights);
    alone_close(&alone);
    training_close(&after);
    training_close(&before);
    small_close(&small);
}

/* So that the steps above show that tensors were whole. */
static void pieces_would_give_other_weights(void) {
    Small small;
    Training whole, parts;
    small_open(&small, false, 1);
    training_open(&whole, &small, &whole_tensors, false);
    training_open(&parts, &small, &any_pieces, false);
    training_step(&whole, 0);
    training_step(&parts, 0);
    optimizer_settle(whole.optimizer);
    optimizer_settle(parts.optimizer);
    CHECK(small_differences(&small, whole.weights, parts.weights) > 0);
    training_close(&whole);
    training_close(&parts);
    small_close(&small);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    gemm_init();
    for (int folded = 0; folded < 2; folded++) {
        steps_are_those_of_one_process(folded, small_threads());
        a_training_goes_on_from_a_checkpoint(folded);
    }
    pieces_would_give_other_weights();
    return test_end();
}
