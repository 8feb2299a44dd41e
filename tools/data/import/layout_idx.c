#include "class_names.h"
#include "idx.h"
#include "layout.h"
#include "layout_file.h"
#include "lines.h"
#include "vit/memory.h"
#include "vit/size.h"
#include <stdio.h>
#include <string.h>

/* Files are named [SET-]{train,t10k,test}-{images,labels}-idx{3,1}-ubyte, of EMNIST with a SET such
 * as emnist-letters; '.' may stand before idx. */

static const char emnist[] = "emnist-";

enum { SET_TEXT = 32, IMAGES = 0, LABELS = 1 };

typedef struct IdxName {
    char set[SET_TEXT]; /* "" or "emnist-letters-" */
    DataSplit split;
    int kind; /* IMAGES, LABELS */
} IdxName;

/* Takes `word` off the front of *text; whether it was there. */
static bool take(const char **text, const char *word) {
    const size_t length = strlen(word);
    const bool found = strncmp(*text, word, length) == 0;
    if (found)
        *text += length;
    return found;
}

static bool parse_set(const char **text, char set[static SET_TEXT]) {
    const char *rest = *text;
    set[0] = '\0';
    if (!take(&rest, emnist))
        return true;
    const char *end = strchr(rest, '-');
    if (!end || end - *text + 2 > SET_TEXT)
        return false;
    snprintf(set, SET_TEXT, "%.*s", (int)(end + 1 - *text), *text);
    *text = end + 1;
    return true;
}

static bool parse_name(const char *text, IdxName *name) {
    if (!parse_set(&text, name->set))
        return false;
    name->split = SPLIT_TRAIN;
    if (!take(&text, "train-")) {
        name->split = SPLIT_TEST;
        if (!take(&text, "t10k-") && !take(&text, "test-"))
            return false;
    }
    name->kind = IMAGES;
    if (!take(&text, "images")) {
        name->kind = LABELS;
        if (!take(&text, "labels"))
            return false;
    }
    const char *ends[] = {name->kind == IMAGES ? "-idx3-ubyte" : "-idx1-ubyte",
                          name->kind == IMAGES ? ".idx3-ubyte" : ".idx1-ubyte"};
    return strcmp(text, ends[0]) == 0 || strcmp(text, ends[1]) == 0;
}

/* ---- which set, of which files ---- */

typedef struct IdxFiles {
    char set[SET_TEXT];
    const SourceFile *file[SPLIT_VALIDATION][2]; /* [split, kind] */
} IdxFiles;

static Status fail_several(const Source *source, const char *one, const char *other) {
    return status_fail(STATUS_DATA,
                       "%s: has several sets, %.*s and %.*s among them: give one of the files of "
                       "the one that is meant (of an archive: unpacked), or a folder of its own",
                       source->path, (int)strlen(one) - 1, one, (int)strlen(other) - 1, other);
}

static Status add_file(const Source *source, const IdxName *name, const SourceFile *file,
                       IdxFiles *files) {
    char one[SOURCE_NAME_TEXT], other[SOURCE_NAME_TEXT];
    const SourceFile **at = &files->file[name->split][name->kind];
    if (*at)
        return status_fail(STATUS_DATA, "%s: the same as %s; which one is meant?",
                           source_name(source, file, one), source_name(source, *at, other));
    *at = file;
    return STATUS_OK;
}

/* Of the chosen file's set, or the only one. */
static Status find_files(const Source *source, IdxFiles *files) {
    IdxName name, chosen;
    const bool is_chosen = source->chosen && parse_name(source->chosen, &chosen);
    bool any = is_chosen;
    *files = (IdxFiles){0};
    if (is_chosen)
        memcpy(files->set, chosen.set, sizeof files->set);
    for (size_t i = 0; i < source->count; i++) {
        if (!parse_name(source_base(source->file[i].path), &name))
            continue;
        if (!any)
            memcpy(files->set, name.set, sizeof files->set);
        any = true;
        if (strcmp(files->set, name.set) == 0)
            STATUS_TRY(add_file(source, &name, &source->file[i], files));
        else if (!is_chosen)
            return fail_several(source, files->set[0] ? files->set : "MNIST ",
                                name.set[0] ? name.set : "MNIST ");
    }
    return STATUS_OK;
}

/* ---- pictures and labels ---- */

/* EMNIST's are stored column by column. */
static void turn_back(ImportRows *rows) {
    const size_t height = rows->picture.height;
    rows->picture.height = rows->picture.width;
    rows->picture.width = height;
    rows->y = 1;
    rows->x = rows->picture.height;
}

