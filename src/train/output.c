#include "output.h"

#include "vit/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Status output_path(const Output *output, const char *name, char path[static FILE_PATH_MAX]) {
    if (snprintf(path, FILE_PATH_MAX, "%s/%s", output->folder, name) >= FILE_PATH_MAX)
        return status_fail(STATUS_IO, "%s: the path is longer than %d bytes", output->folder,
                           FILE_PATH_MAX - 1);
    return STATUS_OK;
}

/* A record lock goes with the process, so that a dead job's lock does not block. */
static Status lock_folder(Output *output) {
    char path[FILE_PATH_MAX];
    STATUS_TRY(output_path(output, ".lock", path));
    output->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (output->lock < 0)
        return status_fail(STATUS_IO, "%s: the output folder is not writable: %s", output->folder,
                           strerror(errno));
    struct flock wanted = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(output->lock, F_SETLK, &wanted) == 0)
        return STATUS_OK;
    if (errno != EACCES && errno != EAGAIN) {
        log_warning("%s: this file system has no locks (%s); make sure that no other job uses the "
                    "folder",
                    output->folder, strerror(errno));
        return STATUS_OK;
    }
    wanted.l_type = F_WRLCK;
    fcntl(output->lock, F_GETLK, &wanted);
    return status_fail(STATUS_IO,
                       "%s: the output folder is in use by another job (process %ld); wait for it, "
                       "or choose another [job] output",
                       output->folder, (long)wanted.l_pid);
}

static Status move_aside(const char *folder, char moved[static FILE_PATH_MAX]) {
    for (int number = 1;; number++) {
        if (snprintf(moved, FILE_PATH_MAX, "%s.%d", folder, number) >= FILE_PATH_MAX)
            return status_fail(STATUS_IO, "%s: the path is too long", folder);
        struct stat found;
        if (lstat(moved, &found) != 0)
            break;
    }
    if (rename(folder, moved) != 0)
        return status_fail(STATUS_IO, "%s: cannot be moved aside to %s: %s", folder, moved,
                           strerror(errno));
    return STATUS_OK;
}

Status output_open(Output *output, const char *folder, bool fresh,
                   char moved[static FILE_PATH_MAX]) {
    const bool existed = file_exists(folder);
    *output = (Output){.lock = -1};
    moved[0] = '\0';
    snprintf(output->folder, sizeof output->folder, "%s", folder);
    /* "runs/x/" is moved aside to "runs/x.1", not into itself. */
    for (size_t end = strlen(output->folder); end > 1 && output->folder[end - 1] == '/'; end--)
        output->folder[end - 1] = '\0';
    STATUS_TRY(file_make_folder(output->folder));
    STATUS_TRY(lock_folder(output));
    if (!fresh || !existed)
        return STATUS_OK;
    output_close(output);
    STATUS_TRY(move_aside(output->folder, moved));
    STATUS_TRY(file_make_folder(output->folder));
    return lock_folder(output);
}

void output_close(Output *output) {
    if (output->lock >= 0)
        close(output->lock);
    output->lock = -1;
}

Status output_write_text(const Output *output, const char *name, const char *text) {
    char path[FILE_PATH_MAX], temporary[FILE_PATH_MAX];
    STATUS_TRY(output_path(output, name, path));
    STATUS_TRY(file_temporary(path, temporary));
    FILE *file = fopen(temporary, "w");
    if (!file)
        return status_fail(STATUS_IO, "%s: cannot be opened for writing: %s", temporary,
                           strerror(errno));
    bool failed = fputs(text, file) == EOF;
    failed = fclose(file) != 0 || failed;
    if (failed) {
        unlink(temporary);
        return status_fail(STATUS_IO, "%s: cannot be written: %s", temporary, strerror(errno));
    }
    return file_commit(temporary, path);
}
