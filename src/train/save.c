#include "run.h"

#include "vit/cpu.h"
#include "vit/gemm.h"
#include "vit/log.h"
#include "vit/memory.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static BuildInfo build_info(const Run *run) {
    BuildInfo build = {.ranks = (uint64_t)run->ranks->size, .threads = run->threads};
    time_t now = time(NULL);
    struct tm utc;
    gmtime_r(&now, &utc);
    strftime(build.date, sizeof build.date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    snprintf(build.version, sizeof build.version, "%s", VIT_VERSION);
    snprintf(build.compiler, sizeof build.compiler, "%s", VIT_COMPILER);
    snprintf(build.gemm, sizeof build.gemm, "%s", gemm_description());
    snprintf(build.kernels, sizeof build.kernels, "%s", cpu_level_name(kernels_best()->level));
    snprintf(build.host, sizeof build.host, "%s", run->ranks->host);
    return build;
}

/* Rank 0: a moment of all ranks. */
static float *full_moment(Run *run, int which) {
    float *own[2] = {run->first_moment, run->second_moment};
    return run->ranks->size > 1 ? run->full_moment[which] : own[which];
}

static Checkpoint checkpoint_of(Run *run) {
    Checkpoint checkpoint = {.table = &run->table,
                             .weights = run->weights,
                             .first_moment = full_moment(run, 0),
                             .second_moment = full_moment(run, 1),
                             .progress = run->progress,
                             .history = &run->history,
                             .job_text = run->job_text,
                             .build = build_info(run)};
    memcpy(checkpoint.data_sha256, run->data.content_sha256, sizeof checkpoint.data_sha256);
    return checkpoint;
}

/* A failed write is loud, harms nothing that is already there, and shows in the exit code unless a
 * later one succeeds. */
static bool failed(Status status, const char *what) {
    if (status != STATUS_OK)
        log_error("%s could not be saved: %s; training goes on, what was saved before is "
                  "untouched",
                  what, status_message());
    return status != STATUS_OK;
}

/* The ranks' moments to rank 0. */
static void collect_moments(Run *run) {
    if (run->ranks->size == 1)
        return;
    exchange_collect(run->ranks, &run->partition, run->first_moment, run->full_moment[0]);
    exchange_collect(run->ranks, &run->partition, run->second_moment, run->full_moment[1]);
}

void run_save_last(Run *run) {
    const double start = MPI_Wtime();
    collect_moments(run);
    if (run->ranks->rank != 0)
        return;
    const Checkpoint checkpoint = checkpoint_of(run);
    run->save_failed =
        failed(checkpoint_write_last(run->output.folder, run->job.keep, &checkpoint), "last.h5");
    run->saved_at = MPI_Wtime();
    if (!run->save_failed)
        run->saved_step = run->progress.step;
    run->save_seconds = run->saved_at - start;
}

void run_save_best(Run *run) {
    char path[FILE_PATH_MAX];
    Checkpoint checkpoint = checkpoint_of(run);
    checkpoint.first_moment = checkpoint.second_moment = NULL;
    Status status = output_path(&run->output, "best.h5", path);
    if (status == STATUS_OK)
        status = checkpoint_write(path, &checkpoint);
    run->best_failed = failed(status, "best.h5");
}

void run_save_metrics(Run *run) {
    run->metrics_failed =
        failed(history_write_files(&run->history, run->output.folder), "the metrics");
}

bool run_save_is_due(const Run *run) {
    const Job *job = &run->job;
    if (job->every_steps && (run->progress.step + 1) % job->every_steps == 0)
        return true;
    return job->every_minutes > 0.0 && MPI_Wtime() - run->saved_at >= 60.0 * job->every_minutes;
}

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
    STATUS_TRY(
        ranks_agree(run->ranks, first ? read_foreign_weights(run, path, weights) : STATUS_OK));
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
    Checkpoint checkpoint = checkpoint_of(run);
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

/* Damaged files make room, so that they do not count among those that are kept. */
static void set_damaged_aside(const Run *run, size_t valid) {
    for (size_t i = 0; i < valid; i++) {
        char path[FILE_PATH_MAX], aside[FILE_PATH_MAX + 16];
        if (checkpoint_last_path(run->output.folder, i, path) != STATUS_OK || !file_exists(path))
            continue;
        snprintf(aside, sizeof aside, "%s.damaged", path);
        rename(path, aside);
    }
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

/* Rank 0's moments to the ranks. */
static void deal_moments(Run *run) {
    if (run->ranks->size == 1)
        return;
    exchange_deal(run->ranks, &run->partition, run->full_moment[0], run->first_moment);
    exchange_deal(run->ranks, &run->partition, run->full_moment[1], run->second_moment);
}

Status run_start_or_resume(Run *run) {
    Status status = STATUS_OK;
    bool found = false;
    const size_t bytes = run->table.floats * sizeof *run->weights;
    if (run->ranks->rank == 0)
        status = read_newest(run, &found);
    STATUS_TRY(ranks_agree(run->ranks, status));
    run->saved_at = MPI_Wtime();
    ranks_broadcast(run->ranks, &found, sizeof found);
    if (!found) {
        begin(run);
        return STATUS_OK;
    }
    ranks_broadcast(run->ranks, &run->progress, sizeof run->progress);
    run->saved_step = run->progress.step;
    ranks_broadcast(run->ranks, run->weights, bytes);
    deal_moments(run);
    return STATUS_OK;
}
