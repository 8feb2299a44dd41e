#include "class_list.h"
#include "class_names.h"
#include "layout.h"
#include "layout_file.h"
#include "picture.h"
#include "picture_name.h"
#include "vit/log.h"
#include "vit/memory.h"
#include <stdio.h>
#include <string.h>

/* A folder of pictures a class, whose name is that of the folder: below train/ and test/, val/,
 * valid/ or validation/ beside it (training/ and testing/ too, and any of them in capitals), or all
 * in one folder. Classes are sorted by the bytes of their names; pictures may lie anywhere below.
 * Folders around all of that make no difference, nor do pictures that lie in these. */

/* A folder that has the classes' folders of a split in it: where its paths begin so. */
typedef struct Root {
    const char *path; /* [length], as "photos/train/"; not terminated */
    size_t length;
    DataSplit split;
} Root;

enum { ROOTS_MAX = 3 };

typedef struct Roots {
    size_t count;
    Root root[ROOTS_MAX];
} Roots;

/* What is left out, and is not silently so. */
typedef struct LeftOut {
    size_t other_kinds, classless, rootless;
    const char *first_kind, *first_classless, *first_rootless;
} LeftOut;

/* ---- where the classes are ---- */

static bool is_below(const char *path, const char *folder, size_t length) {
    return strncmp(path, folder, length) == 0;
}

/* The pictures of a folder: how many lie in it, and the first ones in two folders of it. */
typedef struct Content {
    size_t loose;
    const char *first, *other; /* NULL: there is none */
} Content;

/* `folder` is a path that begins with the folder, [length]. */
static Content look_into(const Source *source, const char *folder, size_t length) {
    Content content = {0};
    for (size_t i = 0; i < source->count && !content.other; i++) {
        const char *path = source->file[i].path;
        if (!picture_name_is_read(path) || !is_below(path, folder, length))
            continue;
        if (!strchr(path + length, '/'))
            content.loose++;
        else if (!content.first)
            content.first = path;
        else if (!is_below(path, content.first, length + strcspn(content.first + length, "/") + 1))
            content.other = path;
    }
    return content;
}

/* The outermost folder with several folders of pictures, whatever lies beside it and them. Where
 * there is none, all are of one class: the innermost one that has them all in a folder of its own.
 * Returns the length of its path, with which *inside begins. */
static size_t common_length(const Source *source, const char **inside) {
    size_t length = 0, single = 0;
    bool bare = true;
    for (*inside = "";;) {
        const Content here = look_into(source, *inside, length);
        if (here.other || !here.first)
            return here.other ? length : single;
        bare = bare && here.loose == 0;
        single = bare ? length : single;
        *inside = here.first;
        length += strcspn(here.first + length, "/") + 1;
    }
}

static const char *const train_names[] = {"train", "training", NULL};
static const char *const test_names[] = {"test", "testing", NULL};
static const char *const val_names[] = {"val", "valid", "validation", NULL};

/* The length of the first folder's name in a path, with '/', if it is one of these, in capitals or
 * not; else 0. */
static size_t split_length(const char *path, const char *const *names) {
    const size_t length = strcspn(path, "/");
    for (; path[length] && *names; names++)
        if (strlen(*names) == length && strncasecmp(path, *names, length) == 0)
            return length + 1;
    return 0;
}

/* Adds the first of these folders that has a picture in a folder of its own, all below that of
 * `length` bytes, with which `inside` begins; whether there is one. */
static bool add_root(const Source *source, const char *inside, size_t length,
                     const char *const *names, DataSplit split, Roots *roots) {
    for (size_t i = 0; i < source->count; i++) {
        const char *path = source->file[i].path;
        if (!picture_name_is_read(path) || !is_below(path, inside, length))
            continue;
        const size_t more = split_length(path + length, names);
        if (!more || !strchr(path + length + more, '/'))
            continue;
        roots->root[roots->count++] = (Root){path, length + more, split};
        return true;
    }
    return false;
}

/* Whether no folder there is anything but a split's, as of a test/ whose pictures have no labels:
 * any other one would be a class, and these classes too. */
static bool has_only_splits(const Source *source, const char *inside, size_t length) {
    for (size_t i = 0; i < source->count; i++) {
        const char *path = source->file[i].path;
        if (!picture_name_is_read(path) || !is_below(path, inside, length) ||
            !strchr(path + length, '/'))
            continue;
        path += length;
        if (!split_length(path, train_names) && !split_length(path, test_names) &&
            !split_length(path, val_names))
            return false;
    }
    return true;
}

static Status find_roots(const Source *source, Roots *roots) {
    const char *inside;
    const size_t length = common_length(source, &inside);
    const bool has_classes = !has_only_splits(source, inside, length);
    const Root all = {inside, length, SPLIT_TRAIN};
    roots->count = 0;
    roots->root[0] = all;
    if (add_root(source, inside, length, train_names, SPLIT_TRAIN, roots)) {
        const bool has_test = add_root(source, inside, length, test_names, SPLIT_TEST, roots);
        add_root(source, inside, length, val_names, has_test ? SPLIT_VALIDATION : SPLIT_TEST,
                 roots);
    }
    if (roots->count == 0 && !has_classes)
        return status_fail(STATUS_DATA,
                           "%s: has pictures for training, testing or validation, but not in a "
                           "folder for each class in %.*strain/",
                           source->path, (int)length, inside);
    if (roots->count < 2 && has_classes) {
        roots->root[0] = all;
        roots->count = 1;
    }
    return STATUS_OK;
}

