/* The run that vit_bench measures: from which state it goes, and through which steps. */

#include "measure_run.h"
#include "train/tiny.h"
#include "vit/gemm.h"
#include "vit/log.h"
#include "vit/measuring.h"
#include <math.h>
#include <stdlib.h>

static struct {
    Plan plan;
    Command command;
    Training training;
    Output output;
} run;

/* A run that may save, as vit_mpi's: so there is something to measure. */
static void begin(const MeasureOptions *options) {
    static const char *output[] = {"job.output=out"};
    CHECK(tiny_plan(&run.plan, &run.command, 1, output) == STATUS_OK);
    run.output = OUTPUT_NONE;
    measure_run_adapt(&run.plan, options);
    CHECK(training_init(&run.training, &run.plan, true) == STATUS_OK);
    CHECK(measure_run_begin(&run.training, options) == STATUS_OK);
}

static void end(void) {
    training_settle(&run.training);
    log_close();
    training_free(&run.training);
    output_close(&run.output);
    plan_free(&run.plan);
}

/* Rank 0's copies of the settled weights and of the first state, of all ranks. */
static void keep_state(float **weights, float **first_state) {
    const size_t bytes = run.plan.table.floats * sizeof(float);
    training_settle(&run.training);
    saver_collect_weights(&run.training.saver, &run.training.trainer);
    optimizer_collect(run.training.trainer.optimizer, run.training.saver.state);
    *weights = malloc(bytes);
    *first_state = malloc(bytes);
    if (!*weights || !*first_state)
        abort();
    if (world.rank != 0)
        return;
    memcpy(*weights, run.training.saver.weights, bytes);
    memcpy(*first_state, run.training.saver.state[0], bytes);
}

static bool same_state(const float *weights, const float *first_state) {
    const size_t bytes = run.plan.table.floats * sizeof(float);
    saver_collect_weights(&run.training.saver, &run.training.trainer);
    optimizer_collect(run.training.trainer.optimizer, run.training.saver.state);
    return world.rank != 0 || (memcmp(weights, run.training.saver.weights, bytes) == 0 &&
                               memcmp(first_state, run.training.saver.state[0], bytes) == 0);
}

/* 19 images make two whole batches of 8 an epoch. */
static void steps_are_on_whole_batches_epoch_after_epoch(void) {
    begin(&(MeasureOptions){0});
    CHECK(measure_run_steps(&run.training, 5) == STATUS_OK);
    const Progress *progress = &run.training.progress;
    CHECK(progress->step == 5 && progress->adam_step == 5);
    CHECK(progress->epoch == 2 && progress->position == TINY_BATCH);
    CHECK(progress->sums.samples == TINY_BATCH);
    end();
}

/* Of best.h5 or last.h5 after five steps. */
static void save(SaveWish wish, float **weights, float **first_state) {
    begin(&(MeasureOptions){0});
    CHECK(world.rank != 0 || saver_open(&run.training.saver, &run.output, true) == STATUS_OK);
    CHECK(measure_run_steps(&run.training, 5) == STATUS_OK);
    keep_state(weights, first_state);
    saver_write(&run.training.saver, &run.training.trainer, wish);
    saver_wait(&run.training.saver);
    CHECK(!run.training.saver.failed[SAVE_LAST] && !run.training.saver.failed[SAVE_BEST]);
    end();
    MPI_Barrier(world.comm);
}

static void a_saved_state_comes_back_whole(void) {
    float *weights, *first_state;
    save((SaveWish){.last = true}, &weights, &first_state);
    begin(&(MeasureOptions){.checkpoint = "out/last.h5"});
    CHECK(same_state(weights, first_state));
    CHECK(run.training.progress.step == 5 && run.training.progress.adam_step == 5);
    CHECK(measure_run_steps(&run.training, 1) == STATUS_OK);
    CHECK(run.training.progress.step == 6 && run.training.progress.adam_step == 6);
    end();
    free(weights);
    free(first_state);
}

