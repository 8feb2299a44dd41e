#include "vit/path_name.h"

#include "vit/file.h"
#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct {
    char path[FILE_PATH_MAX], name[FILE_PATH_MAX];
    pthread_mutex_t mutex;
} known = {.mutex = PTHREAD_MUTEX_INITIALIZER};

void path_name_set(const char *path, const char *name) {
    pthread_mutex_lock(&known.mutex);
    snprintf(known.path, sizeof known.path, "%s", path);
    snprintf(known.name, sizeof known.name, "%s", name);
    pthread_mutex_unlock(&known.mutex);
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Puts the name in place of the `length` bytes at `at`, where `room` bytes remain, the final 0
 * among them. Returns what follows the name. */
static char *put_name(char *at, size_t length, size_t room) {
    const size_t name = smaller(strlen(known.name), room - 1);
    const size_t rest = smaller(strlen(at + length), room - 1 - name);
    memmove(at + name, at + length, rest);
    memcpy(at, known.name, name);
    at[name + rest] = '\0';
    return at + name;
}

void path_name_apply(char *text, size_t bytes) {
    pthread_mutex_lock(&known.mutex);
    const size_t length = strlen(known.path);
    for (char *at = text; length && (at = strstr(at, known.path));) {
        /* /proc/self/fd/71 is not below /proc/self/fd/7. */
        if (isalnum((unsigned char)at[length]))
            at += length;
        else
            at = put_name(at, length, bytes - (size_t)(at - text));
    }
    pthread_mutex_unlock(&known.mutex);
}
