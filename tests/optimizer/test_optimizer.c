/* Steps of an optimizer that the ranks share have the bits of one process's steps. */

#include "training.h"
#include "vit/collection.h"

static const Rule *rule_named(Small *small, DecayRule decay) {
    small->job.decay_rule = decay;
    return rule_of_job(&small->job);
}

/* Whole batches and small ones in turn, with nothing settled in between: what a step reads has
 * arrived when it reads it. */
static void steps_are_those_of_one_process(bool folded, DecayRule decay, size_t threads) {
    Small small;
    Training training;
    Alone alone;
    small_open(&small, folded, threads);
    training_open(&training, &small, rule_named(&small, decay), false);
    alone_open(&alone, &training);
    for (uint64_t step = 0; step < 4; step++) {
        training_step(&training, step);
        alone_step(&alone, step);
        CHECK(training.norm == alone.norm && training.culprit == NULL);
    }
    training_check(&training, &alone);
    CHECK(optimizer_check_replicas(training.optimizer, training.weights, 4) == STATUS_OK);
    const OptimizerWaits waits = optimizer_waits(training.optimizer);
    CHECK(waits.gradients >= 0.0 && waits.weights >= 0.0);
    alone_close(&alone);
    training_close(&training);
    small_close(&small);
}

/* Regions mix tensors that decay with others. */
static void only_kernels_decay_where_the_job_says_so(bool folded) {
    Small small;
    Training training;
    Alone alone;
    small_open(&small, folded, small_threads());
    small.job.decay = DECAY_KERNELS;
    small.job.weight_decay = 0.25;
    training_open(&training, &small, rule_named(&small, DECAY_TFA), false);
    alone_open(&alone, &training);
    for (uint64_t step = 0; step < 2; step++) {
        training_step(&training, step);
        alone_step(&alone, step);
    }
    training_check(&training, &alone);
    alone_close(&alone);
    training_close(&training);
    small_close(&small);
}

/* Each tensor's learning rate is its own, with either optimizer. */
static void lower_layers_learn_more_slowly(OptimizerKind kind, bool folded) {
    Small small;
    Training training;
    Alone alone;
    small_open(&small, folded, small_threads());
    small.job.optimizer = kind;
    small.job.layer_decay = 0.75;
    training_open(&training, &small, rule_named(&small, DECAY_TORCH), false);
    alone_open(&alone, &training);
    for (uint64_t step = 0; step < 3; step++) {
        training_step(&training, step);
        alone_step(&alone, step);
    }
    training_check(&training, &alone);
    alone_close(&alone);
    training_close(&training);
    small_close(&small);
}

/* Messages never overlap with computing: all weights are there when the update returns. */
static void without_overlap_the_bits_are_the_same(void) {
    Small small;
    Training training;
    Alone alone;
    small_open(&small, false, 1);
    training_open(&training, &small, rule_named(&small, DECAY_TFA), true);
    alone_open(&alone, &training);
    for (uint64_t step = 0; step < 2; step++) {
        training_step(&training, step);
        alone_step(&alone, step);
        CHECK(small_held_differences(&training.partition, training.weights, alone.weights) == 0);
    }
    training_check(&training, &alone);
    alone_close(&alone);
    training_close(&training);
    small_close(&small);
}

/* The norm, summed in pieces, is the gradient's but for rounding. */
static void the_norm_is_the_whole_gradients(bool folded) {
    Small small;
    Training training;
    small_open(&small, folded, 1);
    training_open(&training, &small, rule_named(&small, DECAY_TFA), false);
    float *whole = small_vector(&small), *weights = small_weights(&small);
    double sum = 0.0;
    small_whole_gradient(&small, weights, 0, whole);
    for (size_t i = 0; i < small.table.floats; i++)
        sum += (double)whole[i] * (double)whole[i];
    training_reduce(&training, 0);
    /* At most 3e5 additions in double, each rounded to 1.1e-16 of the sum. */
    CHECK(fabs(training.norm - sqrt(sum)) <= 4e-11 * sqrt(sum));
    memory_free(whole), memory_free(weights);
    training_close(&training);
    small_close(&small);
}

