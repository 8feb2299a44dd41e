#include "source_list.h"

#include "grow.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Links to folders may make many of few. */
enum { FOLDERS_MOST = 1 << 17 };

bool source_list_skips(const char *name, size_t length) {
    /* What systems and network disks leave beside people's files: thumbnails, say. */
    static const char *const theirs[] = {"__MACOSX", "@eaDir", "$RECYCLE.BIN", "lost+found"};
    for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
        if (length == strlen(theirs[i]) && memcmp(name, theirs[i], length) == 0)
            return true;
    return name[0] == '.';
}

static bool ends_with(const char *text, const char *end) {
    const size_t length = strlen(text), end_length = strlen(end);
    return length > end_length && strcmp(text + length - end_length, end) == 0;
}

static Status copy_path(const char *path, char **copy) {
    *copy = strdup(path);
    return *copy ? STATUS_OK : status_fail(STATUS_INTERNAL, "%s: out of memory", path);
}

/* Takes .gz off a path; whether it was there. */
static bool cut_packed(char *path) {
    const bool packed = ends_with(path, ".gz") && !ends_with(path, ".tar.gz");
    if (packed)
        path[strlen(path) - strlen(".gz")] = '\0';
    return packed;
}

Status source_list_add(Source *source, const SourceFile *file) {
    STATUS_TRY(grow_array(&source->file, &source->room, source->count, sizeof *source->file,
                          source->path));
    SourceFile *added = &source->file[source->count];
    *added = *file;
    added->same_as = NULL;
    STATUS_TRY(copy_path(file->path, &added->path));
    source->count++;
    added->packed = cut_packed(added->path);
    if (!file->same_as)
        return STATUS_OK;
    STATUS_TRY(copy_path(file->same_as, &added->same_as));
    cut_packed(added->same_as);
    return STATUS_OK;
}

Status source_list_add_folder(Source *source, const char *path) {
    if (source->folders == FOLDERS_MOST)
        return status_fail(STATUS_DATA, "%s: has more than %d folders, that of %s among them",
                           source->path, FOLDERS_MOST, path);
    STATUS_TRY(grow_array(&source->folder, &source->folder_room, source->folders,
                          sizeof *source->folder, source->path));
    STATUS_TRY(copy_path(path, &source->folder[source->folders]));
    source->folders++;
    return STATUS_OK;
}

/* ---- order ---- */

/* Of two of the same path the one that is not packed comes first. */
static int compare_files(const void *a, const void *b) {
    const SourceFile *one = a, *other = b;
    const int order = strcmp(one->path, other->path);
    return order ? order : (int)one->packed - (int)other->packed;
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static Status check_twice(const Source *source) {
    for (size_t i = 1; i < source->count; i++)
        if (compare_files(&source->file[i - 1], &source->file[i]) == 0)
            return status_fail(STATUS_DATA, "%s: has %s twice; which one is meant?", source->path,
                               source->file[i].path);
    return STATUS_OK;
}

/* What is there packed and as it is, is taken as it is. */
static void drop_packed_twins(Source *source) {
    size_t kept = 0;
    for (size_t i = 0; i < source->count; i++) {
        if (kept && strcmp(source->file[kept - 1].path, source->file[i].path) == 0)
            free(source->file[i].path);
        else
            source->file[kept++] = source->file[i];
    }
    source->count = kept;
}

/* Archives may name folders twice. */
static void sort_folders(Source *source) {
    size_t kept = 0;
    if (source->folders)
        qsort(source->folder, source->folders, sizeof *source->folder, compare_texts);
    for (size_t i = 0; i < source->folders; i++) {
        if (kept && strcmp(source->folder[kept - 1], source->folder[i]) == 0)
            free(source->folder[i]);
        else
            source->folder[kept++] = source->folder[i];
    }
    source->folders = kept;
}

/* ---- files with two names ---- */

static int compare_path(const void *path, const void *file) {
    return strcmp(path, ((const SourceFile *)file)->path);
}

SourceFile *source_list_find(const Source *source, const char *path) {
    return source->count
               ? bsearch(path, source->file, source->count, sizeof *source->file, compare_path)
               : NULL;
}

static Status resolve(const Source *source, SourceFile *file) {
    const SourceFile *first = source_list_find(source, file->same_as);
    if (!first || first->same_as)
        return status_fail(STATUS_DATA, "%s: %s is the same as %s, which is not there",
                           source->path, file->path, file->same_as);
    file->bytes = first->bytes;
    file->at = first->at;
    free(file->same_as);
    file->same_as = NULL;
    return STATUS_OK;
}

/* ---- all ---- */

Status source_list_finish(Source *source) {
    if (source->count)
        qsort(source->file, source->count, sizeof *source->file, compare_files);
    STATUS_TRY(check_twice(source));
    for (size_t i = 0; i < source->count; i++)
        if (source->file[i].same_as)
            STATUS_TRY(resolve(source, &source->file[i]));
    drop_packed_twins(source);
    sort_folders(source);
    return STATUS_OK;
}
