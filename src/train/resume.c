#include "run.h"

#include "vit/log.h"
#include "vit/memory.h"
#include "vit/watchdog.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static Status read_stored_job(const char *path, Job *stored) {
    char *text = NULL;
    STATUS_TRY(checkpoint_read_job(path, &text));
    const Status status = job_parse(stored, path, text, 0, NULL);
    memory_free(text);
    return status == STATUS_OK ? status : status_fail(STATUS_DATA, "%s", status_message());
}

/* Whether the run in a checkpoint may go on as the job at hand. STATUS_CONFIG: it may not;
 * STATUS_DATA, STATUS_IO: it cannot be read. */
static Status check_stored_job(const Run *run, const char *path) {
    Job stored;
    STATUS_TRY(read_stored_job(path, &stored));
    return job_check_resume(&stored, &run->job, path);
}

/* The weights alone; *checkpoint tells where they are from. */
static Status read_weights(const Run *run, const char *path, float *weights,
                           Checkpoint *checkpoint) {
    History history = {0};
    *checkpoint = (Checkpoint){.table = &run->table, .weights = weights, .history = &history};
    const Status status = checkpoint_read(path, checkpoint);
    history_free(&history);
    checkpoint->history = NULL;
    return status;
}

static Status read_foreign_weights(const Run *run, const char *path, float *weights) {
    Job stored;
    Checkpoint checkpoint;
    STATUS_TRY(read_stored_job(path, &stored));
    STATUS_TRY(job_check_model(&stored, &run->job, path));
    return read_weights(run, path, weights, &checkpoint);
}

