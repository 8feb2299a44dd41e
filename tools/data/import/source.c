#include "source.h"

#include "grow.h"
#include "source_archive.h"
#include "source_folder.h"
#include "source_list.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- opening ---- */

static bool ends_with(const char *text, const char *end) {
    const size_t length = strlen(text), end_length = strlen(end);
    return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* Looks at the folder of a file that is given by itself. */
static Status open_chosen(Source *source) {
    char *slash = strrchr(source->path, '/');
    char *chosen = strdup(slash ? slash + 1 : source->path);
    if (!chosen)
        return status_fail(STATUS_INTERNAL, "%s: out of memory", source->path);
    if (ends_with(chosen, ".gz"))
        chosen[strlen(chosen) - strlen(".gz")] = '\0';
    source->chosen = chosen;
    if (slash)
        slash[slash == source->path] = '\0';
    else
        memcpy(source->path, ".", 2);
    STATUS_TRY(source_folder_list(source, false));
    return source_list_finish(source);
}

static Status open_archive(Source *source) {
    STATUS_TRY(spool_open(&source->spool, source->out));
    STATUS_TRY(source_archive_list(source));
    return source_list_finish(source);
}

static Status copy_path(char to[FILE_PATH_MAX], const char *path) {
    if (snprintf(to, FILE_PATH_MAX, "%s", path) >= FILE_PATH_MAX)
        return status_fail(STATUS_IO, "%s: the path is longer than %d bytes", path,
                           FILE_PATH_MAX - 1);
    return STATUS_OK;
}

/* Without '/' at its end. */
static void trim_path(char *path) {
    for (size_t length = strlen(path); length > 1 && path[length - 1] == '/';)
        path[--length] = '\0';
}

Status source_open(Source *source, const char *path, const char *out) {
    struct stat found;
    *source = (Source){.spool.descriptor = -1};
    STATUS_TRY(copy_path(source->path, path));
    STATUS_TRY(copy_path(source->out, out));
    trim_path(source->path);
    if (stat(path, &found) != 0 || access(path, R_OK) != 0)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    if (S_ISDIR(found.st_mode)) {
        STATUS_TRY(source_folder_list(source, true));
        return source_list_finish(source);
    }
    if (ends_with(path, ".npy") || ends_with(path, "-ubyte") || ends_with(path, "-ubyte.gz"))
        return open_chosen(source);
    return open_archive(source);
}

void source_free(Source *source) {
    for (size_t i = 0; i < source->maps; i++)
        munmap(source->map[i].address, source->map[i].bytes);
    for (size_t i = 0; i < source->count; i++) {
        free(source->file[i].path);
        free(source->file[i].same_as);
    }
    for (size_t i = 0; i < source->folders; i++)
        free(source->folder[i]);
    memory_free(source->map);
    memory_free(source->file);
    memory_free(source->folder);
    free((char *)source->chosen);
    spool_close(&source->spool);
    *source = (Source){.spool.descriptor = -1};
}

/* ---- finding ---- */

const char *source_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

Status source_find(const Source *source, const char *name, const SourceFile **file) {
    char one[SOURCE_NAME_TEXT], other[SOURCE_NAME_TEXT];
    *file = NULL;
    for (size_t i = 0; i < source->count; i++) {
        if (strcmp(source_base(source->file[i].path), name) != 0)
            continue;
        if (*file)
            return status_fail(STATUS_DATA, "%s: the same name as %s; which one is meant?",
                               source_name(source, &source->file[i], one),
                               source_name(source, *file, other));
        *file = &source->file[i];
    }
    return STATUS_OK;
}

bool source_has(const Source *source, const char *name) {
    const SourceFile *file;
    return source_find(source, name, &file) != STATUS_OK || file;
}

const SourceFile *source_at(const Source *source, const char *path) {
    return source_list_find(source, path);
}

const char *source_name(const Source *source, const SourceFile *file,
                        char text[static SOURCE_NAME_TEXT]) {
    const char *folder = strcmp(source->path, "/") == 0 ? "" : source->path;
    if (!file)
        snprintf(text, SOURCE_NAME_TEXT, "%s", source->path);
    else
        snprintf(text, SOURCE_NAME_TEXT, "%s%s%s%s", folder, *source->path ? "/" : "", file->path,
                 file->packed ? ".gz" : "");
    return text;
}

/* ---- bytes ---- */

/* The descriptor that has the file's bytes, from *at on; close_bytes when they are read. */
static Status open_bytes(const Source *source, const SourceFile *file, int *descriptor,
                         uint64_t *at) {
    char path[SOURCE_NAME_TEXT];
    *descriptor = source->spool.descriptor;
    *at = file->at;
    if (file->spooled)
        return STATUS_OK;
    *descriptor = open(source_name(source, file, path), O_RDONLY | O_CLOEXEC);
    return *descriptor >= 0
               ? STATUS_OK
               : status_fail(STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
}

static void close_bytes(const Source *source, int descriptor) {
    if (descriptor != source->spool.descriptor)
        close(descriptor);
}

static Status read_all(const char *name, int descriptor, uint64_t at, uint8_t *bytes,
                       size_t count) {
    for (size_t got = 0; got < count;) {
        const ssize_t more = pread(descriptor, bytes + got, count - got, (off_t)(at + got));
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return status_fail(STATUS_IO, "%s: cannot be read: %s", name, strerror(errno));
        if (more == 0)
            return status_fail(STATUS_IO, "%s: became shorter while it was read", name);
        got += (size_t)more;
    }
    return STATUS_OK;
}

Status source_read(const Source *source, const SourceFile *file, uint8_t **bytes, size_t *room,
                   size_t *count) {
    char name[SOURCE_NAME_TEXT];
    int descriptor;
    uint64_t at;
    source_name(source, file, name);
    *count = file->bytes;
    if (*count > SOURCE_READ_MAX)
        return status_fail(STATUS_DATA, "%s: has %zu bytes, and no picture more than %zu", name,
                           *count, SOURCE_READ_MAX);
    if (*count > *room || !*bytes) {
        memory_free(*bytes);
        *room = 0;
        STATUS_TRY(memory_allocate(bytes, size_larger(2 * *count, 1 << 16), 1, name));
        *room = size_larger(2 * *count, 1 << 16);
    }
    STATUS_TRY(open_bytes(source, file, &descriptor, &at));
    const Status status = read_all(name, descriptor, at, *bytes, *count);
    close_bytes(source, descriptor);
    return status;
}

/* Maps bytes [at, at + count); a mapping begins on a page. */
static Status map_bytes(Source *source, const char *name, int descriptor, uint64_t at, size_t count,
                        const uint8_t **bytes) {
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), start = at / page * page;
    *bytes = (const uint8_t *)"";
    if (count == 0)
        return STATUS_OK;
    STATUS_TRY(
        grow_array(&source->map, &source->map_room, source->maps, sizeof *source->map, name));
    SourceMap map = {.bytes = count + (size_t)(at - start)};
    map.address = mmap(NULL, map.bytes, PROT_READ, MAP_PRIVATE, descriptor, (off_t)start);
    if (map.address == MAP_FAILED)
        return status_fail(STATUS_IO, "%s: cannot be read: %s", name, strerror(errno));
    source->map[source->maps++] = map;
    *bytes = (const uint8_t *)map.address + (at - start);
    return STATUS_OK;
}

static Status map_file(Source *source, const char *name, const SourceFile *file,
                       const uint8_t **bytes) {
    int descriptor;
    uint64_t at;
    STATUS_TRY(open_bytes(source, file, &descriptor, &at));
    const Status status = map_bytes(source, name, descriptor, at, file->bytes, bytes);
    close_bytes(source, descriptor);
    return status;
}

Status source_map(Source *source, const SourceFile *file, const uint8_t **bytes, size_t *count) {
    char name[SOURCE_NAME_TEXT];
    source_name(source, file, name);
    STATUS_TRY(map_file(source, name, file, bytes));
    *count = file->bytes;
    if (!file->packed)
        return STATUS_OK;
    if (source->spool.descriptor < 0)
        STATUS_TRY(spool_open(&source->spool, source->out));
    const uint64_t at = source->spool.bytes;
    STATUS_TRY(source_archive_unpack(&source->spool, name, *bytes, *count));
    *count = (size_t)(source->spool.bytes - at);
    return map_bytes(source, name, source->spool.descriptor, at, *count, bytes);
}
