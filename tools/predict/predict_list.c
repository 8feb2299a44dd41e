#include "predict_list.h"

#include "grow.h"
#include "picture_name.h"
#include "vit/log.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

static void count_lost(PredictLost *lost, size_t count, Status status) {
    lost->count += count;
    if (count && lost->status != STATUS_IO)
        lost->status = status;
}

Status predict_lost_add(PredictLost *lost, Status status) {
    if (status != STATUS_DATA && status != STATUS_IO)
        return status;
    log_warning("%s; left out.", status_message());
    count_lost(lost, 1, status);
    return STATUS_OK;
}

void predict_list_free(PredictList *list) {
    for (size_t i = 0; i < list->sources; i++)
        source_free(&list->source[i]);
    memory_free(list->source);
    memory_free(list->item);
    *list = (PredictList){0};
}

static Status add_item(PredictList *list, size_t source, size_t file) {
    STATUS_TRY(grow_array(&list->item, &list->item_room, list->items, sizeof *list->item,
                          "the list of pictures"));
    list->item[list->items++] = (PredictItem){source, file};
    return STATUS_OK;
}

/* ---- a file by itself ---- */

static Status add_file(PredictList *list, const char *path, size_t bytes) {
    Source *named = &list->source[0];
    STATUS_TRY(
        grow_array(&named->file, &named->room, named->count, sizeof *named->file, "the list"));
    char *copy = strdup(path);
    if (!copy)
        return status_fail(STATUS_INTERNAL, "%s: out of memory", path);
    named->file[named->count] = (SourceFile){.path = copy, .bytes = bytes};
    return add_item(list, 0, named->count++);
}

/* ---- a folder or an archive ---- */

/* Beside which the bytes of an archive are put. */
static const char *spool_place(char place[static FILE_PATH_MAX]) {
    const char *folder = getenv("TMPDIR");
    snprintf(place, FILE_PATH_MAX, "%s/vit_predict", folder && *folder ? folder : "/tmp");
    return place;
}

static bool is_wanted(const SourceFile *file) {
    return !file->packed && (picture_name_is_read(file->path) || picture_name_is_other(file->path));
}

static Status add_files_of(PredictList *list, size_t source) {
    const size_t before = list->items;
    for (size_t f = 0; f < list->source[source].count; f++)
        if (is_wanted(&list->source[source].file[f]))
            STATUS_TRY(add_item(list, source, f));
    return list->items > before || list->source[source].lost
               ? STATUS_OK
               : status_fail(STATUS_DATA, "%s: has no pictures", list->source[source].path);
}

/* A folder of which something cannot be listed is left out whole. */
static Status open_source(Source *source, const char *path, bool folder) {
    char place[FILE_PATH_MAX];
    const Status status = source_open(source, path, spool_place(place));
    if (status == STATUS_OK || !folder)
        return status;
    return status_fail(status, "%s: cannot be listed: %s", path, status_message());
}

static Status add_source(PredictList *list, const char *path, bool folder) {
    STATUS_TRY(grow_array(&list->source, &list->source_room, list->sources, sizeof *list->source,
                          "the list of pictures"));
    const size_t source = list->sources++;
    STATUS_TRY(open_source(&list->source[source], path, folder));
    if (list->source[source].chosen) /* an array, with all that is beside it */
        return status_fail(STATUS_DATA, "%s: has no pictures", path);
    count_lost(&list->lost, list->source[source].lost, STATUS_IO);
    return add_files_of(list, source);
}

/* ---- which of these ---- */

/* What archives begin with, and where. */
static bool begins_as_archive(const unsigned char *bytes, size_t count) {
    static const struct {
        size_t at, length;
        const char *magic;
    } known[] = {{0, 4, "PK\3\4"},
                 {0, 2, "\x1f\x8b"},
                 {0, 3, "BZh"},
                 {0, 6,
                  "\xfd"
                  "7zXZ\0"},
                 {0, 4, "\x28\xb5\x2f\xfd"},
                 {257, 5, "ustar"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (count >= known[i].at + known[i].length &&
            memcmp(bytes + known[i].at, known[i].magic, known[i].length) == 0)
            return true;
    return false;
}

static Status look_into(const char *path, bool *archive) {
    unsigned char first[512];
    FILE *file = fopen(path, "rb");
    if (!file)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    const size_t count = fread(first, 1, sizeof first, file);
    const int reason = ferror(file) ? errno : 0;
    fclose(file);
    if (reason)
        return status_fail(STATUS_IO, "%s: cannot be read: %s", path, strerror(reason));
    *archive = begins_as_archive(first, count);
    return STATUS_OK;
}

static Status add_word(PredictList *list, const char *path) {
    struct stat found;
    bool archive = false;
    if (stat(path, &found) != 0)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    if (S_ISDIR(found.st_mode))
        return add_source(list, path, true);
    if (!S_ISREG(found.st_mode))
        return status_fail(STATUS_DATA, "%s: is neither a file nor a folder", path);
    STATUS_TRY(look_into(path, &archive));
    return archive ? add_source(list, path, false) : add_file(list, path, (size_t)found.st_size);
}

/* Each archive keeps a file open: as many as the system lets this process have, and not only as
 * many as it has for the asking. */
static void allow_files(void) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files); /* else what is too much is named */
}

Status predict_list_init(PredictList *list, size_t count, const char *const *words) {
    *list = (PredictList){0};
    allow_files();
    STATUS_TRY(grow_array(&list->source, &list->source_room, 0, sizeof *list->source,
                          "the list of pictures"));
    list->source[list->sources++] = (Source){.spool.descriptor = -1};
    for (size_t i = 0; i < count; i++) {
        const Status status = add_word(list, words[i]);
        if (status != STATUS_OK)
            STATUS_TRY(predict_lost_add(&list->lost, status));
    }
    return STATUS_OK;
}

/* ---- items ---- */

const SourceFile *predict_list_file(const PredictList *list, size_t i) {
    return &list->source[list->item[i].source].file[list->item[i].file];
}

const char *predict_list_name(const PredictList *list, size_t i,
                              char text[static SOURCE_NAME_TEXT]) {
    return source_name(&list->source[list->item[i].source], predict_list_file(list, i), text);
}

Status predict_list_read(const PredictList *list, size_t i, uint8_t **bytes, size_t *room,
                         size_t *count) {
    return source_read(&list->source[list->item[i].source], predict_list_file(list, i), bytes, room,
                       count);
}
