#include "vit/history.h"

#include "columns.h"
#include "vit/file.h"
#include "vit/format.h"
#include "vit/h5.h"
#include "vit/memory.h"
#include "vit/output_file.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_ROOM = 64 };

/* ---- rows in memory ---- */

void history_free(History *history) {
    memory_free(history->epoch);
    memory_free(history->step);
    *history = (History){0};
}

/* Makes room for one more row after `count`; *array is a pointer to rows of `size` bytes. On error
 * nothing is changed. */
static Status make_room(void *array, size_t count, size_t *room, size_t size) {
    if (count < *room)
        return STATUS_OK;
    void *rows, *longer;
    memcpy(&rows, array, sizeof rows); /* a pointer to rows is no pointer to void to the compiler */
    const size_t more = count ? 2 * count : FIRST_ROOM;
    STATUS_TRY(memory_allocate(&longer, more, size, "history"));
    if (count)
        memcpy(longer, rows, count * size);
    memory_free(rows);
    memcpy(array, &longer, sizeof longer);
    *room = more;
    return STATUS_OK;
}

Status history_add_epoch(History *history, EpochRow row) {
    history_cut(history, row.epoch - 1, UINT64_MAX);
    STATUS_TRY(make_room(&history->epoch, history->epochs, &history->epoch_room, sizeof row));
    history->epoch[history->epochs++] = row;
    return STATUS_OK;
}

Status history_add_step(History *history, StepRow row) {
    history_cut(history, UINT64_MAX, row.step - 1);
    STATUS_TRY(make_room(&history->step, history->steps, &history->step_room, sizeof row));
    history->step[history->steps++] = row;
    return STATUS_OK;
}

Status history_copy(History *to, const History *from) {
    const char *what = "a copy of the history";
    history_free(to);
    STATUS_TRY(memory_allocate(&to->epoch, from->epochs, sizeof *to->epoch, what));
    STATUS_TRY(memory_allocate(&to->step, from->steps, sizeof *to->step, what));
    to->epochs = to->epoch_room = from->epochs;
    to->steps = to->step_room = from->steps;
    if (to->epochs)
        memcpy(to->epoch, from->epoch, to->epochs * sizeof *to->epoch);
    if (to->steps)
        memcpy(to->step, from->step, to->steps * sizeof *to->step);
    return STATUS_OK;
}

void history_cut(History *history, uint64_t epochs, uint64_t steps) {
    while (history->epochs && history->epoch[history->epochs - 1].epoch > epochs)
        history->epochs--;
    while (history->steps && history->step[history->steps - 1].step > steps)
        history->steps--;
}

/* ---- columns ---- */

static const Column epoch_column[] = {
    {"epoch", offsetof(EpochRow, epoch), true, 1},
    {"loss", offsetof(EpochRow, loss), false, 1},
    {"accuracy", offsetof(EpochRow, accuracy), false, 1},
    {"top5_accuracy", offsetof(EpochRow, top5_accuracy), false, 1},
    {"val_loss", offsetof(EpochRow, val_loss), false, 1},
    {"val_accuracy", offsetof(EpochRow, val_accuracy), false, 1},
    {"val_top5_accuracy", offsetof(EpochRow, val_top5_accuracy), false, 1},
    {"learning_rate", offsetof(EpochRow, learning_rate), false, 1},
    {"seconds", offsetof(EpochRow, seconds), false, 1},
    {"images_per_second", offsetof(EpochRow, images_per_second), false, 1},
    {"wait_seconds", offsetof(EpochRow, wait_seconds), false, 1},
    {"wait_samples_seconds", offsetof(EpochRow, wait.samples), false, 1},
    {"wait_gradients_seconds", offsetof(EpochRow, wait.gradients), false, 1},
    {"wait_ranks_seconds", offsetof(EpochRow, wait.ranks), false, 1},
    {"wait_weights_seconds", offsetof(EpochRow, wait.weights), false, 1},
};

static const Column step_column[] = {
    {"step", offsetof(StepRow, step), true, 1},
    {"loss", offsetof(StepRow, loss), false, 1},
    {"gradient_norm", offsetof(StepRow, gradient_norm), false, 1},
    {"learning_rate", offsetof(StepRow, learning_rate), false, 1},
};

#define COLUMN_COUNT(columns) (sizeof(columns) / sizeof *(columns))
_Static_assert(sizeof(EpochRow) == COLUMN_BYTES * COLUMN_COUNT(epoch_column),
               "a column for every member");
_Static_assert(sizeof(StepRow) == COLUMN_BYTES * COLUMN_COUNT(step_column),
               "a column for every member");

static const Columns epoch_columns = {"epoch", COLUMN_COUNT(epoch_column), sizeof(EpochRow),
                                      epoch_column};
static const Columns step_columns = {"step", COLUMN_COUNT(step_column), sizeof(StepRow),
                                     step_column};

/* ---- HDF5 ---- */

