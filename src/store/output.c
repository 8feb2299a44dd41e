#include "vit/output.h"

#include "vit/log.h"
#include "vit/path_name.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- starting over ---- */

static bool says_nothing(const char *entry) {
    return strcmp(entry, ".") == 0 || strcmp(entry, "..") == 0 ||
           strcmp(entry, output_file_name(OUTPUT_LOCK)) == 0;
}

/* Whether the folder holds nothing but its lock. */
static Status look_into(const OutputLock *lock, const char *folder, bool *empty) {
    const int descriptor = openat(lock->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *empty = false;
    DIR *entries = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (!entries) {
        const Status status =
            status_fail(STATUS_IO, "%s: cannot be read: %s", folder, strerror(errno));
        if (descriptor >= 0)
            close(descriptor);
        return status;
    }
    const struct dirent *entry;
    do {
        errno = 0;
        entry = readdir(entries);
    } while (entry && says_nothing(entry->d_name));
    const int reason = errno;
    closedir(entries);
    *empty = !entry;
    return entry || !reason
               ? STATUS_OK
               : status_fail(STATUS_IO, "%s: cannot be read: %s", folder, strerror(reason));
}

/* Of a rename: something has that name by now. */
static bool name_was_taken(int reason) {
    return reason == EEXIST || reason == ENOTEMPTY || reason == ENOTDIR;
}

static Status move_aside(const char *folder, char moved[static FILE_PATH_MAX]) {
    for (int number = 1;; number++) {
        if (snprintf(moved, FILE_PATH_MAX, "%s.%d", folder, number) >= FILE_PATH_MAX)
            return status_fail(STATUS_IO, "%s: the path is too long", folder);
        struct stat found;
        if (lstat(moved, &found) == 0)
            continue;
        if (rename(folder, moved) == 0)
            return STATUS_OK;
        if (errno == EBUSY || errno == EINVAL)
            return status_fail(
                STATUS_IO,
                "%s: cannot be moved aside: a mount point, and what ends in . or .., "
                "has no name to change (%s); choose a folder below it as [job] "
                "output",
                folder, strerror(errno));
        if (!name_was_taken(errno))
            return status_fail(STATUS_IO, "%s: cannot be moved aside to %s: %s", folder, moved,
                               strerror(errno));
    }
}

/* What a symbolic link leads to; what is none as it is. */
static Status follow(const char *path, char real[static FILE_PATH_MAX]) {
    struct stat found;
    const bool is_link = lstat(path, &found) == 0 && S_ISLNK(found.st_mode);
    char *target = is_link ? realpath(path, NULL) : NULL;
    if (is_link && !target)
        return status_fail(STATUS_IO, "%s: cannot be followed: %s", path, strerror(errno));
    const int length = snprintf(real, FILE_PATH_MAX, "%s", target ? target : path);
    free(target);
    return length < FILE_PATH_MAX
               ? STATUS_OK
               : status_fail(STATUS_IO, "%s: leads to a path that is too long", path);
}

/* The lock is held while the folder is renamed, so that nobody begins in it meanwhile. Between that
 * and the new one's lock somebody may be faster: what he has made is his, or once he has ended is
 * moved aside too. */
static Status start_over(OutputLock *lock, const char *name, char moved[static FILE_PATH_MAX]) {
    char folder[FILE_PATH_MAX];
    bool empty;
    STATUS_TRY(follow(name, folder));
    for (;;) {
        STATUS_TRY(look_into(lock, folder, &empty));
        if (empty)
            return STATUS_OK;
        STATUS_TRY(move_aside(folder, moved));
        output_lock_release(lock);
        const Status status = output_lock_take(lock, folder);
        if (status != STATUS_OK)
            return status_fail(status, "%s (the earlier run is now in %s)", status_message(),
                               moved);
    }
}

/* ---- what a killed writer left; whoever holds the lock may remove it ---- */

static void remove_leftover(const char *path) {
    char temporary[FILE_PATH_MAX];
    if (file_temporary(path, temporary) == STATUS_OK && unlink(temporary) == 0)
        log_info("Removed %s, which a killed run left", temporary);
}

static void remove_leftovers(const Output *output) {
    char path[FILE_PATH_MAX];
    for (OutputFile file = 0; file < OUTPUT_FILES; file++)
        if (output_file_is_replaced(file) &&
            output_file_path(output->folder, file, path) == STATUS_OK)
            remove_leftover(path);
    /* The newest state waits under this name while its successor takes its place. */
    if (output_file_last(output->folder, 1, path) == STATUS_OK)
        remove_leftover(path);
}

/* ---- the folder ---- */

/* "runs/x/" is moved aside to "runs/x.1", not into itself. */
static Status set_name(Output *output, const char *name) {
    if (snprintf(output->name, FILE_PATH_MAX, "%s", name) >= FILE_PATH_MAX)
        return status_fail(STATUS_IO, "%s: the path is longer than %d bytes", name,
                           FILE_PATH_MAX - 1);
    for (size_t end = strlen(output->name); end > 1 && output->name[end - 1] == '/'; end--)
        output->name[end - 1] = '\0';
    return STATUS_OK;
}

/* Without /proc the name has to do. */
static void set_folder(Output *output) {
    snprintf(output->folder, FILE_PATH_MAX, "/proc/self/fd/%d", output->lock.folder);
    if (output_lock_find(&output->lock, output->folder) == OUTPUT_HERE)
        path_name_set(output->folder, output->name);
    else
        snprintf(output->folder, FILE_PATH_MAX, "%s", output->name);
}

Status output_open(Output *output, const char *name, bool fresh, char moved[static FILE_PATH_MAX]) {
    *output = OUTPUT_NONE;
    moved[0] = '\0';
    STATUS_TRY(set_name(output, name));
    STATUS_TRY(output_lock_take(&output->lock, output->name));
    const Status status = fresh ? start_over(&output->lock, output->name, moved) : STATUS_OK;
    if (status != STATUS_OK) {
        output_lock_release(&output->lock);
        return status;
    }
    set_folder(output);
    remove_leftovers(output);
    return STATUS_OK;
}

void output_close(Output *output) {
    path_name_set("", "");
    output_lock_release(&output->lock);
}

/* ---- while the run lives ---- */

static bool is_removed(const Output *output) {
    struct stat found;
    return fstat(output->lock.folder, &found) == 0 ? found.st_nlink == 0 : errno == ESTALE;
}

/* Whether its files are opened by its name: without /proc. */
static bool has_only_its_name(const Output *output) {
    return strcmp(output->folder, output->name) == 0;
}

/* The folder is no longer what its name leads to. */
static Status find_moved(Output *output) {
    char now[FILE_PATH_MAX];
    if (has_only_its_name(output))
        return status_fail(STATUS_IO,
                           "%s: the output folder was moved away while the run uses it; nothing "
                           "is saved into what has its name now",
                           output->name);
    const ssize_t length = readlink(output->folder, now, sizeof now - 1);
    now[length > 0 ? length : 0] = '\0';
    if (output_lock_find(&output->lock, now) != OUTPUT_HERE) {
        if (!output->is_lost)
            log_warning("%s: the output folder was moved away; the run goes on in it, wherever it "
                        "is",
                        output->name);
        output->is_lost = true;
        return STATUS_OK;
    }
    log_warning("%s: the output folder was moved to %s, and the run goes on there; to go on after "
                "a stop, give this as [job] output",
                output->name, now);
    snprintf(output->name, FILE_PATH_MAX, "%s", now);
    path_name_set(output->folder, now);
    output->is_lost = false;
    return STATUS_OK;
}

/* Where its name leads cannot be told now: no move, and no matter to who does not go by it. */
static Status do_without_name(const Output *output) {
    return has_only_its_name(output)
               ? status_fail(STATUS_IO, "%s: the output folder cannot be looked for: %s",
                             output->name, strerror(errno))
               : STATUS_OK;
}

Status output_check(Output *output) {
    if (is_removed(output))
        return status_fail(STATUS_IO, "%s: the output folder was removed while the run uses it",
                           output->name);
    STATUS_TRY(output_lock_keep(&output->lock, output->folder));
    switch (output_lock_find(&output->lock, output->name)) {
    case OUTPUT_HERE:
        output->is_lost = false;
        return STATUS_OK;
    case OUTPUT_ELSEWHERE:
        return find_moved(output);
    default:
        return do_without_name(output);
    }
}

/* ---- files ---- */

Status output_write_text(const Output *output, OutputFile file, const char *text) {
    char path[FILE_PATH_MAX], temporary[FILE_PATH_MAX];
    STATUS_TRY(output_file_path(output->folder, file, path));
    STATUS_TRY(file_temporary(path, temporary));
    FILE *stream = fopen(temporary, "w");
    if (!stream)
        return status_fail(STATUS_IO, "%s: cannot be opened for writing: %s", temporary,
                           strerror(errno));
    bool failed = fputs(text, stream) == EOF;
    failed = fclose(stream) != 0 || failed;
    if (failed) {
        unlink(temporary);
        return status_fail(STATUS_IO, "%s: cannot be written: %s", temporary, strerror(errno));
    }
    return file_commit(temporary, path);
}
