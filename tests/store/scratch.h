#ifndef VIT_TEST_SCRATCH_H
#define VIT_TEST_SCRATCH_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A folder of a test's own, without folders inside. */

static inline char *scratch_make(void) {
    const char *base = getenv("TMPDIR");
    char path[512];
    snprintf(path, sizeof path, "%s/vit_test_XXXXXX", base ? base : "/tmp");
    return mkdtemp(path) ? strdup(path) : NULL;
}

static inline void scratch_path(const char *folder, const char *name, char path[static 1024]) {
    snprintf(path, 1024, "%s/%s", folder, name);
}

static inline size_t scratch_count(const char *folder) {
    size_t count = 0;
    DIR *stream = opendir(folder);
    for (struct dirent *entry; stream && (entry = readdir(stream));)
        count += entry->d_name[0] != '.';
    if (stream)
        closedir(stream);
    return count;
}

static inline void scratch_empty(const char *folder) {
    DIR *stream = opendir(folder);
    for (struct dirent *entry; stream && (entry = readdir(stream));) {
        char path[1024];
        scratch_path(folder, entry->d_name, path);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(path);
    }
    if (stream)
        closedir(stream);
}

/* Overwrites 4096 bytes in the middle of a file with zeros, as a full disk may leave it while every
 * call reports success. */
static inline bool scratch_zero_middle(const char *path) {
    const char zeros[4096] = {0};
    FILE *stream = fopen(path, "r+");
    if (!stream)
        return false;
    bool done = fseek(stream, 0, SEEK_END) == 0 &&
                fseek(stream, ftell(stream) / 2, SEEK_SET) == 0 &&
                fwrite(zeros, sizeof zeros, 1, stream) == 1;
    return fclose(stream) == 0 && done;
}

/* Removes what scratch_make made. */
static inline void scratch_remove(char *folder) {
    scratch_empty(folder);
    rmdir(folder);
    free(folder);
}

#endif