Status run_read_weights(Run *run, const char *path, float *weights) {
    const bool first = run->ranks->rank == 0;
    run_own_work(run, "reading a checkpoint");
    const Status read = first ? read_foreign_weights(run, path, weights) : STATUS_OK;
    watchdog_phase("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(run->ranks, read));
    ranks_broadcast(run->ranks, weights, run->table.floats * sizeof *weights);
    return STATUS_OK;
}

static Status check_stored_data(const Run *run, const char *path, const Checkpoint *checkpoint) {
    if (strcmp(checkpoint->data_sha256, run->data.content_sha256) != 0)
        return status_fail(STATUS_CONFIG,
                           "%s: [data] file: this run was begun on other data (SHA-256 %.12s...) "
                           "than %s (%.12s...); use the same data, or --fresh to start over",
                           path, checkpoint->data_sha256, run->job.data_file,
                           run->data.content_sha256);
    return STATUS_OK;
}

static Status read_state(Run *run, const char *path) {
    STATUS_TRY(check_stored_job(run, path));
    Checkpoint checkpoint = {.table = &run->table,
                             .weights = run->weights,
                             .first_moment = run->snapshot[SNAPSHOT_FIRST_MOMENT],
                             .second_moment = run->snapshot[SNAPSHOT_SECOND_MOMENT],
                             .history = &run->history};
    STATUS_TRY(checkpoint_read(path, &checkpoint));
    STATUS_TRY(check_stored_data(run, path, &checkpoint));
    run->progress = checkpoint.progress;
    return STATUS_OK;
}

Status run_read_best(const Run *run, float *weights) {
    char path[FILE_PATH_MAX];
    Checkpoint best;
    STATUS_TRY(output_path(&run->output, "best.h5", path));
    STATUS_TRY(check_stored_job(run, path));
    STATUS_TRY(read_weights(run, path, weights, &best));
    STATUS_TRY(check_stored_data(run, path, &best));
    const Progress *now = &run->progress, *then = &best.progress;
    const bool counted = run->validation_images && !isnan(now->best_val_accuracy);
    const bool ours = counted ? then->best_epoch == now->best_epoch &&
                                    then->best_val_accuracy == now->best_val_accuracy
                              : then->step == now->step;
    if (!ours)
        return status_fail(STATUS_DATA, "%s: holds other weights than this run's best", path);
    return STATUS_OK;
}

/* Rank 0, after the state was read: best.h5 must be what /progress calls the best, or the next
 * validation makes a new one. */
static void check_best(Run *run) {
    float *best = NULL;
    if (isnan(run->progress.best_val_accuracy))
        return;
    Status status = memory_allocate(&best, run->table.floats, sizeof *best, "the best weights");
    if (status == STATUS_OK)
        status = run_read_best(run, best);
    memory_free(best);
    if (status == STATUS_OK)
        return;
    log_warning("%s; the next validation counts as the best so far", status_message());
    run->progress.best_val_accuracy = NAN;
    run->progress.best_epoch = 0;
}

/* Damaged files make room, so that they do not count among those that are kept; the valid one, of
 * this index, becomes the newest. */
static void set_damaged_aside(const Run *run, size_t valid) {
    for (size_t i = 0; i < valid; i++) {
        char path[FILE_PATH_MAX], aside[FILE_PATH_MAX + 16];
        if (checkpoint_last_path(run->output.folder, i, path) != STATUS_OK || !file_exists(path))
            continue;
        snprintf(aside, sizeof aside, "%s.damaged", path);
        rename(path, aside);
    }
    char from[FILE_PATH_MAX], newest[FILE_PATH_MAX];
    if (valid > 0 && checkpoint_last_path(run->output.folder, valid, from) == STATUS_OK &&
        checkpoint_last_path(run->output.folder, 0, newest) == STATUS_OK)
        rename(from, newest);
}

/* [checkpoint] keep may have been larger before. */
enum { CHECKPOINTS_MOST = 1000 };

/* Rank 0: the newest valid checkpoint; *found is false when there is none at all. Damaged ones are
 * named and passed over, but when all are damaged nothing is begun anew without being told to. */
static Status read_newest(Run *run, bool *found) {
    size_t damaged = 0;
    *found = false;
    for (size_t i = 0; i < CHECKPOINTS_MOST; i++) {
        char path[FILE_PATH_MAX];
        STATUS_TRY(checkpoint_last_path(run->output.folder, i, path));
        if (!file_exists(path))
            continue;
        Status status = read_state(run, path);
        if (status == STATUS_OK) {
            *found = true;
            set_damaged_aside(run, i);
            if (!run->progress.finished || run_work_is_left(run))
                log_info("Resuming from %s: epoch %llu, step %llu", path,
                         (unsigned long long)run->progress.epoch + 1,
                         (unsigned long long)run->progress.step);
            check_best(run);
        }
        if (status != STATUS_DATA)
            return status;
        log_warning("%s; trying the checkpoint before it", status_message());
        damaged++;
    }
    if (damaged)
        return status_fail(STATUS_DATA,
                           "%s: no checkpoint in it is valid (%zu damaged); --fresh starts over "
                           "and keeps them aside",
                           run->output.folder, damaged);
    return STATUS_OK;
}

static void begin(Run *run) {
    run->progress = (Progress){.best_val_accuracy = NAN,
                               .test_loss = NAN,
                               .test_accuracy = NAN,
                               .test_top5_accuracy = NAN};
    parameter_initialize(&run->table, run->job.seed, run->weights);
}

Status run_start_or_resume(Run *run) {
    Status status = STATUS_OK;
    bool found = false;
    const size_t bytes = run->table.floats * sizeof *run->weights;
    run_own_work(run, "reading a checkpoint");
    if (run->ranks->rank == 0)
        status = read_newest(run, &found);
    watchdog_phase("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(run->ranks, status));
    run->save_began = MPI_Wtime();
    ranks_broadcast(run->ranks, &found, sizeof found);
    if (!found) {
        begin(run);
        return STATUS_OK;
    }
    ranks_broadcast(run->ranks, &run->progress, sizeof run->progress);
    run->saved_step = run->progress.step;
    watchdog_position(run->progress.step, run->saved_step);
    ranks_broadcast(run->ranks, run->weights, bytes);
    exchange_deal(run->ranks, &run->partition, run->snapshot[SNAPSHOT_FIRST_MOMENT],
                  run->first_moment);
    exchange_deal(run->ranks, &run->partition, run->snapshot[SNAPSHOT_SECOND_MOMENT],
                  run->second_moment);
    return STATUS_OK;
}
