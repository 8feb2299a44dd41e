#include "class_list.h"
#include "class_names.h"
#include "layout.h"
#include "layout_file.h"
#include "lines.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/size.h"
#include <stdio.h>
#include <string.h>

/* Tiny-ImageNet-200: train/WNID/images/FILE; val/images/FILE with val/val_annotations.txt, whose
 * lines are FILE, WNID and a box. Classes are the wnids of wnids.txt, sorted, and have the first of
 * their names in words.txt. The pictures of val become the test split; those of test, which have no
 * labels, are left out. */

static const char wnids_name[] = "wnids.txt", annotations_name[] = "val_annotations.txt";

typedef struct Tiny {
    Source *source;
    const char *top; /* [top_length]: the folder of wnids.txt, "" or with '/' at its end */
    size_t top_length;
    ClassList wnids;
    bool *annotated; /* [source->count]: files of val that have a label */
} Tiny;

/* ---- classes ---- */

static Status find_top(Tiny *tiny) {
    const SourceFile *wnids;
    STATUS_TRY(source_find(tiny->source, wnids_name, &wnids));
    tiny->top = wnids->path;
    tiny->top_length = strlen(wnids->path) - strlen(wnids_name);
    return STATUS_OK;
}

static Status read_wnids(Source *source, ClassList *wnids) {
    LayoutFile file;
    const char *line;
    size_t length;
    STATUS_TRY(layout_file_need(source, wnids_name, &file));
    for (Lines lines = {(const char *)file.bytes, file.count}; lines_next(&lines, &line, &length);)
        if (length)
            STATUS_TRY(class_list_add(wnids, line, length));
    class_list_sort(wnids);
    if (wnids->count == 0 || wnids->count > UINT16_MAX)
        return status_fail(STATUS_DATA, "%s: has %zu names of classes (allowed: 1 to %d)",
                           file.name, wnids->count, UINT16_MAX);
    return STATUS_OK;
}

/* Whatever of a class's words comes before the first comma is its name; classes without words keep
 * their wnids. */
static Status name_classes(const LayoutFile *words, const ClassList *wnids, DataNames *names) {
    const char *line, *wnid, *word;
    size_t length, wnid_length, word_length, class;
    STATUS_TRY(class_names_copy((const char *const *)wnids->name, wnids->count, names));
    for (Lines lines = {(const char *)words->bytes, words->count};
         lines_next(&lines, &line, &length);) {
        lines_field('\t', &line, &length, &wnid, &wnid_length);
        lines_field(',', &line, &length, &word, &word_length);
        if (word_length && !memchr(word, '\0', word_length) &&
            class_list_find(wnids, wnid, wnid_length, &class))
            STATUS_TRY(class_names_set(names, class, word, word_length));
    }
    return STATUS_OK;
}

static Status list_names(Source *source, const ClassList *wnids, ImportSet *set) {
    const SourceFile *found;
    LayoutFile words = {0};
    STATUS_TRY(source_find(source, "words.txt", &found));
    if (found)
        STATUS_TRY(layout_file_map(source, found, &words));
    return name_classes(&words, wnids, &set->names);
}

/* ---- pictures ---- */

/* Whether a path below the top begins with a folder; *rest is what follows. */
static bool is_in(const Tiny *tiny, const char *path, const char *folder, const char **rest) {
    const size_t length = strlen(folder);
    if (strncmp(path, tiny->top, tiny->top_length) != 0 ||
        strncmp(path + tiny->top_length, folder, length) != 0)
        return false;
    *rest = path + tiny->top_length + length;
    return true;
}

/* Those of train/WNID/images. */
static Status list_train(const Tiny *tiny, ImportSet *set) {
    static const char inner[] = "/images/";
    const Source *source = tiny->source;
    for (size_t i = 0; i < source->count; i++) {
        const char *wnid;
        size_t class;
        if (!is_in(tiny, source->file[i].path, "train/", &wnid))
            continue;
        const size_t length = strcspn(wnid, "/");
        if (strncmp(wnid + length, inner, strlen(inner)) != 0)
            continue;
        if (!class_list_find(&tiny->wnids, wnid, length, &class))
            return status_fail(STATUS_DATA, "%s: %s is of no class in wnids.txt", source->path,
                               source->file[i].path);
        STATUS_TRY(import_set_add(set, SPLIT_TRAIN,
                                  &(ImportSample){.file = i, .label = (uint16_t) class}));
    }
    return STATUS_OK;
}

