#include "resume.h"

#include "known_data.h"
#include "start.h"
#include "vit/collection.h"
#include "vit/copy.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/watchdog.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static Status read_stored_job(const char *path, Job *stored) {
    char *text = NULL;
    STATUS_TRY(checkpoint_read_job(path, &text));
    const Status status = job_parse_resolved(stored, path, text, 0, NULL);
    memory_free(text);
    return status == STATUS_OK || status == STATUS_INTERNAL
               ? status
               : status_fail(STATUS_DATA, "%s", status_message());
}

/* Whether the run in a checkpoint may go on as the job at hand, on the data at hand: other pictures
 * would be another model, so this comes before any tensor. *stored: its job. STATUS_CONFIG: it may
 * not; STATUS_DATA, STATUS_IO: it cannot be read. */
static Status check_stored_run(const Plan *plan, const char *path, const CheckpointData *data,
                               Job *stored) {
    STATUS_TRY(read_stored_job(path, stored));
    STATUS_TRY(job_check_resume(stored, &plan->job, path));
    return known_data_check(plan, path, data);
}

/* The weights alone; *checkpoint tells where they are from. */
static Status read_weights(const Plan *plan, const char *path, float *weights,
                           Checkpoint *checkpoint) {
    History history = {0};
    *checkpoint = (Checkpoint){.table = &plan->table, .weights = weights, .history = &history};
    const Status status = checkpoint_read(path, checkpoint);
    history_free(&history);
    checkpoint->history = NULL;
    return status;
}

/* The averaged weights, and no others. */
static Status read_average(const Plan *plan, const char *path, float *weights) {
    History history = {0};
    Checkpoint checkpoint = {.table = &plan->table,
                             .states = 1,
                             .state = {{CHECKPOINT_AVERAGE, weights}},
                             .history = &history};
    const Status status = checkpoint_read(path, &checkpoint);
    history_free(&history);
    if (status == STATUS_OK)
        log_info("The weights are the averaged ones of %s", path);
    return status;
}

static Status read_foreign_weights(const Plan *plan, const char *path, float *weights) {
    Job stored;
    Checkpoint checkpoint;
    bool averages;
    STATUS_TRY(read_stored_job(path, &stored));
    STATUS_TRY(job_check_model(&stored, &plan->job, path));
    STATUS_TRY(checkpoint_has_state(path, CHECKPOINT_AVERAGE, &averages));
    return averages ? read_average(plan, path, weights)
                    : read_weights(plan, path, weights, &checkpoint);
}

