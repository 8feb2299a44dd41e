#include "run.h"

#include "vit/epoch_order.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/replica.h"
#include "vit/size.h"
#include "vit/watchdog.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Why the loop over the steps ended. */
typedef enum Outcome { OUTCOME_EPOCH_DONE, OUTCOME_MAX_STEPS, OUTCOME_STOPPED } Outcome;

static size_t next_batch(const Run *run, size_t position) {
    const size_t left = run->train_images - position;
    return left < run->job.batch_size ? left : run->job.batch_size;
}

size_t run_epoch_steps(const Run *run) {
    return size_groups(run->train_images, run->job.batch_size);
}

static bool steps_used_up(const Run *run) {
    return run->job.max_steps && run->progress.step >= run->job.max_steps;
}

/* From the current position to the end of the epoch, or until something ends it. */
static Status run_steps(Run *run, Outcome *outcome) {
    *outcome = OUTCOME_EPOCH_DONE;
    epoch_order(run->job.seed, run->progress.epoch, run->train_images, run->order);
    if (run->progress.position < run->train_images)
        batch_post(run->batches, run->order + run->progress.position,
                   next_batch(run, run->progress.position));
    while (run->progress.position < run->train_images) {
        if (steps_used_up(run)) {
            *outcome = OUTCOME_MAX_STEPS;
            return STATUS_OK;
        }
        Batch batch;
        bool stop = false, save = false;
        const double start = MPI_Wtime();
        watchdog_phase("waiting for samples", WATCHDOG_TOGETHER);
        run->progress.sums.wait.samples += batch_wait(run->batches, &batch);
        const size_t next = run->progress.position + batch.images;
        if (next < run->train_images)
            batch_post(run->batches, run->order + next, next_batch(run, next));
        STATUS_TRY(run_step(run, &batch, &stop, &save));
        run->step_seconds = MPI_Wtime() - start;
        run->progress.sums.seconds += run->step_seconds;
        run->steps.seconds += run->step_seconds;
        run->steps.count++;
        display_step(run);
        run_save_poll(run);
        if (stop) {
            *outcome = OUTCOME_STOPPED;
            return STATUS_OK;
        }
        const bool check = run->job.check_every && run->progress.step % run->job.check_every == 0;
        if (save || check)
            run_settle(run);
        if (save && run->bad_steps == 0)
            run_save(run, (SaveWish){.last = true});
        if (check)
            STATUS_TRY(replica_check(run->ranks, &run->table, run->weights, run->progress.step,
                                     run->digests));
    }
    return STATUS_OK;
}

EpochRow run_epoch_row(const Run *run) {
    const EpochSums *sums = &run->progress.sums;
    const double samples = (double)sums->samples;
    return (EpochRow){.epoch = run->progress.epoch + 1,
                      .loss = sums->loss / samples,
                      .accuracy = (double)sums->hits / samples,
                      .top5_accuracy = (double)sums->top5_hits / samples,
                      .val_loss = NAN,
                      .val_accuracy = NAN,
                      .val_top5_accuracy = NAN,
                      .learning_rate = run->job.learning_rate,
                      .seconds = sums->seconds,
                      .images_per_second = samples / sums->seconds,
                      .wait_seconds = waits_total(&sums->wait),
                      .wait = sums->wait};
}

static void log_digest(const Run *run, const char *label) {
    char text[DIGEST_TEXT];
    if (!run->command->digest || run->ranks->rank != 0)
        return;
    if (parameter_digest(&run->table, run->weights, text) == STATUS_OK)
        log_info("%s: %s", label, text);
    else
        log_warning("%s", status_message());
}

/* Rank 0: whether best.h5 is due, because these weights are the best so far; not while steps go
 * wrong. Weights from the middle of an epoch stand in only where there are none, and do not count,
 * so that going on later gives what an undisturbed run gives. */
static bool note_best(Run *run, const EpochRow *row, bool partial) {
    Progress *progress = &run->progress;
    if (run->bad_steps)
        return false;
    if (run->validation_images == 0 || partial)
        return run->validation_images == 0 || isnan(progress->best_val_accuracy);
    if (!isnan(progress->best_val_accuracy) && !(row->val_accuracy > progress->best_val_accuracy))
        return false;
    progress->best_val_accuracy = row->val_accuracy;
    progress->best_epoch = row->epoch;
    return true;
}

