#include "vit/checkpoint.h"

#include "checkpoint_state.h"
#include "vit/file.h"
#include "vit/h5.h"
#include "vit/log.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- one file ---- */

static Status write_block(hid_t file, int block, const ParameterTable *table, const float *values) {
    for (size_t i = 0; i < table->count; i++) {
        const Parameter *entry = &table->entry[i];
        char name[TENSOR_NAME_MAX];
        checkpoint_tensor_name(block, entry, name);
        STATUS_TRY(h5_write(file, name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, entry->axes, entry->shape,
                            values + entry->offset));
    }
    return STATUS_OK;
}

static Status write_content(hid_t file, const Checkpoint *checkpoint,
                            char sha256[static DIGEST_TEXT]) {
    const float *const values[BLOCK_COUNT] = {checkpoint->weights, checkpoint->first_moment,
                                              checkpoint->second_moment};
    BlockDigests digests = {0};
    for (int block = 0; block < BLOCK_COUNT; block++) {
        if (!values[block])
            continue;
        STATUS_TRY(write_block(file, block, checkpoint->table, values[block]));
        STATUS_TRY(parameter_digest(checkpoint->table, values[block], digests.sha256[block]));
    }
    return checkpoint_state_write(file, checkpoint, &digests, sha256);
}

static Status write_file(const char *path, const Checkpoint *checkpoint,
                         char sha256[static DIGEST_TEXT]) {
    hid_t file;
    STATUS_TRY(h5_create(path, &file));
    Status status = write_content(file, checkpoint, sha256);
    Status closed = h5_close(file);
    return status != STATUS_OK ? status : closed;
}

/* Writes the file and reads it back, since HDF5 may report success on a full disk. On error nothing
 * is left at path. */
static Status write_verified(const char *path, const Checkpoint *checkpoint) {
    char sha256[DIGEST_TEXT];
    unlink(path); /* a killed writer's */
    Status status = write_file(path, checkpoint, sha256);
    if (status == STATUS_OK && checkpoint_verify(path, checkpoint->table, sha256) != STATUS_OK)
        status = status_fail(STATUS_IO, "%s: what was written does not read back: %s", path,
                             status_message());
    if (status != STATUS_OK)
        unlink(path);
    return status;
}

Status checkpoint_write(const char *path, const Checkpoint *checkpoint) {
    char temporary[FILE_PATH_MAX];
    STATUS_TRY(file_temporary(path, temporary));
    STATUS_TRY(write_verified(temporary, checkpoint));
    return file_commit(temporary, path);
}

/* ---- the last few ---- */

Status checkpoint_last_path(const char *folder, size_t index, char path[static FILE_PATH_MAX]) {
    int length = index == 0 ? snprintf(path, FILE_PATH_MAX, "%s/last.h5", folder)
                            : snprintf(path, FILE_PATH_MAX, "%s/last.%zu.h5", folder, index);
    if (length >= FILE_PATH_MAX)
        return status_fail(STATUS_IO, "%s: the path is too long", folder);
    return STATUS_OK;
}

/* Gives the newest file a second name, under which it outlives its replacement. */
static Status keep_newest(const char *newest, const char *kept) {
    unlink(kept); /* a killed writer's */
    if (link(newest, kept) != 0 && errno != ENOENT)
        return status_fail(STATUS_IO, "%s: cannot be linked to %s: %s", newest, kept,
                           strerror(errno));
    return STATUS_OK;
}

/* Makes room for `kept` as last.1.h5, forgets what is beyond `keep`. */
static Status shift_older(const char *folder, size_t keep, const char *kept) {
    char from[FILE_PATH_MAX], to[FILE_PATH_MAX];
    for (size_t i = keep - 1; i >= 1 && file_exists(kept); i--) {
        STATUS_TRY(checkpoint_last_path(folder, i, to));
        STATUS_TRY(checkpoint_last_path(folder, i - 1, from));
        const char *source = i == 1 ? kept : from;
        if (rename(source, to) != 0 && errno != ENOENT)
            return status_fail(STATUS_IO, "%s: cannot be renamed to %s: %s", source, to,
                               strerror(errno));
    }
    for (size_t i = keep;; i++) {
        STATUS_TRY(checkpoint_last_path(folder, i, to));
        if (unlink(to) != 0)
            return STATUS_OK;
    }
}

/* The new file takes its place before anything happens to the older ones, so that whenever this is
 * interrupted, last.h5 is complete. */
Status checkpoint_write_last(const char *folder, size_t keep, const Checkpoint *checkpoint) {
    char newest[FILE_PATH_MAX], temporary[FILE_PATH_MAX];
    char second[FILE_PATH_MAX], kept[FILE_PATH_MAX];
    STATUS_TRY(checkpoint_last_path(folder, 0, newest));
    STATUS_TRY(checkpoint_last_path(folder, 1, second));
    STATUS_TRY(file_temporary(newest, temporary));
    STATUS_TRY(file_temporary(second, kept));
    STATUS_TRY(write_verified(temporary, checkpoint));
    Status rotated = keep > 1 ? keep_newest(newest, kept) : STATUS_OK;
    Status status = file_commit(temporary, newest);
    if (status != STATUS_OK) {
        unlink(kept);
        return status;
    }
    if (rotated == STATUS_OK)
        rotated = shift_older(folder, keep, kept);
    if (rotated != STATUS_OK)
        log_warning("The older checkpoints cannot be kept: %s", status_message());
    unlink(kept);
    return STATUS_OK;
}
