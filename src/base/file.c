#include "vit/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

Status file_temporary(const char *path, char temporary[static FILE_PATH_MAX]) {
    int length = snprintf(temporary, FILE_PATH_MAX, "%s.tmp", path);
    if (length >= FILE_PATH_MAX)
        return status_fail(STATUS_IO, "%s: the path is longer than %d bytes", path,
                           FILE_PATH_MAX - 1);
    return STATUS_OK;
}

static Status open_path(const char *path, int flags, int *descriptor) {
    *descriptor = open(path, flags | O_CLOEXEC);
    if (*descriptor < 0)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    return STATUS_OK;
}

static Status sync_to_disk(const char *path, int descriptor) {
    /* Some file systems do not sync folders; they say EINVAL. */
    if (fsync(descriptor) != 0 && errno != EINVAL)
        return status_fail(STATUS_IO, "%s: cannot be synced to disk: %s", path, strerror(errno));
    return STATUS_OK;
}

static Status sync_and_close(const char *path, int descriptor) {
    const Status status = sync_to_disk(path, descriptor);
    close(descriptor);
    return status;
}

static void folder_of(const char *path, char folder[static FILE_PATH_MAX]) {
    snprintf(folder, FILE_PATH_MAX, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash)
        snprintf(folder, FILE_PATH_MAX, ".");
    else if (slash == folder)
        folder[1] = '\0';
    else
        *slash = '\0';
}

static Status sync_and_rename(const char *temporary, const char *path) {
    int descriptor;
    STATUS_TRY(open_path(temporary, O_RDWR, &descriptor));
    STATUS_TRY(sync_and_close(temporary, descriptor));
    if (rename(temporary, path) != 0)
        return status_fail(STATUS_IO, "%s: cannot be renamed to %s: %s", temporary, path,
                           strerror(errno));
    return STATUS_OK;
}

Status file_commit(const char *temporary, const char *path) {
    char folder[FILE_PATH_MAX];
    int descriptor;
    folder_of(path, folder);
    /* Opened first, so that nothing but its own sync can fail once the old file is gone. */
    Status status = open_path(folder, O_RDONLY | O_DIRECTORY, &descriptor);
    if (status == STATUS_OK) {
        status = sync_and_rename(temporary, path);
        if (status == STATUS_OK)
            return sync_and_close(folder, descriptor);
        close(descriptor);
    }
    unlink(temporary);
    return status;
}

/* Reads on from where the one stands, and writes to the other until it is on disk. */
static Status copy_bytes(const char *from, int source, const char *to, int target) {
    char bytes[1 << 16];
    for (;;) {
        const ssize_t got = read(source, bytes, sizeof bytes);
        if (got < 0)
            return status_fail(STATUS_IO, "%s: cannot be read: %s", from, strerror(errno));
        if (got == 0)
            return sync_to_disk(to, target);
        for (ssize_t done = 0, more; done < got; done += more) {
            more = write(target, bytes + done, (size_t)(got - done));
            if (more < 0)
                return status_fail(STATUS_IO, "%s: cannot be written: %s", to, strerror(errno));
        }
    }
}

/* Opens `to`, empty, for nobody who may not open the other file, but for its owner to write. */
static Status create_like(int other, const char *to, int *target) {
    struct stat found;
    const mode_t mode = fstat(other, &found) == 0 ? found.st_mode & 0777 : 0;
    *target = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode | 0600);
    return *target < 0 ? status_fail(STATUS_IO, "%s: cannot be written: %s", to, strerror(errno))
                       : STATUS_OK;
}

Status file_copy(const char *from, const char *to) {
    int source, target;
    STATUS_TRY(open_path(from, O_RDONLY, &source));
    Status status = create_like(source, to, &target);
    if (status == STATUS_OK)
        status = copy_bytes(from, source, to, target);
    close(source);
    if (target >= 0 && close(target) != 0 && status == STATUS_OK)
        status = status_fail(STATUS_IO, "%s: cannot be written: %s", to, strerror(errno));
    if (target >= 0 && status != STATUS_OK)
        unlink(to);
    return status;
}

/* Whether the path is a symbolic link, and where it leads, cut to the room. */
static bool read_link(const char *path, char target[static FILE_PATH_MAX]) {
    const ssize_t length = readlink(path, target, FILE_PATH_MAX - 1);
    target[length < 0 ? 0 : length] = '\0';
    return length >= 0;
}

static Status fail_link(const char *path, const char *target, int reason) {
    if (reason == ENOENT)
        return status_fail(STATUS_IO, "%s: is a symbolic link to %s, which does not exist", path,
                           target);
    return status_fail(STATUS_IO, "%s: is a symbolic link to %s, which cannot be followed: %s",
                       path, target, strerror(reason));
}

Status file_find(const char *path, bool *found) {
    struct stat status;
    char target[FILE_PATH_MAX];
    *found = stat(path, &status) == 0;
    if (*found)
        return STATUS_OK;
    const int reason = errno;
    if (read_link(path, target))
        return fail_link(path, target, reason);
    if (reason == ENOENT || reason == ENOTDIR)
        return STATUS_OK;
    return status_fail(STATUS_IO, "%s: cannot be looked for: %s", path, strerror(reason));
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

static bool is_folder(const char *path) {
    struct stat found;
    return stat(path, &found) == 0 && S_ISDIR(found.st_mode);
}

/* What stands in a folder's place: mkdir's reason alone does not tell. */
static Status fail_folder(const char *path, int reason) {
    char target[FILE_PATH_MAX];
    struct stat found;
    if (!read_link(path, target))
        return status_fail(STATUS_IO, "%s: the folder cannot be made: %s", path,
                           reason == EEXIST ? "a file has its name" : strerror(reason));
    if (stat(path, &found) != 0)
        return fail_link(path, target, errno);
    return status_fail(STATUS_IO, "%s: is a symbolic link to %s, which is no folder", path, target);
}

/* Each try but the first follows on a move by another process. */
enum { TRIES = 100 };

static Status make_one(const char *path) {
    int reason = ENOENT;
    for (int tries = 0; tries < TRIES && reason == ENOENT; tries++) {
        struct stat found;
        if (mkdir(path, 0777) == 0)
            return STATUS_OK;
        reason = errno;
        /* For a folder that is there, some systems give another reason first, such as EROFS. */
        if (is_folder(path))
            return STATUS_OK;
        if (reason != EEXIST || lstat(path, &found) == 0)
            return fail_folder(path, reason);
        reason = errno;
    }
    return fail_folder(path, reason);
}

Status file_make_folder(const char *path) {
    char part[FILE_PATH_MAX];
    if (!*path)
        return status_fail(STATUS_IO, "a folder with an empty name cannot be made");
    if (snprintf(part, sizeof part, "%s", path) >= FILE_PATH_MAX)
        return status_fail(STATUS_IO, "%s: the path is longer than %d bytes", path,
                           FILE_PATH_MAX - 1);
    for (char *end = part + 1;; end++) {
        if (*end != '/' && *end != '\0')
            continue;
        char kept = *end;
        *end = '\0';
        STATUS_TRY(make_one(part));
        *end = kept;
        if (kept == '\0')
            return STATUS_OK;
    }
}

void file_stem(const char *path, char *stem, size_t bytes) {
    const char *slash = strrchr(path, '/');
    snprintf(stem, bytes, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(stem, '.');
    if (dot && dot != stem)
        *dot = '\0';
}
