#include "loop.h"

#include "epoch.h"
#include "finish.h"
#include "step.h"
#include "vit/log.h"
#include "vit/stop.h"
#include "vit/watchdog.h"
#include <time.h>

/* ---- what is due after a step ---- */

/* What is evaluated before the next step: validation at the end of the epoch, the test split at the
 * end of all. In seconds; before the first evaluation at the speed of training, of which evaluation
 * is a third. */
static double evaluation_seconds(const Training *training, size_t batch_images) {
    const Plan *plan = training->plan;
    const Progress *progress = &training->progress;
    const size_t max_steps = plan->job.max_steps;
    const bool last_step = max_steps && progress->step + 1 >= max_steps;
    if (!last_step && progress->position + batch_images < plan->train_images)
        return 0.0;
    size_t images = plan->validation_images;
    if (last_step || progress->epoch + 1 == plan->job.epochs)
        images += plan->data.images[SPLIT_TEST];
    const double known = training->trainer.evaluation_rate;
    const double rate =
        known > 0.0 ? known : (double)progress->sums.samples / progress->sums.seconds;
    return rate > 0.0 ? (double)images / rate : 0.0;
}

/* StepAsk: a signal, the time limit, a save that is due. The last two are rank 0's to tell. */
static void ask(void *context, const Batch *batch, ReportWishes *wishes) {
    const Training *training = context;
    const Saver *saver = &training->saver;
    wishes->stop = stop_requested() != NULL;
    wishes->saved_step = saver->saved_step;
    if (training->plan->ranks->rank != 0)
        return;
    const double left = training->plan->deadline - (double)time(NULL);
    wishes->stop |= stop_time_is_up(left, training->times.latest, saver_cost(saver),
                                    evaluation_seconds(training, batch->images));
    wishes->save = saver_is_due(saver, training->progress.step + 1);
}

/* ---- what a step leaves ---- */

/* The step and its samples are used up, also by one that is skipped. */
static void note_step(Training *training, const StepResult *result) {
    Progress *progress = &training->progress;
    progress->step++;
    progress->position += result->images;
    progress->sums.coverage += result->sums.coverage;
    training->saver.saved_step = result->sums.saved_step;
    if (training->plan->ranks->rank == 0 &&
        history_add_step(&training->history, (StepRow){.step = progress->step,
                                                       .loss = result->loss,
                                                       .gradient_norm = result->gradient_norm,
                                                       .learning_rate = result->learning_rate}))
        log_warning("%s", status_message());
    watchdog_position(progress->step, training->saver.saved_step);
}

static void note_update(Training *training, const StepResult *result) {
    EpochSums *sums = &training->progress.sums;
    training->bad_steps = 0;
    training->progress.adam_step++;
    sums->loss += result->sums.loss;
    sums->hits += result->sums.hits;
    sums->top5_hits += result->sums.top5_hits;
    sums->samples += result->images;
}

/* A step that is not finite changed nothing but the counts of steps and samples. */
static Status note_skipped(Training *training, const StepResult *result) {
    const unsigned long long step = training->progress.step;
    training->bad_steps++;
    if (training->plan->ranks->rank == 0)
        log_warning("step %llu: %s is not finite; the step is skipped (%zu in a row)", step,
                    result->culprit, training->bad_steps);
    if (training->bad_steps < training->plan->job.max_bad_steps)
        return STATUS_OK;
    char saved[SAVER_TEXT];
    saver_wait(&training->saver);
    saver_describe(&training->saver, saved);
    return status_fail(STATUS_INTERNAL,
                       "step %llu: %s is not finite, %zu steps in a row ([train] max_bad_steps); "
                       "%s",
                       step, result->culprit, training->bad_steps, saved);
}

/* ---- steps ---- */

/* A step, and what it leaves. */
static Status take_step(Training *training, StepResult *result) {
    const Waits before = trainer_waits(&training->trainer);
    const double start = MPI_Wtime();
    *result = step_take(&training->trainer, &training->progress, (StepAsk){ask, training});
    training_add_waits(training, before);
    note_step(training, result);
    if (result->finite)
        note_update(training, result);
    else
        STATUS_TRY(note_skipped(training, result));
    step_times_add(&training->times, MPI_Wtime() - start);
    training->progress.sums.seconds += training->times.latest;
    return STATUS_OK;
}

/* What was asked for in it, or falls due: all ranks do the same. */
static Status after_step(Training *training, const StepResult *result) {
    const Plan *plan = training->plan;
    const uint64_t step = training->progress.step;
    const bool check = plan->job.check_every && step % plan->job.check_every == 0;
    if (!result->sums.save && !check)
        return STATUS_OK;
    training_settle(training);
    /* What memory has spoilt is not saved. */
    STATUS_TRY(
        optimizer_check_replicas(training->trainer.optimizer, training->trainer.weights, step));
    if (result->sums.save && training->bad_steps == 0)
        saver_write(&training->saver, &training->trainer, (SaveWish){.last = true});
    return STATUS_OK;
}

Status loop_step(Training *training, bool *stop) {
    StepResult result;
    STATUS_TRY(take_step(training, &result));
    const EpochRow row = epoch_row(training);
    display_step(&training->display, &training->progress, &row);
    saver_poll(&training->saver);
    *stop = result.sums.stop;
    return *stop ? STATUS_OK : after_step(training, &result);
}

/* Why the steps of an epoch ended. */
typedef enum Outcome { OUTCOME_EPOCH_DONE, OUTCOME_MAX_STEPS, OUTCOME_STOPPED } Outcome;

/* From the current position to the end of the epoch, or until something ends it. */
static Status run_epoch(Training *training, Outcome *outcome) {
    Progress *progress = &training->progress;
    *outcome = OUTCOME_EPOCH_DONE;
    input_begin(&training->trainer.input, progress->epoch, progress->position);
    while (progress->position < training->plan->train_images) {
        bool stop;
        if (training_steps_used_up(training)) {
            *outcome = OUTCOME_MAX_STEPS;
            return STATUS_OK;
        }
        STATUS_TRY(loop_step(training, &stop));
        if (stop) {
            *outcome = OUTCOME_STOPPED;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* ---- epochs ---- */

Status loop_run(Training *training) {
    const Plan *plan = training->plan;
    Progress *progress = &training->progress;
    if (progress->finished && !training_work_is_left(training))
        return finish_again(training);
    progress->finished = false;
    history_cut(&training->history, progress->epoch, progress->step);
    if (plan->ranks->rank == 0)
        saver_begin(&training->saver);
    display_ready(&training->display);
    while (training_work_is_left(training)) {
        Outcome outcome;
        STATUS_TRY(run_epoch(training, &outcome));
        training_settle(training);
        if (outcome == OUTCOME_STOPPED)
            return finish_stopped(training);
        if (outcome == OUTCOME_MAX_STEPS)
            break;
        if (plan->job.check_every == 0)
            STATUS_TRY(optimizer_check_replicas(training->trainer.optimizer,
                                                training->trainer.weights, progress->step));
        STATUS_TRY(epoch_close(training, false));
    }
    if (progress->position > 0)
        STATUS_TRY(epoch_close(training, progress->position < plan->train_images));
    return finish_run(training);
}