/* Line number `number` of the annotations, which messages call `name`. */
static Status list_annotated(const Tiny *tiny, const char *name, size_t number, const char *line,
                             size_t length, ImportSet *set) {
    const char *picture, *wnid;
    size_t picture_length, wnid_length, class;
    char path[FILE_PATH_MAX];
    lines_field('\t', &line, &length, &picture, &picture_length);
    lines_field('\t', &line, &length, &wnid, &wnid_length);
    snprintf(path, sizeof path, "%.*sval/images/%.*s", (int)tiny->top_length, tiny->top,
             (int)size_smaller(picture_length, FILE_PATH_MAX), picture);
    const SourceFile *file = source_at(tiny->source, path);
    if (!file)
        return status_fail(STATUS_DATA, "%s: line %zu: %s is missing", name, number, path);
    if (!class_list_find(&tiny->wnids, wnid, wnid_length, &class))
        return status_fail(STATUS_DATA, "%s: line %zu: its class is not in wnids.txt", name,
                           number);
    const size_t index = (size_t)(file - tiny->source->file);
    if (tiny->annotated[index])
        return status_fail(STATUS_DATA, "%s: line %zu: %s is there twice", name, number, path);
    tiny->annotated[index] = true;
    return import_set_add(set, SPLIT_TEST,
                          &(ImportSample){.file = index, .label = (uint16_t) class});
}

static void warn_of_unlabelled(const Tiny *tiny) {
    const char *rest, *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < tiny->source->count; i++)
        if (is_in(tiny, tiny->source->file[i].path, "val/images/", &rest) && !tiny->annotated[i] &&
            ++count == 1)
            first = tiny->source->file[i].path;
    if (count)
        log_warning("%zu of val/images without a label in %s left out, %s the first.", count,
                    annotations_name, first);
}

static Status list_val(Tiny *tiny, ImportSet *set) {
    LayoutFile file;
    const char *line;
    size_t length, number = 0;
    STATUS_TRY(layout_file_need(tiny->source, annotations_name, &file));
    STATUS_TRY(
        memory_allocate(&tiny->annotated, tiny->source->count, sizeof *tiny->annotated, file.name));
    Lines lines = {(const char *)file.bytes, file.count};
    while (lines_next(&lines, &line, &length)) {
        number++;
        if (length)
            STATUS_TRY(list_annotated(tiny, file.name, number, line, length, set));
    }
    warn_of_unlabelled(tiny);
    return STATUS_OK;
}

static void say_left_out(const Tiny *tiny) {
    const char *rest;
    size_t count = 0;
    for (size_t i = 0; i < tiny->source->count; i++)
        count += is_in(tiny, tiny->source->file[i].path, "test/", &rest);
    if (count)
        log_info("The %zu pictures of test/, which have no labels, are left out; val/ becomes the "
                 "test split.",
                 count);
}

/* ---- the layout ---- */

bool layout_tiny_recognizes(const Source *source) {
    return source_has(source, wnids_name);
}

static Status list_all(Tiny *tiny, ImportSet *set) {
    STATUS_TRY(find_top(tiny));
    STATUS_TRY(read_wnids(tiny->source, &tiny->wnids));
    STATUS_TRY(list_names(tiny->source, &tiny->wnids, set));
    STATUS_TRY(list_train(tiny, set));
    return list_val(tiny, set);
}

Status layout_tiny_list(Source *source, ImportSet *set) {
    Tiny tiny = {.source = source};
    snprintf(set->title, sizeof set->title, "Tiny-ImageNet");
    const Status status = list_all(&tiny, set);
    class_list_free(&tiny.wnids);
    memory_free(tiny.annotated);
    if (status == STATUS_OK)
        say_left_out(&tiny);
    return status;
}