static Status read_file(Source *source, const IdxFiles *files, DataSplit split, int kind,
                        LayoutFile *file, Array *array) {
    static const char *const split_name[] = {"train", "t10k"}, *const kind_name[] = {"images-idx3",
                                                                                     "labels-idx1"};
    if (!files->file[split][kind])
        return status_fail(STATUS_DATA, "%s: %s%s-%s-ubyte is missing", source->path, files->set,
                           files->set[0] && split == SPLIT_TEST ? "test" : split_name[split],
                           kind_name[kind]);
    STATUS_TRY(layout_file_map(source, files->file[split][kind], file));
    return idx_read(file->name, file->bytes, file->count, array);
}

/* That of the first class: the letters begin with 1. */
static int64_t first_label(const IdxFiles *files) {
    return strcmp(files->set, "emnist-letters-") == 0;
}

static Status list_split(Source *source, const IdxFiles *files, DataSplit split, ImportSet *set) {
    LayoutFile images, labels;
    Array array;
    ImportRows rows;
    STATUS_TRY(read_file(source, files, split, IMAGES, &images, &array));
    STATUS_TRY(layout_file_pictures(images.name, &array, &rows));
    if (files->set[0])
        turn_back(&rows);
    STATUS_TRY(read_file(source, files, split, LABELS, &labels, &array));
    return layout_file_add(images.name, &rows, labels.name, &array, first_label(files), split, set);
}

/* ---- names ---- */

enum { MAPPED_WIDTH = 8 };

/* A line of EMNIST's mapping: the label, and the characters that it stands for. */
static bool read_mapping_line(const char *line, size_t length, size_t label, char *name) {
    const char *field;
    size_t field_length, number, used = 0;
    lines_field(' ', &line, &length, &field, &field_length);
    if (!lines_number(field, field_length, UINT16_MAX, &number) || number != label)
        return false;
    while (length && used + 1 < MAPPED_WIDTH) {
        lines_field(' ', &line, &length, &field, &field_length);
        if (!lines_number(field, field_length, '~', &number) || number <= ' ')
            return false;
        name[used++] = (char)number;
    }
    return used > 0;
}

static Status read_mapping(const LayoutFile *file, size_t first, size_t classes, DataNames *names) {
    const char *text = (const char *)file->bytes, *line;
    size_t length, count = 0;
    Lines lines = {text, lines_trimmed(text, file->count)};
    *names = (DataNames){.count = classes, .width = MAPPED_WIDTH};
    STATUS_TRY(memory_allocate(&names->text, classes, MAPPED_WIDTH, file->name));
    for (; count < classes && lines_next(&lines, &line, &length); count++)
        if (!read_mapping_line(line, length, first + count, class_names_at(names, count)))
            return status_fail(STATUS_DATA, "%s: line %zu is not label %zu and its characters",
                               file->name, count + 1, first + count);
    return count == classes
               ? STATUS_OK
               : status_fail(STATUS_DATA, "%s: has %zu lines, but there are %zu classes",
                             file->name, count, classes);
}

static Status list_names(Source *source, const IdxFiles *files, ImportSet *set) {
    char name[SET_TEXT + 16];
    const SourceFile *file;
    LayoutFile mapped;
    const size_t classes = import_set_classes(set);
    snprintf(name, sizeof name, "%smapping.txt", files->set);
    STATUS_TRY(source_find(source, name, &file));
    if (!files->set[0] || !file)
        return import_set_number_classes(set);
    STATUS_TRY(layout_file_map(source, file, &mapped));
    return read_mapping(&mapped, (size_t)first_label(files), classes, &set->names);
}

/* ---- the layout ---- */

bool layout_idx_recognizes(const Source *source) {
    IdxName name;
    if (source->chosen)
        return parse_name(source->chosen, &name);
    for (size_t i = 0; i < source->count; i++)
        if (parse_name(source_base(source->file[i].path), &name))
            return true;
    return false;
}

Status layout_idx_list(Source *source, ImportSet *set) {
    IdxFiles files;
    STATUS_TRY(find_files(source, &files));
    if (files.set[0])
        snprintf(set->title, sizeof set->title, "%.*s", (int)strlen(files.set) - 1, files.set);
    else
        snprintf(set->title, sizeof set->title, "MNIST's files");
    for (DataSplit split = SPLIT_TRAIN; split <= SPLIT_TEST; split++)
        STATUS_TRY(list_split(source, &files, split, set));
    return list_names(source, &files, set);
}