Status resume_weights(const Plan *plan, const char *path, float *weights) {
    const bool first = plan->ranks->rank == 0;
    watchdog_first_works("reading a checkpoint");
    const Status read = first ? read_foreign_weights(plan, path, weights) : STATUS_OK;
    watchdog_work("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(plan->ranks, read));
    collection_deal_weights(plan->ranks, &plan->partition, weights, weights);
    return STATUS_OK;
}

/* Rank 0's room for what is dealt, flat vectors; no states: there are none in the file. */
typedef struct StateRoom {
    float *weights, *state[OPTIMIZER_STATES_MOST];
} StateRoom;

static void free_room(StateRoom *room) {
    memory_free(room->weights);
    for (size_t s = 0; s < OPTIMIZER_STATES_MOST; s++)
        memory_free(room->state[s]);
}

static Status read_foreign_states(const Trainer *trainer, const char *path, StateRoom *room,
                                  Progress *progress) {
    const Plan *plan = trainer->plan;
    const OptimizerStates *states = &plan->states;
    History history = {0};
    Checkpoint checkpoint = {.table = &plan->table, .weights = room->weights, .history = &history};
    bool averages;
    STATUS_TRY(checkpoint_has_state(path, CHECKPOINT_AVERAGE, &averages));
    checkpoint.states = states->averages && !averages ? states->count - 1 : states->count;
    for (size_t s = 0; s < states->count; s++) {
        STATUS_TRY(memory_allocate(&room->state[s], plan->table.floats, sizeof(float),
                                   "the optimizer's states"));
        checkpoint.state[s] = (CheckpointState){states->name[s], room->state[s]};
    }
    const Status status = checkpoint_read(path, &checkpoint);
    history_free(&history);
    *progress = checkpoint.progress;
    if (checkpoint.states < states->count)
        copy_floats(room->state[checkpoint.states], room->weights, plan->table.floats);
    return status;
}

static Status read_foreign(const Trainer *trainer, const char *path, StateRoom *room,
                           Progress *progress) {
    const Plan *plan = trainer->plan;
    Job stored;
    Checkpoint checkpoint;
    bool states;
    STATUS_TRY(read_stored_job(path, &stored));
    STATUS_TRY(job_check_model(&stored, &plan->job, path));
    STATUS_TRY(checkpoint_has_states(path, &states));
    STATUS_TRY(memory_allocate(&room->weights, plan->table.floats, sizeof(float), "the weights"));
    if (states)
        return read_foreign_states(trainer, path, room, progress);
    STATUS_TRY(read_weights(plan, path, room->weights, &checkpoint));
    *progress = checkpoint.progress;
    progress->adam_step = 0;
    return STATUS_OK;
}

Status resume_state(Trainer *trainer, const char *path, Progress *progress) {
    const Plan *plan = trainer->plan;
    StateRoom room = {0};
    watchdog_first_works("reading a checkpoint");
    Status status =
        plan->ranks->rank == 0 ? read_foreign(trainer, path, &room, progress) : STATUS_OK;
    watchdog_work("start", WATCHDOG_TOGETHER);
    status = ranks_agree(plan->ranks, status);
    bool states = room.state[0] != NULL;
    if (status == STATUS_OK) {
        ranks_broadcast(plan->ranks, &states, sizeof states);
        ranks_broadcast(plan->ranks, progress, sizeof *progress);
        collection_deal_weights(plan->ranks, &plan->partition, room.weights, trainer->weights);
        optimizer_begin_average(trainer->optimizer, trainer->weights);
    }
    if (status == STATUS_OK && states)
        optimizer_deal(trainer->optimizer, room.state);
    free_room(&room);
    return status;
}

Status resume_best(const Plan *plan, const Saver *saver, const Progress *progress, float *weights) {
    char path[FILE_PATH_MAX];
    Job stored;
    Checkpoint best;
    STATUS_TRY(output_file_path(saver->output->folder, OUTPUT_BEST, path));
    bool there;
    STATUS_TRY(file_find(path, &there));
    if (!there)
        return status_fail(STATUS_DATA, "%s: is not there", path);
    STATUS_TRY(check_stored_run(plan, path, &saver->data, &stored));
    STATUS_TRY(read_weights(plan, path, weights, &best));
    const Progress *now = progress, *then = &best.progress;
    const bool counted = plan->validation_images && !isnan(now->best_val_accuracy);
    const bool ours = counted ? then->best_epoch == now->best_epoch &&
                                    then->best_val_accuracy == now->best_val_accuracy
                              : then->step == now->step;
    if (!ours)
        return status_fail(STATUS_DATA, "%s: holds other weights than this run's best", path);
    return STATUS_OK;
}

bool resume_best_is_lost(Status status) {
    return status == STATUS_DATA || status == STATUS_CONFIG;
}

/* Where a run says that it is must be a place in it. */
static Status check_progress(const Plan *plan, const char *path, const Progress *progress) {
    const uint64_t position = progress->position, samples = progress->sums.samples;
    if (position <= plan->train_images && samples <= position)
        return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: /progress: position %llu and samples %llu are no place in an epoch of "
                       "%zu training images",
                       path, (unsigned long long)position, (unsigned long long)samples,
                       plan->train_images);
}

static Status read_state(Training *training, const char *path, Job *stored) {
    STATUS_TRY(check_stored_run(training->plan, path, &training->saver.data, stored));
    Checkpoint checkpoint = {.table = &training->plan->table,
                             .weights = training->saver.weights,
                             .history = &training->history};
    saver_set_states(&training->saver, &checkpoint);
    STATUS_TRY(checkpoint_read(path, &checkpoint));
    STATUS_TRY(check_progress(training->plan, path, &checkpoint.progress));
    STATUS_TRY(start_check_same(training->plan, stored, path, checkpoint.progress.start_sha256));
    training->progress = checkpoint.progress;
    return STATUS_OK;
}

/* Rank 0, after the state was read: best.h5 must be what /progress calls the best, or the next
 * validation makes a new one. */
static Status check_best(Training *training) {
    float *best = NULL;
    if (isnan(training->progress.best_val_accuracy))
        return STATUS_OK;
    Status status =
        memory_allocate(&best, training->plan->table.floats, sizeof *best, "the best weights");
    if (status == STATUS_OK)
        status = resume_best(training->plan, &training->saver, &training->progress, best);
    memory_free(best);
    if (!resume_best_is_lost(status))
        return status;
    log_warning("%s; the next validation counts as the best so far", status_message());
    training->progress.best_val_accuracy = NAN;
    training->progress.best_epoch = 0;
    return STATUS_OK;
}