/* Whether the epoch used each sample once, whatever ranks took part in it. */
static void log_coverage(const Run *run) {
    const EpochSums *sums = &run->progress.sums;
    const unsigned long long used = sums->coverage, all = epoch_coverage_of_all(run->train_images);
    if (used == all)
        log_info("Epoch %llu used each of the %zu samples once (digest %016llx)",
                 (unsigned long long)run->progress.epoch + 1, run->train_images, used);
    else
        log_error("epoch %llu did not use each of the %zu samples once: their digest is %016llx "
                  "instead of %016llx",
                  (unsigned long long)run->progress.epoch + 1, run->train_images, used, all);
}

/* Metrics, validation, best weights; then the next epoch begins, unless max_steps ended this one
 * early. */
static void close_epoch(Run *run, bool partial) {
    EpochRow row = run_epoch_row(run);
    if (run->validation_images) {
        const Evaluation validation = run_evaluate(run, run->weights, &run->validation);
        row.val_loss = validation.loss;
        row.val_accuracy = validation.accuracy;
        row.val_top5_accuracy = validation.top5_accuracy;
    }
    const bool first = run->ranks->rank == 0;
    char paces[PACE_TEXT];
    pace_describe(run->ranks, &run->pace, run->paces, paces);
    run->pace = (Pace){0};
    if (first) {
        if (history_add_epoch(&run->history, row) != STATUS_OK)
            log_warning("%s", status_message());
        display_epoch(run, &row, paces);
        if (!partial)
            log_coverage(run);
    }
    char label[64];
    snprintf(label, sizeof label, "Epoch %llu weights SHA-256", (unsigned long long)row.epoch);
    log_digest(run, label);
    if (!partial) {
        run->progress.epoch++;
        run->progress.position = 0;
        run->progress.sums = (EpochSums){0};
    }
    /* A best.h5 that failed takes back what progress says of the best. */
    if (first)
        run_save_wait(run);
    SaveWish wish = {.last = !partial && run->job.at_epoch_end && run->bad_steps == 0,
                     .metrics = true,
                     .best_val_accuracy = run->progress.best_val_accuracy,
                     .best_epoch = run->progress.best_epoch};
    if (first)
        wish.best = note_best(run, &row, partial);
    run_save(run, wish);
}

bool run_work_is_left(const Run *run) {
    return run->progress.epoch < run->job.epochs && !steps_used_up(run);
}

/* Rank 0: the best weights. Where best.h5 is lost or does not belong here, the current weights take
 * its place. */
static void take_best(Run *run, float *best) {
    run_save_wait(run);
    run_own_work(run, "reading best.h5");
    const Status status = run_read_best(run, best);
    watchdog_phase("the end of training", WATCHDOG_TOGETHER);
    if (status == STATUS_OK)
        return;
    log_warning("%s; the current weights take its place", status_message());
    /* They are not what was the best: a later validation makes a new one. */
    run->progress.best_val_accuracy = NAN;
    run->progress.best_epoch = 0;
    run_save(run, (SaveWish){.best = true,
                             .best_val_accuracy = run->progress.best_val_accuracy,
                             .best_epoch = run->progress.best_epoch});
    run_save_wait(run);
    memcpy(best, run->weights, run->table.floats * sizeof *best);
}

/* The best weights on the test split. */
static Status test_best(Run *run, Evaluation *test) {
    const size_t bytes = run->table.floats * sizeof(float);
    float *best;
    const Status status =
        memory_allocate(&best, run->table.floats, sizeof *best, "the best weights");
    STATUS_TRY(ranks_agree(run->ranks, status));
    if (run->ranks->rank == 0)
        take_best(run, best);
    ranks_broadcast(run->ranks, best, bytes);
    *test = run_evaluate(run, best, &run->test);
    memory_free(best);
    return STATUS_OK;
}

