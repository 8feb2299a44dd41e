#include "vit/output.h"

#include "vit/log.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Who uses the folder, for the message of the next one; told by the lock file's content. */
static void sign_lock(const Output *output) {
    char text[256], host[128] = "";
    const char *job = getenv("SLURM_JOB_ID");
    gethostname(host, sizeof host - 1);
    const int length = snprintf(text, sizeof text, "process %ld on %s%s%.32s\n", (long)getpid(),
                                host, job ? ", Slurm job " : "", job ? job : "");
    /* Only a help: without it the lock is as good. */
    if (ftruncate(output->lock, 0) != 0 || pwrite(output->lock, text, (size_t)length, 0) != length)
        return;
}

static void read_owner(const Output *output, char *owner, size_t bytes) {
    const ssize_t length = pread(output->lock, owner, bytes - 1, 0);
    owner[length > 0 ? length : 0] = '\0';
    owner[strcspn(owner, "\n")] = '\0';
    if (!owner[0])
        snprintf(owner, bytes, "an unknown process");
}

/* A record lock goes with the process, so that a dead job's lock does not block. */
static Status lock_folder(Output *output) {
    char path[FILE_PATH_MAX];
    STATUS_TRY(output_file_path(output->folder, OUTPUT_LOCK, path));
    output->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (output->lock < 0)
        return status_fail(STATUS_IO, "%s: the output folder is not writable: %s", output->folder,
                           strerror(errno));
    struct flock wanted = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(output->lock, F_SETLK, &wanted) == 0) {
        sign_lock(output);
        return STATUS_OK;
    }
    if (errno != EACCES && errno != EAGAIN) {
        log_warning("%s: this file system has no locks (%s); make sure that no other job uses the "
                    "folder",
                    output->folder, strerror(errno));
        return STATUS_OK;
    }
    char owner[256];
    read_owner(output, owner, sizeof owner);
    return status_fail(
        STATUS_IO,
        "%s: the output folder is in use by another job (%s); wait for it, or choose "
        "another [job] output",
        output->folder, owner);
}

static void remove_leftover(const char *path) {
    char temporary[FILE_PATH_MAX];
    if (file_temporary(path, temporary) == STATUS_OK && unlink(temporary) == 0)
        log_info("Removed %s, which a killed run left", temporary);
}

/* What a killed writer left; whoever holds the lock may remove it. */
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
    if (!fresh || !existed) {
        remove_leftovers(output);
        return STATUS_OK;
    }
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
