#include "vit/writer.h"

#include "vit/checkpoint_last.h"
#include "vit/clock.h"
#include "vit/float_mode.h"
#include <stdio.h>

const char *writer_file_name(SaveFile file) {
    switch (file) {
    case SAVE_BEST:
        return output_file_name(OUTPUT_BEST);
    case SAVE_LAST:
        return output_file_name(OUTPUT_LAST);
    default:
        return "the metrics";
    }
}

static Status write_best(const Save *save) {
    char path[FILE_PATH_MAX];
    Checkpoint weights = save->checkpoint;
    weights.states = 0;
    if (save->average)
        weights.weights = save->average;
    STATUS_TRY(output_file_path(save->output->folder, OUTPUT_BEST, path));
    return checkpoint_write(path, &weights);
}

static Status write_last(Save *save) {
    const double start = clock_now();
    const Status status =
        checkpoint_last_write(save->output->folder, save->keep, &save->checkpoint);
    save->seconds = clock_now() - start;
    return status;
}

static Status write_file(Save *save, SaveFile file) {
    switch (file) {
    case SAVE_BEST:
        return write_best(save);
    case SAVE_LAST:
        return write_last(save);
    default:
        return history_write_files(save->checkpoint.history, save->output->folder);
    }
}

/* Nothing is written into a folder that is not this run's any more. */
static Status write_wanted(Save *save, SaveFile file) {
    if (!save->wanted[file])
        return STATUS_OK;
    STATUS_TRY(output_check(save->output));
    return write_file(save, file);
}

static void write_all(Save *save) {
    if (save->first && output_check(save->output) == STATUS_OK)
        save->first(save->context, save);
    for (SaveFile file = 0; file < SAVE_FILES; file++) {
        save->status[file] = write_wanted(save, file);
        if (save->status[file] == STATUS_OK)
            continue;
        snprintf(save->message[file], sizeof save->message[file], "%s", status_message());
        if (file == SAVE_BEST) {
            save->checkpoint.progress.best_val_accuracy = save->best_val_accuracy;
            save->checkpoint.progress.best_epoch = save->best_epoch;
        }
    }
}

static void *work(void *argument) {
    Writer *writer = argument;
    if (writer->threaded)
        float_mode_keep();
    if (writer->threaded && writer->enter)
        writer->enter();
    write_all(writer->save);
    atomic_store(&writer->done, true);
    return NULL;
}

void writer_start(Writer *writer, Save *save) {
    writer->save = save;
    writer->busy = true;
    atomic_store(&writer->done, false);
    writer->threaded = true;
    if (pthread_create(&writer->thread, NULL, work, writer) == 0)
        return;
    writer->threaded = false;
    work(writer);
}

bool writer_is_done(const Writer *writer) {
    return !writer->busy || atomic_load(&writer->done);
}

void writer_wait(Writer *writer) {
    if (writer->busy && writer->threaded)
        pthread_join(writer->thread, NULL);
    writer->busy = false;
}