Status history_write_h5(const History *history, hid_t file, const char *group) {
    STATUS_TRY(columns_write(file, group, &epoch_columns, FORMAT_VERSION, history->epoch,
                             history->epochs));
    return columns_write(file, group, &step_columns, FORMAT_VERSION, history->step, history->steps);
}

Status history_read_h5(History *history, hid_t file, const char *group, uint64_t version) {
    void *rows;
    history_free(history);
    STATUS_TRY(columns_read(file, group, &epoch_columns, version, &rows, &history->epochs));
    history->epoch = rows;
    history->epoch_room = history->epochs;
    const Status status = columns_read(file, group, &step_columns, version, &rows, &history->steps);
    history->step = rows;
    history->step_room = history->steps;
    if (status != STATUS_OK)
        history_free(history);
    return status;
}

void history_digest(const History *history, uint64_t version, Digest *digest) {
    columns_digest(&epoch_columns, version, history->epoch, history->epochs, digest);
    columns_digest(&step_columns, version, history->step, history->steps, digest);
}

/* ---- files for people ---- */

/* The fewest digits that read back as the same number; nothing for NaN, as a spreadsheet has it. */
static void print_real(FILE *stream, double value) {
    if (isnan(value))
        return;
    char text[40];
    int digits = 1;
    do
        snprintf(text, sizeof text, "%.*g", digits++, value);
    while (strtod(text, NULL) != value && digits <= 17);
    fputs(text, stream);
}

static void print_row(FILE *stream, const EpochRow *row) {
    for (size_t i = 0; i < epoch_columns.count; i++) {
        const void *cell = (const char *)row + epoch_column[i].offset;
        if (i > 0)
            fputc(',', stream);
        if (epoch_column[i].counts)
            fprintf(stream, "%llu", (unsigned long long)*(const uint64_t *)cell);
        else
            print_real(stream, *(const double *)cell);
    }
    fputc('\n', stream);
}

static Status write_csv(const History *history, const char *path) {
    FILE *stream = fopen(path, "w");
    if (!stream)
        return status_fail(STATUS_IO, "%s: cannot be created: %s", path, strerror(errno));
    for (size_t i = 0; i < epoch_columns.count; i++)
        fprintf(stream, "%s%s", i > 0 ? "," : "", epoch_column[i].name);
    fputc('\n', stream);
    for (size_t i = 0; i < history->epochs; i++)
        print_row(stream, &history->epoch[i]);
    int failed = ferror(stream);
    if (fclose(stream) != 0 || failed)
        return status_fail(STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
    return STATUS_OK;
}

/* memcmp that accepts the NULL of an empty history; equal bits, so that NaN equals NaN. */
static bool same_rows(const void *one, const void *other, size_t bytes) {
    return bytes == 0 || memcmp(one, other, bytes) == 0;
}

/* HDF5 may report success on a full disk, so what was written is compared with what is there. */
static Status check_h5(const History *history, const char *path) {
    hid_t file;
    History found = {0};
    Status status = h5_open(path, &file);
    if (status == STATUS_OK)
        status = history_read_h5(&found, file, "", FORMAT_VERSION);
    h5_close(file);
    bool same = status == STATUS_OK && found.epochs == history->epochs &&
                found.steps == history->steps &&
                same_rows(found.epoch, history->epoch, found.epochs * sizeof *found.epoch) &&
                same_rows(found.step, history->step, found.steps * sizeof *found.step);
    history_free(&found);
    return same ? STATUS_OK
                : status_fail(STATUS_IO, "%s: what was written does not read back: %s", path,
                              status == STATUS_OK ? "it differs" : status_message());
}

static Status write_h5(const History *history, const char *path) {
    hid_t file;
    STATUS_TRY(h5_create(path, &file));
    Status status = history_write_h5(history, file, "");
    Status closed = h5_close(file);
    if (status == STATUS_OK)
        status = closed;
    return status == STATUS_OK ? check_h5(history, path) : status;
}

static Status name_file(const char *folder, OutputFile file, char path[static FILE_PATH_MAX],
                        char temporary[static FILE_PATH_MAX]) {
    STATUS_TRY(output_file_path(folder, file, path));
    return file_temporary(path, temporary);
}

Status history_write_files(const History *history, const char *folder) {
    char h5[FILE_PATH_MAX], h5_temporary[FILE_PATH_MAX];
    char csv[FILE_PATH_MAX], csv_temporary[FILE_PATH_MAX];
    STATUS_TRY(name_file(folder, OUTPUT_METRICS, h5, h5_temporary));
    STATUS_TRY(name_file(folder, OUTPUT_TABLE, csv, csv_temporary));
    /* Both are complete before the first takes its place. */
    Status status = write_h5(history, h5_temporary);
    if (status == STATUS_OK)
        status = write_csv(history, csv_temporary);
    if (status == STATUS_OK)
        status = file_commit(h5_temporary, h5);
    if (status == STATUS_OK)
        return file_commit(csv_temporary, csv);
    unlink(h5_temporary);
    unlink(csv_temporary);
    return status;
}