/* What was collected goes on elsewhere as the original does. */
static void collected_states_go_on(bool folded) {
    Small small;
    Training first, second;
    float *full[OPTIMIZER_STATES_MOST], *again[OPTIMIZER_STATES_MOST];
    small_open(&small, folded, 1);
    training_open(&first, &small, rule_named(&small, DECAY_TFA), false);
    training_open(&second, &small, first.rule, false);
    training_step(&first, 0);
    optimizer_settle(first.optimizer);
    training_collect(&first, full);
    memcpy(second.weights, first.weights, small.table.floats * sizeof(float));
    optimizer_deal(second.optimizer, full);
    training_collect(&second, again);
    for (size_t s = 0; s < OPTIMIZER_STATES_MOST; s++)
        CHECK(!full[s] || small_differences(&small, full[s], again[s]) == 0);
    training_step(&first, 1);
    training_step(&second, 1);
    optimizer_settle(first.optimizer);
    optimizer_settle(second.optimizer);
    CHECK(small_differences(&small, first.weights, second.weights) == 0);
    for (size_t s = 0; s < OPTIMIZER_STATES_MOST; s++)
        memory_free(full[s]), memory_free(again[s]);
    training_close(&first);
    training_close(&second);
    small_close(&small);
}

/* ---- averaged weights ---- */

/* e += g (w - e) on rank 0's weights, in double. */
static void follow(const Training *training, const float *weights, uint64_t t, double *e) {
    const double memory = 1.0 - pow(1.0 + (double)t, -2.0 / 3.0);
    const double gain =
        memory < training->small->job.ema ? 1.0 - memory : 1.0 - training->small->job.ema;
    for (size_t i = 0; i < training->small->table.floats; i++)
        e[i] += gain * ((double)weights[i] - e[i]);
}

/* Rank 0's settled weights; NULL on others. */
static void gather(const Training *training, float *full) {
    optimizer_settle(training->optimizer);
    collection_gather_weights(&world, &training->partition, training->weights, full);
}

/* The first three gains are 0.63, 0.48 and 0.4 of 1 - ema, from then on 0.4. fp32 rounds thrice a
 * step to 6e-8 of values below 2. */
static void the_average_follows_the_weights(bool folded) {
    Small small;
    Training training;
    small_open(&small, folded, small_threads());
    small.job.ema = 0.6;
    training_open(&training, &small, rule_named(&small, DECAY_TFA), false);
    optimizer_begin_average(training.optimizer, training.weights);
    const size_t floats = small.table.floats;
    float *full = small_vector(&small), *average = small_vector(&small);
    double *e = small_array(floats, sizeof *e);
    gather(&training, full);
    for (size_t i = 0; i < floats; i++)
        e[i] = (double)full[i];
    for (uint64_t step = 0; step < 5; step++) {
        training_step(&training, step);
        gather(&training, full);
        follow(&training, full, step + 1, e);
    }
    optimizer_collect_average(training.optimizer, average);
    double most = 0.0, moved = 0.0;
    for (size_t i = 0; world.rank == 0 && i < floats; i++) {
        most = fmax(most, fabs((double)average[i] - e[i]));
        moved = fmax(moved, fabs((double)average[i] - (double)full[i]));
    }
    CHECK(most <= 2e-6);
    CHECK(world.rank != 0 || moved > 1e-3);
    memory_free(full), memory_free(average), memory_free(e);
    training_close(&training);
    small_close(&small);
}

/* Between two exchanges all ranks have the averages where they had the weights, and then these
 * again, of which neither the check nor the next step can tell that they were away. */
static void weights_and_averages_change_places(bool folded) {
    Small small;
    Training training;
    Alone alone;
    small_open(&small, folded, 1);
    small.job.ema = 0.6;
    training_open(&training, &small, rule_named(&small, DECAY_TFA), false);
    alone_open(&alone, &training);
    optimizer_begin_average(training.optimizer, training.weights);
    float *before = small_vector(&small), *full = small_vector(&small),
          *average = small_vector(&small);
    training_step(&training, 0);
    optimizer_settle(training.optimizer);
    memcpy(before, training.weights, small.table.floats * sizeof *before);
    optimizer_collect_average(training.optimizer, average);
    ranks_broadcast(&world, average, small.table.floats * sizeof *average);

    optimizer_swap_average(training.optimizer, training.weights);
    CHECK(small_held_differences(&training.partition, training.weights, average) == 0);
    CHECK(small_held_differences(&training.partition, training.weights, before) > 0 ||
          partition_held_floats(&training.partition, world.rank) == 0);
    optimizer_swap_average(training.optimizer, training.weights);
    CHECK(small_held_differences(&training.partition, training.weights, before) == 0);
    CHECK(optimizer_check_replicas(training.optimizer, training.weights, 1) == STATUS_OK);
    optimizer_collect_average(training.optimizer, full);
    CHECK(world.rank != 0 || small_differences(&small, full, average) == 0);

    training_step(&training, 1);
    alone_step(&alone, 0);
    alone_step(&alone, 1);
    training_check(&training, &alone);
    CHECK(optimizer_check_replicas(training.optimizer, training.weights, 2) == STATUS_OK);
    memory_free(before), memory_free(full), memory_free(average);
    alone_close(&alone);
    training_close(&training);
    small_close(&small);
}

