#include "saver.h"

#include "vit/collection.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/path_name.h"
#include "vit/watchdog.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void saver_init(Saver *saver, const Plan *plan, Progress *progress, const History *history,
                const StepTimes *times, Display *display) {
    *saver = (Saver){.plan = plan,
                     .progress = progress,
                     .history = history,
                     .times = times,
                     .display = display,
                     .writer = {.enter = placement_free_thread}};
}

Status saver_allocate(Saver *saver) {
    const char *what = "a checkpoint's snapshot";
    const size_t floats = saver->plan->table.floats;
    if (saver->plan->ranks->rank != 0)
        return STATUS_OK;
    STATUS_TRY(memory_allocate(&saver->weights, floats, sizeof(float), what));
    for (size_t s = 0; s < saver->plan->states.count; s++)
        STATUS_TRY(memory_allocate(&saver->state[s], floats, sizeof(float), what));
    return STATUS_OK;
}

void saver_free(Saver *saver) {
    saver_wait(saver);
    events_free(&saver->events);
    memory_free(saver->weights);
    checkpoint_data_free(&saver->data);
    for (size_t s = 0; s < OPTIMIZER_STATES_MOST; s++)
        memory_free(saver->state[s]);
    history_free(&saver->history_copy);
}

Status saver_open(Saver *saver, Output *output, bool fresh) {
    char moved[FILE_PATH_MAX], path[FILE_PATH_MAX];
    STATUS_TRY(output_open(output, saver->plan->job.output, fresh, moved));
    saver->output = output;
    STATUS_TRY(output_file_path(output->folder, OUTPUT_LOG, path));
    STATUS_TRY(log_open(path));
    if (moved[0])
        log_info("Starting over; the earlier run is now in %s", moved);
    return STATUS_OK;
}

void saver_begin(Saver *saver) {
    const Plan *plan = saver->plan;
    events_init(&saver->events, plan->job.tensorboard, plan_epoch_steps(plan), saver->progress);
}

/* ---- the snapshot ---- */

_Static_assert((int)OPTIMIZER_STATES_MOST <= (int)CHECKPOINT_STATES_MOST,
               "a checkpoint has room for any optimizer's");

void saver_set_states(const Saver *saver, Checkpoint *checkpoint) {
    const OptimizerStates *states = &saver->plan->states;
    checkpoint->states = states->count;
    for (size_t s = 0; s < states->count; s++)
        checkpoint->state[s] = (CheckpointState){states->name[s], saver->state[s]};
}

float *saver_average(const Saver *saver) {
    const OptimizerStates *states = &saver->plan->states;
    return states->averages ? saver->state[states->count - 1] : NULL;
}

_Static_assert((int)CHECKPOINT_CHANNELS_MOST == (int)PICTURE_CHANNELS_MAX, "the same pictures");

Status saver_set_data(Saver *saver, const Input *input) {
    const Plan *plan = saver->plan;
    const DataHeader *read = &input->data;
    CheckpointData *data = &saver->data;
    DataNames names;
    *data = (CheckpointData){.height = read->picture.height,
                             .width = read->picture.width,
                             .channels = read->picture.channels};
    memcpy(data->mean, read->mean, sizeof data->mean);
    memcpy(data->variance, read->variance, sizeof data->variance);
    memcpy(data->sha256, read->content_sha256, sizeof data->sha256);
    snprintf(data->checksum, sizeof data->checksum, "%016llx", (unsigned long long)input->checksum);
    STATUS_TRY(
        data_file_read_names(plan->job.data_file, plan->job.labels == LABELS_COARSE, &names));
    data->classes = names.count;
    data->name_bytes = names.width;
    data->name = names.text;
    return STATUS_OK;
}

/* Weights and states as they were collected last. */
static Checkpoint snapshot(Saver *saver) {
    const Plan *plan = saver->plan;
    Checkpoint checkpoint = {
        .table = &plan->table,
        .weights = saver->weights,
        .progress = *saver->progress,
        .history = &saver->history_copy,
        .job_text = plan->job_text,
        .data = &saver->data,
        .build = build_info_make(plan->ranks->host, (uint64_t)plan->ranks->size, plan->threads)};
    saver_set_states(saver, &checkpoint);
    return checkpoint;
}

/* ---- what became of a save ---- */

/* A failed write is loud, harms nothing that is already there, and shows in the exit code unless a
 * later one succeeds. */
static void note_failures(Saver *saver) {
    const Save *save = &saver->save;
    for (SaveFile file = 0; file < SAVE_FILES; file++) {
        if (!save->wanted[file])
            continue;
        saver->failed[file] = save->status[file] != STATUS_OK;
        if (saver->failed[file])
            log_error("%s could not be saved: %s; training goes on, what was saved before is "
                      "untouched",
                      writer_file_name(file), save->message[file]);
    }
    /* What the checkpoint calls the best is what best.h5 holds. */
    if (save->wanted[SAVE_BEST] && saver->failed[SAVE_BEST]) {
        saver->progress->best_val_accuracy = save->best_val_accuracy;
        saver->progress->best_epoch = save->best_epoch;
    }
}

