/* A library to be loaded before all others (LD_PRELOAD), by which a call takes its time, so that
 * others can do something meanwhile: WAIT_CALL (rename, fcntl's F_SETLK, or close), WAIT_PATH (how
 * the path ends that it is about), WAIT_AT: once, before the call, the file $WAIT_AT.reached is
 * made, and $WAIT_AT.go awaited. Nothing goes on unasked: after five minutes, or when the folder of
 * these files is gone, the process ends with a word. For one_folder.sh and vit_export.sh.
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_as_told(const char *path) {
    const char *end = getenv("WAIT_PATH");
    const size_t length = strlen(path), end_length = end ? strlen(end) : 0;
    return end && length >= end_length && strcmp(path + length - end_length, end) == 0;
}

enum { TRIES = 30000, PAUSE_US = 10000 };

static void wait_for(const char *at) {
    char reached[4096], go[4096];
    struct stat found;
    snprintf(reached, sizeof reached, "%s.reached", at);
    snprintf(go, sizeof go, "%s.go", at);
    const int made = open(reached, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (made >= 0)
        close(made);
    for (int tries = 0; tries < TRIES && stat(reached, &found) == 0; tries++) {
        if (stat(go, &found) == 0)
            return;
        usleep(PAUSE_US);
    }
    fprintf(stderr, "wait_io: nobody made %s\n", go);
    _exit(1);
}

static void wait_at(const char *call, const char *path) {
    static bool waited;
    const char *which = getenv("WAIT_CALL"), *at = getenv("WAIT_AT");
    if (waited || !which || !at || strcmp(which, call) != 0 || !ends_as_told(path))
        return;
    waited = true;
    wait_for(at);
}

static void wait_at_descriptor(const char *call, int descriptor) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    wait_at(call, path);
}

#define NEXT(type, name) ((type)dlsym(RTLD_NEXT, name))

int rename(const char *from, const char *to) {
    typedef int (*Rename)(const char *, const char *);
    wait_at("rename", from);
    return NEXT(Rename, "rename")(from, to);
}

int close(int descriptor) {
    typedef int (*Close)(int);
    wait_at_descriptor("close", descriptor);
    return NEXT(Close, "close")(descriptor);
}

int fcntl(int descriptor, int command, ...) {
    typedef int (*Fcntl)(int, int, ...);
    va_list arguments;
    va_start(arguments, command);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (command == F_SETLK)
        wait_at_descriptor("fcntl", descriptor);
    return NEXT(Fcntl, "fcntl")(descriptor, command, argument);
}