/* The job ends with steps that went wrong. */
static Status wrecked(Run *run) {
    char saved[512];
    run_save_wait(run);
    run_describe_saved(run, saved, sizeof saved);
    return status_fail(STATUS_INTERNAL,
                       "the last %zu steps, up to step %llu, were not finite and were skipped; %s",
                       run->bad_steps, (unsigned long long)run->progress.step, saved);
}

/* The best weights on the test split, and the last word of last.h5. */
static Status finish(Run *run) {
    const bool first = run->ranks->rank == 0;
    if (run->bad_steps)
        return wrecked(run);
    log_digest(run, "Weights SHA-256");
    Evaluation test;
    STATUS_TRY(test_best(run, &test));
    run->progress.finished = true;
    run->progress.test_loss = test.loss;
    run->progress.test_accuracy = test.accuracy;
    run->progress.test_top5_accuracy = test.top5_accuracy;
    run_save(run, (SaveWish){.last = true, .metrics = true});
    if (!first)
        return STATUS_OK;
    run_save_wait(run);
    display_saves(run);
    display_test(&test);
    return STATUS_OK;
}

/* A save that failed at last is the run's result, even if all else went well. Collective. */
static Status check_saves(const Run *run, size_t first, size_t count) {
    Status status = STATUS_OK;
    for (size_t file = first + count; file-- > first;)
        if (run->failed[file])
            status =
                status_fail(STATUS_IO, "%s: the last save of %s failed; see the messages above",
                            run->job.output, save_file_name[file]);
    return ranks_agree(run->ranks, status);
}

/* Only last.h5 is needed to go on. While steps go wrong the one from before is better than a new
 * one. */
static Status stop_early(Run *run) {
    if (run->bad_steps == 0)
        run_save(run, (SaveWish){.last = true});
    run_save_wait(run);
    display_saves(run);
    STATUS_TRY(check_saves(run, SAVE_LAST, 1));
    if (run->bad_steps == 0)
        return status_fail(STATUS_STOPPED,
                           "Stopped after step %llu, saved in %s; the same command goes on",
                           (unsigned long long)run->progress.step, run->job.output);
    char saved[512];
    run_describe_saved(run, saved, sizeof saved);
    /* Without anything to go on from the same would happen again and again. */
    const Status nothing = run->saved_step ? STATUS_OK : wrecked(run);
    STATUS_TRY(ranks_agree(run->ranks, run->ranks->rank == 0 ? nothing : STATUS_OK));
    return status_fail(STATUS_STOPPED,
                       "Stopped after step %llu, while steps went wrong; %s; the same command goes "
                       "on from there",
                       (unsigned long long)run->progress.step, saved);
}

static Status say_finished(const Run *run) {
    const Evaluation test = {run->progress.test_loss, run->progress.test_accuracy,
                             run->progress.test_top5_accuracy};
    if (run->ranks->rank == 0)
        log_info("This job is finished (%llu epochs, %llu steps); --fresh runs it again",
                 (unsigned long long)run->progress.epoch, (unsigned long long)run->progress.step);
    log_digest(run, "Weights SHA-256");
    if (run->ranks->rank == 0)
        display_test(&test);
    return STATUS_OK;
}

Status run_train(Run *run) {
    if (run->progress.finished && !run_work_is_left(run))
        return say_finished(run);
    run->progress.finished = false;
    history_cut(&run->history, run->progress.epoch, run->progress.step);
    display_ready(run);
    while (run_work_is_left(run)) {
        Outcome outcome;
        STATUS_TRY(run_steps(run, &outcome));
        run_settle(run);
        if (outcome == OUTCOME_STOPPED)
            return stop_early(run);
        if (outcome == OUTCOME_MAX_STEPS)
            break;
        if (run->job.check_every == 0)
            STATUS_TRY(replica_check(run->ranks, &run->table, run->weights, run->progress.step,
                                     run->digests));
        close_epoch(run, false);
    }
    if (run->progress.position > 0)
        close_epoch(run, run->progress.position < run->train_images);
    STATUS_TRY(finish(run));
    return check_saves(run, 0, SAVE_FILES);
}
