#include "vit/checkpoint_last.h"

#include "vit/file.h"
#include "vit/log.h"
#include "vit/output_file.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Gives the newest file a second name, under which it outlives its replacement; where the file
 * system refuses hard links, for whatever reason, a copy does. */
static Status keep_newest(const char *newest, const char *kept) {
    bool there;
    unlink(kept); /* a killed writer's */
    STATUS_TRY(file_find(newest, &there));
    if (!there || link(newest, kept) == 0)
        return STATUS_OK;
    return file_copy(newest, kept);
}

/* Makes room for `kept` as last.1.h5, forgets what is beyond `keep`. */
static Status shift_older(const char *folder, size_t keep, const char *kept) {
    char from[FILE_PATH_MAX], to[FILE_PATH_MAX];
    for (size_t i = keep - 1; i >= 1 && file_exists(kept); i--) {
        STATUS_TRY(output_file_last(folder, i, to));
        STATUS_TRY(output_file_last(folder, i - 1, from));
        const char *source = i == 1 ? kept : from;
        if (rename(source, to) != 0 && errno != ENOENT)
            return status_fail(STATUS_IO, "%s: cannot be renamed to %s: %s", source, to,
                               strerror(errno));
    }
    for (size_t i = keep;; i++) {
        STATUS_TRY(output_file_last(folder, i, to));
        if (unlink(to) != 0)
            return STATUS_OK;
    }
}

/* The new file takes its place before anything happens to the older ones, so that whenever this is
 * interrupted, last.h5 is complete. */
Status checkpoint_last_write(const char *folder, size_t keep, const Checkpoint *checkpoint) {
    char newest[FILE_PATH_MAX], temporary[FILE_PATH_MAX];
    char second[FILE_PATH_MAX], kept[FILE_PATH_MAX];
    STATUS_TRY(output_file_last(folder, 0, newest));
    STATUS_TRY(output_file_last(folder, 1, second));
    STATUS_TRY(file_temporary(newest, temporary));
    STATUS_TRY(file_temporary(second, kept));
    STATUS_TRY(checkpoint_write_temporary(temporary, checkpoint));
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