/* ---- what is not finite ---- */

static void spoil_kernel(const Small *small, const VitPartial *partial, VitPart part,
                         size_t layer) {
    (void)small;
    if (world.rank + 1 == world.size && part == VIT_KERNEL && layer == 1)
        partial->layer[1].node[0][3] = NAN;
}

/* Where attention is not folded, units are summed as the flat vector has them. */
static void spoil_both(const Small *small, const VitPartial *partial, VitPart part, size_t layer) {
    spoil_kernel(small, partial, part, layer);
    if (world.rank + 1 == world.size && part == VIT_UNITS)
        partial->unit[0][small->table.position + 1] = INFINITY;
}

static bool culprit_is(const Training *training, const char *name) {
    return training->culprit && strcmp(training->culprit, name) == 0;
}

/* Tensors are looked at in the order of the flat vector. A step that is not applied leaves nothing
 * behind. */
static void the_first_tensor_that_is_not_finite_is_named(void) {
    Small small;
    Training training;
    Alone alone;
    small_open(&small, false, 1);
    training_open(&training, &small, rule_named(&small, DECAY_TFA), false);
    alone_open(&alone, &training);
    training.visit = spoil_kernel;
    training_reduce(&training, 0);
    CHECK(culprit_is(&training, "logits/kernel") && !isfinite(training.norm));
    training.visit = spoil_both;
    training_reduce(&training, 0);
    CHECK(culprit_is(&training, "patch_embed/position") && !isfinite(training.norm));
    training.visit = NULL;
    training_step(&training, 0);
    alone_step(&alone, 0);
    training_check(&training, &alone);
    alone_close(&alone);
    training_close(&training);
    small_close(&small);
}

/* A bit that flips in the rows of which one rank alone has weights, between steps or after the last
 * one, is found by the next check, which names tensor and rank. */
static void a_flipped_bit_of_a_row_is_found(bool between) {
    Small small;
    Training training;
    char wanted[64];
    small_open(&small, false, 1);
    training_open(&training, &small, rule_named(&small, DECAY_TFA), false);
    const Region *region = &training.partition.region[partition_kernel(0)];
    const size_t row = region->offset + region_first(region, world.rank);
    training_step(&training, 0);
    CHECK(optimizer_check_replicas(training.optimizer, training.weights, 1) == STATUS_OK);
    if (world.rank + 1 == world.size && region_count(region, world.rank) > 0)
        *(uint32_t *)(void *)(training.weights + row + 7) ^= 1u;
    if (between)
        training_step(&training, 1);
    optimizer_settle(training.optimizer);
    CHECK(optimizer_check_replicas(training.optimizer, training.weights, 2) == STATUS_INTERNAL);
    CHECK(strstr(status_message(), "after step 2 ") && strstr(status_message(), "head0/kernel"));
    snprintf(wanted, sizeof wanted, "rank %d on ", world.size - 1);
    CHECK(world.size == 1 || strstr(status_message(), wanted));
    training_close(&training);
    small_close(&small);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    gemm_init();
    for (int folded = 0; folded < 2; folded++) {
        steps_are_those_of_one_process(folded, DECAY_TFA, 1);
        steps_are_those_of_one_process(folded, DECAY_TORCH, small_threads());
        the_norm_is_the_whole_gradients(folded);
        collected_states_go_on(folded);
        only_kernels_decay_where_the_job_says_so(folded);
        lower_layers_learn_more_slowly(OPTIMIZER_ADAMW, folded);
        lower_layers_learn_more_slowly(OPTIMIZER_SGD, folded);
        the_average_follows_the_weights(folded);
        weights_and_averages_change_places(folded);
    }
    without_overlap_the_bits_are_the_same();
    the_first_tensor_that_is_not_finite_is_named();
    a_flipped_bit_of_a_row_is_found(false);
    a_flipped_bit_of_a_row_is_found(true);
    optimizer_free(NULL);
    return test_end();
}
