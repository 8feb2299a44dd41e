#include "vit/writer.h"

#include "vit/clock.h"
#include <stdio.h>

const char *const save_file_name[SAVE_FILES] = {
    [SAVE_BEST] = "best.h5", [SAVE_LAST] = "last.h5", [SAVE_METRICS] = "the metrics"};

static Status write_best(const Save *save) {
    char path[FILE_PATH_MAX];
    Checkpoint weights = save->checkpoint;
    weights.first_moment = weights.second_moment = NULL;
    STATUS_TRY(output_path(save->output, "best.h5", path));
    return checkpoint_write(path, &weights);
}

static Status write_last(Save *save) {
    const double start = clock_now();
    const Status status =
        checkpoint_write_last(save->output->folder, save->keep, &save->checkpoint);
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

static void write_all(Save *save) {
    for (SaveFile file = 0; file < SAVE_FILES; file++) {
        save->status[file] = save->wanted[file] ? write_file(save, file) : STATUS_OK;
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
