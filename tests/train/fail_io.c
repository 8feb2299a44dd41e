/* A library to be loaded before all others (LD_PRELOAD), by which the system refuses to open, to
 * read or to link a file, as network file systems and old disks do: FAIL_PATH (how its path ends),
 * FAIL_CALL (open, read or link), FAIL_AFTER (so many calls that go well), FAIL_ERRNO. For
 * failure.sh and one_folder.sh. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool ends_as_told(const char *path) {
    const char *end = getenv("FAIL_PATH");
    const size_t length = strlen(path), end_length = end ? strlen(end) : 0;
    return end && length >= end_length && strcmp(path + length - end_length, end) == 0;
}

/* What /proc/self/fd/7/a is otherwise called; other paths are as they are. */
static void name_folder(const char *path, char *name, size_t bytes) {
    char link[64], folder[2048];
    int descriptor, length = 0;
    snprintf(name, bytes, "%s", path);
    if (sscanf(path, "/proc/self/fd/%d%n", &descriptor, &length) < 1 || path[length] != '/')
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t found = readlink(link, folder, sizeof folder - 1);
    folder[found > 0 ? found : 0] = '\0';
    snprintf(name, bytes, "%s%s", folder, path + length);
}

/* Whether this call is to fail; sets errno. */
static bool fails(const char *call, const char *path) {
    static long calls;
    const char *which = getenv("FAIL_CALL"), *after = getenv("FAIL_AFTER");
    if (!which || strcmp(which, call) != 0 || !ends_as_told(path) ||
        calls++ < (after ? atol(after) : 0))
        return false;
    errno = atoi(getenv("FAIL_ERRNO"));
    return true;
}

static bool read_fails(int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return false;
    path[length] = '\0';
    return fails("read", path);
}

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))

ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset);
ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t offset) {
    typedef ssize_t (*Read)(int, void *, size_t, off64_t);
    return read_fails(descriptor) ? -1 : NEXT(Read, "pread64")(descriptor, bytes, count, offset);
}

ssize_t pread(int descriptor, void *bytes, size_t count, off_t offset) {
    typedef ssize_t (*Read)(int, void *, size_t, off_t);
    return read_fails(descriptor) ? -1 : NEXT(Read, "pread")(descriptor, bytes, count, offset);
}

ssize_t read(int descriptor, void *bytes, size_t count) {
    typedef ssize_t (*Read)(int, void *, size_t);
    return read_fails(descriptor) ? -1 : NEXT(Read, "read")(descriptor, bytes, count);
}

static int open_next(const char *name, const char *path, int flags, mode_t mode) {
    typedef int (*Open)(const char *, int, ...);
    char full[4096];
    name_folder(path, full, sizeof full);
    return fails("open", full) ? -1 : NEXT(Open, name)(path, flags, mode);
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...) {                                                   \
        va_list arguments;                                                                         \
        va_start(arguments, flags);                                                                \
        const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;                       \
        va_end(arguments);                                                                         \
        return open_next(#name, path, flags, mode);                                                \
    }
OPEN(open)
OPEN(open64)

int link(const char *from, const char *to) {
    typedef int (*Link)(const char *, const char *);
    return fails("link", from) ? -1 : NEXT(Link, "link")(from, to);
}
