#include "layout.h"
#include "layout_file.h"
#include "npy.h"
#include "vit/memory.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* Arrays are named after a split and what they hold, in either order: train_images.npy, test_labels
 * (MedMNIST), x_train, y_test (Keras). Or, as CIFAR-100-C has them, pictures in any array beside a
 * labels.npy: these are for testing only. */

enum { IMAGES = 0, LABELS = 1, NAME_TEXT = 64 };

typedef struct Word {
    const char *word;
    int means;
} Word;

static const Word split_words[] = {{"train", SPLIT_TRAIN},
                                   {"training", SPLIT_TRAIN},
                                   {"test", SPLIT_TEST},
                                   {"val", SPLIT_VALIDATION},
                                   {"validation", SPLIT_VALIDATION},
                                   {"valid", SPLIT_VALIDATION},
                                   {NULL, 0}};
static const Word kind_words[] = {{"images", IMAGES}, {"x", IMAGES}, {"data", IMAGES},
                                  {"labels", LABELS}, {"y", LABELS}, {"targets", LABELS},
                                  {NULL, 0}};

static bool means(const Word *words, const char *word, int *meaning) {
    for (; words->word; words++)
        if (strcmp(words->word, word) == 0) {
            *meaning = words->means;
            return true;
        }
    return false;
}

/* The name without .npy, in small letters; false for other files. */
static bool stem_of(const char *name, char stem[static NAME_TEXT]) {
    const size_t length = strlen(name), end = strlen(".npy");
    if (length <= end || length - end >= NAME_TEXT || strcmp(name + length - end, ".npy") != 0)
        return false;
    for (size_t i = 0; i < length - end; i++)
        stem[i] = (char)tolower((unsigned char)name[i]);
    stem[length - end] = '\0';
    return true;
}

static bool parse_name(const char *name, DataSplit *split, int *kind) {
    char stem[NAME_TEXT];
    int which;
    if (!stem_of(name, stem))
        return false;
    char *second = strchr(stem, '_');
    if (!second)
        return false;
    *second++ = '\0';
    if (!(means(split_words, stem, &which) && means(kind_words, second, kind)) &&
        !(means(kind_words, stem, kind) && means(split_words, second, &which)))
        return false;
    *split = (DataSplit)which;
    return true;
}

/* ---- which files ---- */

typedef struct NumpyFiles {
    const SourceFile *file[SPLIT_COUNT][2]; /* [split, kind] */
} NumpyFiles;

static bool has_split(const NumpyFiles *files, DataSplit split) {
    return files->file[split][IMAGES] || files->file[split][LABELS];
}

static Status add_file(const Source *source, const SourceFile *file, NumpyFiles *files) {
    char one[SOURCE_NAME_TEXT], other[SOURCE_NAME_TEXT];
    DataSplit split;
    int kind;
    if (!parse_name(source_base(file->path), &split, &kind))
        return STATUS_OK;
    if (files->file[split][kind])
        return status_fail(STATUS_DATA, "%s: means the same as %s; which one is meant?",
                           source_name(source, file, one),
                           source_name(source, files->file[split][kind], other));
    files->file[split][kind] = file;
    return STATUS_OK;
}

/* Where no test split is, that for validation becomes it. */
static void settle_splits(NumpyFiles *files) {
    if (has_split(files, SPLIT_TEST))
        return;
    memcpy(files->file[SPLIT_TEST], files->file[SPLIT_VALIDATION], sizeof *files->file);
    memset(files->file[SPLIT_VALIDATION], 0, sizeof *files->file);
}

static Status find_named(const Source *source, NumpyFiles *files) {
    *files = (NumpyFiles){0};
    for (size_t i = 0; i < source->count; i++)
        STATUS_TRY(add_file(source, &source->file[i], files));
    settle_splits(files);
    return STATUS_OK;
}

/* The pictures beside labels.npy: the chosen file, or the only one. */
static Status find_beside(const Source *source, NumpyFiles *files) {
    char stem[NAME_TEXT];
    const SourceFile **images = &files->file[SPLIT_TEST][IMAGES];
    *files = (NumpyFiles){0};
    STATUS_TRY(source_find(source, "labels.npy", &files->file[SPLIT_TEST][LABELS]));
    for (size_t i = 0; i < source->count; i++) {
        const SourceFile *file = &source->file[i];
        const char *name = source_base(file->path);
        if (!stem_of(name, stem) || strcmp(name, "labels.npy") == 0 ||
            (source->chosen && strcmp(name, source->chosen) != 0))
            continue;
        if (*images)
            return status_fail(STATUS_DATA,
                               "%s: has %s, %s and perhaps more beside labels.npy: give one of "
                               "these files",
                               source->path, (*images)->path, file->path);
        *images = file;
    }
    return STATUS_OK;
}

/* ---- arrays ---- */

static Status read_array(Source *source, const NumpyFiles *files, DataSplit split, int kind,
                         LayoutFile *file, Array *array) {
    static const char *const split_name[SPLIT_COUNT] = {"train", "test", "val"};
    const SourceFile *found = files->file[split][kind];
    char other[SOURCE_NAME_TEXT];
    if (!found)
        return status_fail(STATUS_DATA, "%s: has no %s beside it, as %s_%s.npy would be",
                           source_name(source, files->file[split][1 - kind], other),
                           kind == IMAGES ? "pictures" : "labels", split_name[split],
                           kind == IMAGES ? "images" : "labels");
    STATUS_TRY(layout_file_map(source, found, file));
    return npy_read(file->name, file->bytes, file->count, array);
}

static Status list_split(Source *source, const NumpyFiles *files, DataSplit split, ImportSet *set) {
    LayoutFile images, labels;
    Array array;
    ImportRows rows;
    STATUS_TRY(read_array(source, files, split, IMAGES, &images, &array));
    STATUS_TRY(layout_file_pictures(images.name, &array, &rows));
    STATUS_TRY(read_array(source, files, split, LABELS, &labels, &array));
    return layout_file_add(images.name, &rows, labels.name, &array, 0, split, set);
}

/* ---- the layout ---- */

static bool has_named(const Source *source) {
    DataSplit split;
    int kind;
    if (source->chosen)
        return parse_name(source->chosen, &split, &kind);
    for (size_t i = 0; i < source->count; i++)
        if (parse_name(source_base(source->file[i].path), &split, &kind))
            return true;
    return false;
}

/* Whether there is an array beside labels.npy. */
static bool has_beside(const Source *source) {
    char stem[NAME_TEXT];
    size_t arrays = 0;
    for (size_t i = 0; i < source->count; i++)
        arrays += stem_of(source_base(source->file[i].path), stem);
    return arrays > 1 && source_has(source, "labels.npy");
}

bool layout_numpy_recognizes(const Source *source) {
    return has_named(source) || has_beside(source);
}

Status layout_numpy_list(Source *source, ImportSet *set) {
    NumpyFiles files;
    STATUS_TRY(has_named(source) ? find_named(source, &files) : find_beside(source, &files));
    snprintf(set->title, sizeof set->title, "NumPy arrays");
    for (DataSplit split = 0; split < SPLIT_COUNT; split++)
        if (has_split(&files, split))
            STATUS_TRY(list_split(source, &files, split, set));
    return import_set_number_classes(set);
}
