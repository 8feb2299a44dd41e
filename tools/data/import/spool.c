#define _GNU_SOURCE /* O_TMPFILE */
#include "spool.h"

#include "vit/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Not every file system can make a file that never had a name. */
static int make_and_unlink(const char *folder) {
    char path[FILE_PATH_MAX];
    if (snprintf(path, sizeof path, "%s/.vit_data_XXXXXX", folder) >= (int)sizeof path)
        return -1;
    const int descriptor = mkstemp(path);
    if (descriptor >= 0)
        unlink(path);
    return descriptor;
}

Status spool_open(Spool *spool, const char *beside) {
    char folder[FILE_PATH_MAX] = ".";
    const char *slash = strrchr(beside, '/');
    if (slash)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash == beside ? 1 : slash - beside),
                 beside);
    *spool = (Spool){.descriptor = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
    if (spool->descriptor < 0)
        spool->descriptor = make_and_unlink(folder);
    return spool->descriptor >= 0 ? STATUS_OK
                                  : status_fail(STATUS_IO, "%s: no file can be made there: %s",
                                                folder, strerror(errno));
}

Status spool_add(Spool *spool, const void *bytes, size_t count) {
    const char *from = bytes;
    while (count) {
        const ssize_t wrote = pwrite(spool->descriptor, from, count, (off_t)spool->bytes);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return status_fail(STATUS_IO,
                               "what is unpacked cannot be written beside the data file: %s",
                               strerror(errno));
        from += wrote;
        count -= (size_t)wrote;
        spool->bytes += (uint64_t)wrote;
    }
    return STATUS_OK;
}

void spool_close(Spool *spool) {
    if (spool->descriptor >= 0)
        close(spool->descriptor);
    spool->descriptor = -1;
}
