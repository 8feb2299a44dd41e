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

static Status sync_path(const char *path, int flags) {
    int descriptor = open(path, flags | O_CLOEXEC);
    if (descriptor < 0)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    int failed = fsync(descriptor);
    int reason = errno;
    close(descriptor);
    /* Some file systems do not sync folders; they say EINVAL. */
    if (failed && reason != EINVAL)
        return status_fail(STATUS_IO, "%s: cannot be synced to disk: %s", path, strerror(reason));
    return STATUS_OK;
}

static Status sync_folder_of(const char *path) {
    char folder[FILE_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash)
        snprintf(folder, sizeof folder, ".");
    else if (slash == folder)
        folder[1] = '\0';
    else
        *slash = '\0';
    return sync_path(folder, O_RDONLY | O_DIRECTORY);
}

Status file_commit(const char *temporary, const char *path) {
    Status status = sync_path(temporary, O_RDWR);
    if (status == STATUS_OK && rename(temporary, path) != 0)
        status = status_fail(STATUS_IO, "%s: cannot be renamed to %s: %s", temporary, path,
                             strerror(errno));
    if (status != STATUS_OK) {
        unlink(temporary);
        return status;
    }
    return sync_folder_of(path);
}

bool file_exists(const char *path) {
    return access(path, F_OK) == 0;
}

Status file_make_folder(const char *path) {
    char part[FILE_PATH_MAX];
    if (snprintf(part, sizeof part, "%s", path) >= FILE_PATH_MAX)
        return status_fail(STATUS_IO, "%s: the path is longer than %d bytes", path,
                           FILE_PATH_MAX - 1);
    for (char *end = part + 1;; end++) {
        if (*end != '/' && *end != '\0')
            continue;
        char kept = *end;
        *end = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return status_fail(STATUS_IO, "%s: the folder cannot be made: %s", part,
                               strerror(errno));
        *end = kept;
        if (kept == '\0')
            break;
    }
    struct stat found;
    if (stat(path, &found) != 0 || !S_ISDIR(found.st_mode))
        return status_fail(STATUS_IO, "%s: is not a folder", path);
    return STATUS_OK;
}

void file_stem(const char *path, char *stem, size_t bytes) {
    const char *slash = strrchr(path, '/');
    snprintf(stem, bytes, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(stem, '.');
    if (dot && dot != stem)
        *dot = '\0';
}
