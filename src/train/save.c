#include "run.h"

#include "vit/copy.h"
#include "vit/cpu.h"
#include "vit/gemm.h"
#include "vit/log.h"
#include "vit/version.h"
#include "vit/watchdog.h"
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
    snprintf(build.version, sizeof build.version, "%s", version_text);
    snprintf(build.compiler, sizeof build.compiler, "%s", version_compiler);
    snprintf(build.gemm, sizeof build.gemm, "%s", gemm_description());
    snprintf(build.kernels, sizeof build.kernels, "%s", cpu_level_name(kernels_best()->level));
    snprintf(build.host, sizeof build.host, "%s", run->ranks->host);
    return build;
}

/* Rank 0: the weights as they are, the moments as they were collected last. */
static Checkpoint snapshot(Run *run) {
    Checkpoint checkpoint = {.table = &run->table,
                             .weights = run->snapshot[SNAPSHOT_WEIGHTS],
                             .first_moment = run->snapshot[SNAPSHOT_FIRST_MOMENT],
                             .second_moment = run->snapshot[SNAPSHOT_SECOND_MOMENT],
                             .progress = run->progress,
                             .history = &run->snapshot_history,
                             .job_text = run->job_text,
                             .build = build_info(run)};
    copy_floats(run->snapshot[SNAPSHOT_WEIGHTS], run->weights, run->table.floats);
    memcpy(checkpoint.data_sha256, run->data.content_sha256, sizeof checkpoint.data_sha256);
    return checkpoint;
}

/* What became of a save. A failed write is loud, harms nothing that is already there, and shows in
 * the exit code unless a later one succeeds. */
static void take_results(Run *run) {
    const Save *save = &run->save;
    for (SaveFile file = 0; file < SAVE_FILES; file++) {
        if (!save->wanted[file])
            continue;
        run->failed[file] = save->status[file] != STATUS_OK;
        if (run->failed[file])
            log_error("%s could not be saved: %s; training goes on, what was saved before is "
                      "untouched",
                      save_file_name[file], save->message[file]);
    }
    /* What the checkpoint calls the best is what best.h5 holds. */
    if (save->wanted[SAVE_BEST] && run->failed[SAVE_BEST]) {
        run->progress.best_val_accuracy = save->best_val_accuracy;
        run->progress.best_epoch = save->best_epoch;
    }
    if (!save->wanted[SAVE_LAST])
        return;
    /* One that fails at once tells nothing of what the next one will take. */
    const double seconds = run->save_stall + save->seconds;
    run->save_seconds = run->failed[SAVE_LAST] ? fmax(run->save_seconds, seconds) : seconds;
    if (run->failed[SAVE_LAST])
        return;
    run->saved_step = save->checkpoint.progress.step;
    watchdog_position(run->progress.step, run->saved_step);
    run->saves.count++;
    run->saves.seconds += run->save_seconds;
    run->saves.stall += run->save_stall;
    display_save(run);
}

void run_save_poll(Run *run) {
    if (run->writer.busy && writer_is_done(&run->writer))
        run_save_wait(run);
}

void run_save_wait(Run *run) {
    if (!run->writer.busy)
        return;
    watchdog_phase("writing files", WATCHDOG_OWN_WORK);
    writer_wait(&run->writer);
    watchdog_phase("after writing files", WATCHDOG_TOGETHER);
    take_results(run);
}

double run_save_cost(const Run *run) {
    if (!run->writer.busy || !run->save.wanted[SAVE_LAST])
        return run->save_seconds;
    return fmax(run->save_seconds, MPI_Wtime() - run->save_began);
}

/* Rank 0: begins to write. */
static void write_snapshot(Run *run, SaveWish wish) {
    Save *save = &run->save;
    *save = (Save){.wanted = {wish.best, wish.last, wish.metrics},
                   .output = &run->output,
                   .keep = run->job.keep,
                   .best_val_accuracy = wish.best_val_accuracy,
                   .best_epoch = wish.best_epoch};
    const Status status = history_copy(&run->snapshot_history, &run->history);
    if (status == STATUS_OK) {
        save->checkpoint = snapshot(run);
        writer_start(&run->writer, save);
        return;
    }
    for (SaveFile file = 0; file < SAVE_FILES; file++) {
        save->status[file] = status;
        snprintf(save->message[file], sizeof save->message[file], "%s", status_message());
    }
    take_results(run);
}

void run_save(Run *run, SaveWish wish) {
    const bool first = run->ranks->rank == 0;
    const double start = MPI_Wtime();
    if (first)
        run_save_wait(run);
    if (wish.last) {
        watchdog_phase("collecting the moments", WATCHDOG_TOGETHER);
        exchange_collect(run->ranks, &run->partition, run->first_moment,
                         run->snapshot[SNAPSHOT_FIRST_MOMENT]);
        exchange_collect(run->ranks, &run->partition, run->second_moment,
                         run->snapshot[SNAPSHOT_SECOND_MOMENT]);
    }
    if (!first)
        return;
    write_snapshot(run, wish);
    if (!wish.last)
        return;
    run->save_began = start;
    run->save_stall = MPI_Wtime() - start;
}

void run_describe_saved(const Run *run, char *text, size_t bytes) {
    if (run->saved_step)
        snprintf(text, bytes, "the last good checkpoint is %.200s/last.h5, after step %llu",
                 run->job.output, (unsigned long long)run->saved_step);
    else
        snprintf(text, bytes, "nothing was saved before in %.200s", run->job.output);
}

bool run_save_is_due(const Run *run) {
    const Job *job = &run->job;
    if (job->every_steps && (run->progress.step + 1) % job->every_steps == 0)
        return true;
    if (run->writer.busy)
        return false;
    /* What a save costs must be known before the time limit comes near. */
    if (isfinite(run->deadline) && run->save_seconds == 0.0)
        return true;
    return job->every_minutes > 0.0 && MPI_Wtime() - run->save_began >= 60.0 * job->every_minutes;
}
