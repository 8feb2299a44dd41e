#include "report_run.h"

#include "vit/format.h"
#include "vit/h5.h"
#include "vit/log.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static Status find_weights(ReportRun *run, char path[static FILE_PATH_MAX]) {
    run->weights = OUTPUT_BEST;
    STATUS_TRY(output_file_path(run->folder, OUTPUT_BEST, path));
    if (file_exists(path))
        return STATUS_OK;
    run->weights = OUTPUT_LAST;
    STATUS_TRY(output_file_path(run->folder, OUTPUT_LAST, path));
    if (file_exists(path))
        return STATUS_OK;
    return status_fail(STATUS_IO, "%s: has neither %s nor %s; a run's output folder is wanted",
                       run->folder, output_file_name(OUTPUT_BEST), output_file_name(OUTPUT_LAST));
}

/* The longer one stays. */
static void take_history(ReportRun *run, History *newer) {
    const History older = run->history;
    if (newer->epochs >= older.epochs) {
        run->history = *newer;
        *newer = older;
    }
    history_free(newer);
}

/* The job with which the run went on: it may have got more epochs, or its data elsewhere. */
static Status take_job(ReportRun *run, const char *path) {
    Job job;
    ModelShape shape;
    STATUS_TRY(checkpoint_read_model(path, &job, &shape));
    run->model.job = job;
    return STATUS_OK;
}

/* How far the run got beyond the best weights. They may be newer, since this is saved by the clock.
 */
static Status read_last(ReportRun *run) {
    char path[FILE_PATH_MAX];
    History history = {0};
    Checkpoint last = {.table = &run->model.table, .history = &history};
    STATUS_TRY(output_file_path(run->folder, OUTPUT_LAST, path));
    if (run->weights == OUTPUT_LAST || !file_exists(path))
        return STATUS_OK;
    Status status = checkpoint_read(path, &last);
    if (status == STATUS_OK && last.progress.step >= run->progress.step) {
        status = take_job(run, path);
        run->progress = last.progress;
        run->model.build = last.build;
        take_history(run, &history);
    }
    history_free(&history);
    return status;
}

static Status read_metrics(ReportRun *run) {
    char path[FILE_PATH_MAX];
    History history = {0};
    hid_t file;
    STATUS_TRY(output_file_path(run->folder, OUTPUT_METRICS, path));
    if (!file_exists(path))
        return STATUS_OK;
    STATUS_TRY(h5_open(path, &file));
    const Status status = history_read_h5(&history, file, "", FORMAT_VERSION);
    h5_close(file);
    if (status == STATUS_OK)
        take_history(run, &history);
    return status;
}

/* The best epoch, as the trainer finds it, among the rows that are newer than all checkpoints; one
 * with the best weights is written before that is settled. */
static void find_best(ReportRun *run) {
    Progress *progress = &run->progress;
    for (size_t i = 0; i < run->history.epochs; i++) {
        const EpochRow *row = &run->history.epoch[i];
        if (row->epoch <= progress->epoch || isnan(row->val_accuracy) ||
            row->val_accuracy <= progress->best_val_accuracy)
            continue;
        progress->best_val_accuracy = row->val_accuracy;
        progress->best_epoch = row->epoch;
    }
}

static void read_log(ReportRun *run) {
    char path[FILE_PATH_MAX];
    if (output_file_path(run->folder, OUTPUT_LOG, path) == STATUS_OK)
        report_log_read(&run->log, path);
}

Status report_run_read(ReportRun *run, const char *folder) {
    char path[FILE_PATH_MAX];
    *run = (ReportRun){.folder = folder};
    STATUS_TRY(find_weights(run, path));
    STATUS_TRY(trained_model_read(&run->model, path));
    snprintf(run->title, sizeof run->title, "%s", run->model.job.name);
    run->progress = run->model.progress;
    STATUS_TRY(history_copy(&run->history, &run->model.history));
    if (read_last(run) != STATUS_OK)
        log_warning("%s; the report goes without it", status_message());
    if (read_metrics(run) != STATUS_OK)
        log_warning("%s; the report goes without it", status_message());
    find_best(run);
    read_log(run);
    return STATUS_OK;
}

void report_run_free(ReportRun *run) {
    history_free(&run->history);
    trained_model_free(&run->model);
}

void report_run_name(ReportRun *runs, size_t count) {
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++)
            if (i != j && strcmp(runs[i].model.job.name, runs[j].model.job.name) == 0)
                snprintf(runs[i].title, sizeof runs[i].title, "%s", runs[i].folder);
}