static const Root *root_of(const Roots *roots, const char *path) {
    for (size_t i = 0; i < roots->count; i++)
        if (is_below(path, roots->root[i].path, roots->root[i].length))
            return &roots->root[i];
    return NULL;
}

/* The class's name in a path below a root: [*length]; false when the file is in no such folder. */
static bool class_in(const Root *root, const char *path, const char **name, size_t *length) {
    *name = path + root->length;
    *length = strcspn(*name, "/");
    return (*name)[*length] == '/';
}

/* ---- classes ---- */

/* The folders below the training pictures' root. */
static Status find_classes(const Source *source, const Root *root, ClassList *classes) {
    const char *name;
    size_t length;
    for (size_t i = 0; i < source->folders; i++) {
        const char *folder = source->folder[i];
        if (!is_below(folder, root->path, root->length))
            continue;
        folder += root->length;
        if (*folder && !strchr(folder, '/'))
            STATUS_TRY(class_list_add(classes, folder, strlen(folder)));
    }
    for (size_t i = 0; i < source->count; i++)
        if (is_below(source->file[i].path, root->path, root->length) &&
            class_in(root, source->file[i].path, &name, &length))
            STATUS_TRY(class_list_add(classes, name, length));
    class_list_sort(classes);
    if (classes->count > UINT16_MAX)
        return status_fail(STATUS_DATA, "%s: has %zu folders of classes (allowed: 1 to %d)",
                           source->path, classes->count, UINT16_MAX);
    return STATUS_OK;
}

static Status warn_of_empty(const Source *source, const Root *root, const ClassList *classes,
                            const ImportSamples *samples) {
    bool *used;
    STATUS_TRY(memory_allocate(&used, classes->count, sizeof *used, "classes"));
    for (size_t i = 0; i < samples->count; i++)
        used[samples->sample[i].label] = true;
    for (size_t class = 0; class < classes->count; class ++)
        if (!used[class])
            log_warning("%s/%.*s%s: has no picture; the class stays.", source->path,
                        (int)root->length, root->path, classes->name[class]);
    memory_free(used);
    return STATUS_OK;
}

/* ---- pictures ---- */

static void note(size_t *count, const char **first, const char *path) {
    if (++*count == 1)
        *first = path;
}

static Status list_file(const Source *source, size_t number, const Roots *roots,
                        const ClassList *classes, LeftOut *left_out, ImportSet *set) {
    const char *path = source->file[number].path, *name;
    const Root *root = root_of(roots, path);
    size_t length, class;
    if (picture_name_is_other(path))
        note(&left_out->other_kinds, &left_out->first_kind, path);
    if (!picture_name_is_read(path))
        return STATUS_OK;
    if (!root)
        note(&left_out->rootless, &left_out->first_rootless, path);
    else if (!class_in(root, path, &name, &length))
        note(&left_out->classless, &left_out->first_classless, path);
    else if (!class_list_find(classes, name, length, &class))
        return status_fail(STATUS_DATA, "%s: %s: the class %.*s is not among those of %.*s",
                           source->path, path, (int)length, name, (int)roots->root[0].length,
                           roots->root[0].path);
    else
        return import_set_add(set, root->split,
                              &(ImportSample){.file = number, .label = (uint16_t) class});
    return STATUS_OK;
}

static void warn_of(size_t count, const char *first, const char *why) {
    if (count)
        log_warning("%zu file%s left out, %s%s: %s.", count, count == 1 ? " is" : "s are", first,
                    count == 1 ? "" : " the first", why);
}

static void warn_of_other_kinds(const LeftOut *left_out) {
    char what[64];
    snprintf(what, sizeof what, "%s are read", picture_kinds);
    warn_of(left_out->other_kinds, left_out->first_kind, what);
}

static Status list_all(const Source *source, ClassList *classes, ImportSet *set) {
    Roots roots;
    LeftOut left_out = {0};
    STATUS_TRY(find_roots(source, &roots));
    STATUS_TRY(find_classes(source, &roots.root[0], classes));
    STATUS_TRY(class_names_copy((const char *const *)classes->name, classes->count, &set->names));
    for (size_t i = 0; i < source->count; i++)
        STATUS_TRY(list_file(source, i, &roots, classes, &left_out, set));
    warn_of_other_kinds(&left_out);
    warn_of(left_out.classless, left_out.first_classless, "in no class's folder");
    warn_of(left_out.rootless, left_out.first_rootless,
            "neither for training nor for testing nor for validation");
    return warn_of_empty(source, &roots.root[0], classes, &set->split[SPLIT_TRAIN]);
}

/* ---- the layout ---- */

bool layout_folders_recognizes(const Source *source) {
    for (size_t i = 0; i < source->count; i++)
        if (picture_name_is_read(source->file[i].path) && strchr(source->file[i].path, '/'))
            return true;
    return false;
}

Status layout_folders_list(Source *source, ImportSet *set) {
    ClassList classes = {0};
    snprintf(set->title, sizeof set->title, "pictures in folders");
    const Status status = list_all(source, &classes, set);
    class_list_free(&classes);
    return status;
}