static Status rename_checkpoint(const char *from, const char *to) {
    if (rename(from, to) == 0)
        return STATUS_OK;
    return status_fail(STATUS_IO, "%s: cannot be renamed to %s: %s", from, to, strerror(errno));
}

/* Damaged files make room, so that they do not count among those that are kept; the valid one, of
 * this index, becomes the newest. Nothing takes the place of one that stays. */
static Status set_damaged_aside(const char *folder, size_t valid) {
    char path[FILE_PATH_MAX], newest[FILE_PATH_MAX], aside[FILE_PATH_MAX + 16];
    for (size_t i = 0; i < valid; i++) {
        bool there;
        STATUS_TRY(output_file_last(folder, i, path));
        STATUS_TRY(file_find(path, &there));
        snprintf(aside, sizeof aside, "%s.damaged", path);
        if (there)
            STATUS_TRY(rename_checkpoint(path, aside));
    }
    STATUS_TRY(output_file_last(folder, valid, path));
    STATUS_TRY(output_file_last(folder, 0, newest));
    return valid > 0 ? rename_checkpoint(path, newest) : STATUS_OK;
}

/* An older checkpoint is no way round one that this program is too old for, nor may it replace a
 * best.h5 that it cannot read. */
static Status check_versions(const Training *training, const char *path) {
    char best[FILE_PATH_MAX];
    STATUS_TRY(checkpoint_check_version(path));
    STATUS_TRY(output_file_path(training->saver.output->folder, OUTPUT_BEST, best));
    bool there;
    STATUS_TRY(file_find(best, &there));
    return there ? checkpoint_check_version(best) : STATUS_OK;
}

/* [checkpoint] keep may have been larger before. */
enum { CHECKPOINTS_MOST = 1000 };

/* Rank 0: the newest valid checkpoint, and its job; *found is false when there is none at all.
 * Damaged ones are named and passed over, but when all are damaged nothing is begun anew without
 * being told to. */
static Status read_newest(Training *training, bool *found, Job *stored) {
    size_t damaged = 0;
    *found = false;
    for (size_t i = 0; i < CHECKPOINTS_MOST; i++) {
        char path[FILE_PATH_MAX];
        STATUS_TRY(output_file_last(training->saver.output->folder, i, path));
        bool there;
        STATUS_TRY(file_find(path, &there));
        if (!there)
            continue;
        STATUS_TRY(check_versions(training, path));
        Status status = read_state(training, path, stored);
        if (status == STATUS_OK) {
            *found = true;
            STATUS_TRY(set_damaged_aside(training->saver.output->folder, i));
            if (!training->progress.finished || training_work_is_left(training))
                log_info("Resuming from %s: epoch %llu, step %llu", path,
                         (unsigned long long)training->progress.epoch + 1,
                         (unsigned long long)training->progress.step);
            status = check_best(training);
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
                           training->saver.output->folder, damaged);
    return STATUS_OK;
}

void resume_initial(Trainer *trainer) {
    const Plan *plan = trainer->plan;
    partition_initialize(&plan->partition, &plan->table, plan->job.seed, plan->ranks->rank,
                         trainer->weights);
    optimizer_begin_average(trainer->optimizer, trainer->weights);
}

/* A run that is new. */
static Status begin(Training *training) {
    Trainer *trainer = &training->trainer;
    training->progress = progress_start();
    if (!job_has_start(&training->plan->job)) {
        resume_initial(trainer);
        return STATUS_OK;
    }
    STATUS_TRY(start_weights(training->plan, training->saver.weights, trainer->weights,
                             &training->progress));
    optimizer_begin_average(trainer->optimizer, trainer->weights);
    return STATUS_OK;
}

Status resume_run(Training *training, Job *begun) {
    Status status = STATUS_OK;
    bool found = false;
    watchdog_first_works("reading a checkpoint");
    if (training->plan->ranks->rank == 0)
        status = read_newest(training, &found, begun);
    watchdog_work("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(training->plan->ranks, status));
    training->saver.began = MPI_Wtime();
    ranks_broadcast(training->plan->ranks, &found, sizeof found);
    if (!found) {
        *begun = training->plan->job;
        return begin(training);
    }
    ranks_broadcast(training->plan->ranks, begun, sizeof *begun);
    ranks_broadcast(training->plan->ranks, &training->progress, sizeof training->progress);
    training->saver.saved_step = training->progress.step;
    watchdog_position(training->progress.step, training->saver.saved_step);
    collection_deal_weights(training->plan->ranks, &training->plan->partition,
                            training->saver.weights, training->trainer.weights);
    optimizer_deal(training->trainer.optimizer, training->saver.state);
    return STATUS_OK;
}