/* A best.h5 has no states: the first update counts as the first. */
static void weights_alone_go_on_without_updates_behind_them(void) {
    float *weights, *first_state;
    save((SaveWish){.best = true}, &weights, &first_state);
    begin(&(MeasureOptions){.checkpoint = "out/best.h5"});
    memset(first_state, 0, run.plan.table.floats * sizeof(float));
    CHECK(same_state(weights, first_state));
    CHECK(run.training.progress.step == 5 && run.training.progress.adam_step == 0);
    end();
    free(weights);
    free(first_state);
}

static void a_checkpoint_that_is_not_there_is_told_by_all(void) {
    static const MeasureOptions options = {.checkpoint = "out/none.h5"};
    CHECK(tiny_plan(&run.plan, &run.command, 0, NULL) == STATUS_OK);
    CHECK(training_init(&run.training, &run.plan, false) == STATUS_OK);
    CHECK(measure_run_begin(&run.training, &options) == STATUS_IO);
    training_free(&run.training);
    plan_free(&run.plan);
}

static void a_warm_up_is_as_long_as_asked_for(void) {
    WarmUp warm_up;
    begin(&(MeasureOptions){0});
    CHECK(measure_run_warm_up(&run.training, &(MeasureOptions){.warm_up = 3}, &warm_up) ==
          STATUS_OK);
    CHECK(run.training.progress.step == 3 && warm_up.steps == 3 && !warm_up.automatic);
    end();
}

/* All ranks stop after the same step, whether the speed has settled or not. */
static void an_automatic_warm_up_ends_when_two_windows_agree_or_at_the_bound(void) {
    WarmUp warm_up;
    begin(&(MeasureOptions){0});
    CHECK(measure_run_warm_up(&run.training, &(MeasureOptions){.warm_up_auto = true}, &warm_up) ==
          STATUS_OK);
    CHECK(run.training.progress.step == warm_up.steps && warm_up.automatic);
    CHECK(warm_up.steps >= 2 * (size_t)MEASURE_WINDOW && warm_up.steps % MEASURE_WINDOW == 0);
    CHECK(warm_up.settled ? fabs(warm_up.change) <= MEASURE_SETTLED
                          : warm_up.steps == MEASURE_WARM_UP_MOST);
    uint64_t steps[2] = {warm_up.steps, warm_up.steps};
    ranks_broadcast(&world, &steps[1], sizeof steps[1]);
    CHECK(steps[0] == steps[1]);
    end();
}

/* Of the gradient's means, which are the first state, after some steps in a state that is full of
 * them; the rate is 0, so that it stays so. */
static double denormals_after_steps(void) {
    float *weights, *means;
    size_t found = 0;
    begin(&(MeasureOptions){.denormals = true});
    CHECK(measure_run_steps(&run.training, 3) == STATUS_OK);
    keep_state(&weights, &means);
    for (size_t i = 0; world.rank == 0 && i < run.plan.table.floats; i++)
        found += fpclassify(means[i]) == FP_SUBNORMAL;
    const double share = (double)found / (double)run.plan.table.floats;
    end();
    free(weights);
    free(means);
    return share;
}

static void denormals_abound_unless_they_are_flushed(void) {
    CHECK(denormals_after_steps() == 0.0);
    measuring_set(MEASURE_DENORMALS, true);
    const double share = denormals_after_steps();
    CHECK(world.rank != 0 || share > 0.25);
    measuring_set(MEASURE_DENORMALS, false);
}

static void medians_are_in_the_middle(void) {
    CHECK(measure_run_median((const double[]){3.0, 1.0, 2.0}, 3) == 2.0);
    CHECK(measure_run_median((const double[]){4.0, 1.0, 2.0, 8.0}, 4) == 3.0);
    CHECK(measure_run_median((const double[]){5.0}, 1) == 5.0);
}

int main(int argc, char **argv) {
    gemm_init();
    test_start(&argc, &argv);
    tiny_enter();
    log_start(false, false);
    steps_are_on_whole_batches_epoch_after_epoch();
    a_saved_state_comes_back_whole();
    weights_alone_go_on_without_updates_behind_them();
    a_checkpoint_that_is_not_there_is_told_by_all();
    a_warm_up_is_as_long_as_asked_for();
    an_automatic_warm_up_ends_when_two_windows_agree_or_at_the_bound();
    denormals_abound_unless_they_are_flushed();
    medians_are_in_the_middle();
    tiny_leave();
    return test_end();
}