static void note_last(Saver *saver) {
    /* One that fails at once tells nothing of what the next one will take. */
    const double seconds = saver->stall + saver->save.seconds;
    saver->seconds = saver->failed[SAVE_LAST] ? fmax(saver->seconds, seconds) : seconds;
    if (saver->failed[SAVE_LAST])
        return;
    saver->saved_step = saver->save.checkpoint.progress.step;
    watchdog_position(saver->progress->step, saver->saved_step);
    saver->written.count++;
    saver->written.seconds += saver->seconds;
    saver->written.stall += saver->stall;
    display_save(saver->display, saver->saved_step, saver->seconds, saver->stall, saver->times);
}

static void take_results(Saver *saver) {
    note_failures(saver);
    if (saver->save.wanted[SAVE_LAST])
        note_last(saver);
}

void saver_poll(Saver *saver) {
    if (saver->writer.busy && writer_is_done(&saver->writer))
        saver_wait(saver);
}

void saver_wait(Saver *saver) {
    if (!saver->writer.busy)
        return;
    watchdog_work("writing files", WATCHDOG_OWN_WORK);
    writer_wait(&saver->writer);
    watchdog_work("after writing files", WATCHDOG_TOGETHER);
    take_results(saver);
}

/* ---- saving ---- */

/* Before last.h5: a run that goes on from it may count on what it has of the history. */
static void write_events(void *events, const Save *save) {
    events_write(events, save->output->folder, save->checkpoint.history,
                 &save->checkpoint.progress);
}

/* Rank 0: begins to write. */
static void write_snapshot(Saver *saver, SaveWish wish) {
    Save *save = &saver->save;
    *save = (Save){.wanted = {wish.best, wish.last, wish.metrics},
                   .output = saver->output,
                   .keep = saver->plan->job.keep,
                   .average = saver_average(saver),
                   .first = write_events,
                   .context = &saver->events,
                   .best_val_accuracy = wish.best_val_accuracy,
                   .best_epoch = wish.best_epoch};
    const Status status = history_copy(&saver->history_copy, saver->history);
    if (status == STATUS_OK) {
        save->checkpoint = snapshot(saver);
        writer_start(&saver->writer, save);
        return;
    }
    for (SaveFile file = 0; file < SAVE_FILES; file++) {
        save->status[file] = status;
        snprintf(save->message[file], sizeof save->message[file], "%s", status_message());
    }
    take_results(saver);
}

void saver_collect_weights(Saver *saver, const Trainer *trainer) {
    const Plan *plan = saver->plan;
    if (plan->ranks->rank == 0)
        saver_wait(saver);
    watchdog_work("collecting the weights", WATCHDOG_TOGETHER);
    collection_gather_weights(plan->ranks, &plan->partition, trainer->weights, saver->weights);
}

void saver_write(Saver *saver, const Trainer *trainer, SaveWish wish) {
    const bool first = saver->plan->ranks->rank == 0;
    const double start = MPI_Wtime();
    if (first)
        saver_wait(saver);
    if (wish.last || wish.best)
        saver_collect_weights(saver, trainer);
    watchdog_work("collecting the optimizer's state", WATCHDOG_TOGETHER);
    if (wish.last)
        optimizer_collect(trainer->optimizer, saver->state);
    else if (wish.best)
        optimizer_collect_average(trainer->optimizer, saver_average(saver));
    if (!first)
        return;
    write_snapshot(saver, wish);
    if (!wish.last)
        return;
    saver->began = start;
    saver->stall = MPI_Wtime() - start;
}

/* ---- what others want to know ---- */

bool saver_is_due(const Saver *saver, uint64_t step) {
    const Job *job = &saver->plan->job;
    if (job->every_steps && step % job->every_steps == 0)
        return true;
    if (saver->writer.busy)
        return false;
    /* What a save costs must be known before the time limit comes near. */
    if (isfinite(saver->plan->deadline) && saver->seconds == 0.0)
        return true;
    return job->every_minutes > 0.0 && MPI_Wtime() - saver->began >= 60.0 * job->every_minutes;
}

double saver_cost(const Saver *saver) {
    if (!saver->writer.busy || !saver->save.wanted[SAVE_LAST])
        return saver->seconds;
    return fmax(saver->seconds, MPI_Wtime() - saver->began);
}

const char *saver_folder(const Saver *saver) {
    return saver->output ? saver->output->folder : saver->plan->job.output;
}

void saver_describe(const Saver *saver, char text[static SAVER_TEXT]) {
    const char *folder = saver_folder(saver);
    if (saver->saved_step)
        snprintf(text, SAVER_TEXT, "the last good checkpoint is %.200s/%s, after step %llu", folder,
                 output_file_name(OUTPUT_LAST), (unsigned long long)saver->saved_step);
    else
        snprintf(text, SAVER_TEXT, "nothing was saved before in %.200s", folder);
    path_name_apply(text, SAVER_TEXT);
}

void saver_show(const Saver *saver) {
    const double count = (double)saver->written.count;
    if (saver->written.count)
        display_saves(saver->written.count, saver->written.seconds / count,
                      saver->written.stall / count, saver->times);
}

Status saver_check(const Saver *saver, SaveFile first, size_t count) {
    Status status = STATUS_OK;
    for (size_t file = (size_t)first + count; file-- > (size_t)first;)
        if (saver->failed[file])
            status =
                status_fail(STATUS_IO, "%s: the last save of %s failed; see the messages above",
                            saver_folder(saver), writer_file_name((SaveFile)file));
    return ranks_agree(saver->plan->ranks, status);
}
