#include "layout.h"
#include "layout_file.h"
#include "vit/memory.h"
#include "vit/size.h"
#include <stdio.h>
#include <string.h>

/* CIFAR-100 and CIFAR-10 for Python: pickles of dicts. A row of 'data' is a plane of red, of green,
 * of blue; labels are lists. */

static const Picture cifar_picture = {32, 32, 3};
enum { LABEL_MAX = UINT16_MAX };

typedef struct Version {
    const char *title;
    const char *train, *test, *meta;  /* files; train NULL: data_batch_1 and so on */
    const char *labels, *coarse;      /* keys; NULL: there are no coarse labels */
    const char *names, *coarse_names; /* keys of meta */
} Version;

static const Version cifar100 = {.title = "CIFAR-100 for Python",
                                 .train = "train",
                                 .test = "test",
                                 .meta = "meta",
                                 .labels = "fine_labels",
                                 .coarse = "coarse_labels",
                                 .names = "fine_label_names",
                                 .coarse_names = "coarse_label_names"};
static const Version cifar10 = {.title = "CIFAR-10 for Python",
                                .test = "test_batch",
                                .meta = "batches.meta",
                                .labels = "labels",
                                .names = "label_names"};

/* ---- values ---- */

/* A dict's value of this type, which must be there. */
static Status need(const char *name, const Pickle *pickle, const char *key, PickleType type,
                   const PickleValue **value) {
    *value = pickle_get(pickle_root(pickle), key);
    if (!*value)
        return status_fail(STATUS_DATA, "%s: has no '%s'", name, key);
    if ((*value)->type != type)
        return status_fail(STATUS_DATA, "%s: '%s' is %s, and not %s", name, key,
                           pickle_value_type((*value)->type), pickle_value_type(type));
    return STATUS_OK;
}

/* ---- names ---- */

static Status check_name(const char *name, const char *key, size_t i, const PickleValue *value) {
    if (value->type == PICKLE_TEXT && value->text.count &&
        !memchr(value->text.bytes, '\0', value->text.count))
        return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: '%s': number %zu is not a name", name, key, i);
}

static Status read_names(const char *name, const Pickle *pickle, const char *key,
                         DataNames *names) {
    const PickleValue *list;
    STATUS_TRY(need(name, pickle, key, PICKLE_LIST, &list));
    const PickleItems *items = list->items;
    *names = (DataNames){.count = items->count, .width = 1};
    for (size_t i = 0; i < items->count; i++) {
        STATUS_TRY(check_name(name, key, i, &items->item[i]));
        names->width = size_larger(names->width, items->item[i].text.count + 1);
    }
    STATUS_TRY(memory_allocate(&names->text, names->count, names->width, name));
    for (size_t i = 0; i < items->count; i++)
        memcpy(names->text + i * names->width, items->item[i].text.bytes,
               items->item[i].text.count);
    return STATUS_OK;
}

static Status list_names(const Version *version, Source *source, ImportSet *set) {
    LayoutFile file;
    Pickle *pickle;
    STATUS_TRY(layout_file_need(source, version->meta, &file));
    STATUS_TRY(pickle_read(file.name, file.bytes, file.count, &pickle));
    Status status = read_names(file.name, pickle, version->names, &set->names);
    if (status == STATUS_OK && version->coarse)
        status = read_names(file.name, pickle, version->coarse_names, &set->coarse_names);
    pickle_free(pickle);
    return status;
}

/* ---- samples ---- */

/* The labels of `count` pictures, in a list of integers. */
static Status read_labels(const char *name, const Pickle *pickle, const char *key,
                          const DataNames *names, size_t count, uint16_t *labels) {
    const PickleValue *list;
    STATUS_TRY(need(name, pickle, key, PICKLE_LIST, &list));
    if (list->items->count != count)
        return status_fail(STATUS_DATA, "%s: has %zu pictures and %zu '%s'", name, count,
                           list->items->count, key);
    for (size_t i = 0; i < count; i++) {
        const PickleValue *label = &list->items->item[i];
        if (label->type != PICKLE_INTEGER || label->integer < 0 ||
            (uint64_t)label->integer >= size_smaller(names->count, LABEL_MAX + 1))
            return status_fail(STATUS_DATA,
                               "%s: '%s': number %zu is no label below %zu, the number of names",
                               name, key, i, names->count);
        labels[i] = (uint16_t)label->integer;
    }
    return STATUS_OK;
}

static Status read_pictures(const char *name, const Pickle *pickle, ImportRows *rows) {
    const PickleValue *data;
    char shape[ARRAY_SHAPE_TEXT];
    const size_t bytes = picture_bytes(cifar_picture);
    STATUS_TRY(need(name, pickle, "data", PICKLE_ARRAY, &data));
    const Array *array = data->array;
    if (array->type != ARRAY_U8 || array->axes != 2 || array->shape[1] != bytes)
        return status_fail(STATUS_DATA, "%s: 'data' is %s %s, and not uint8 [N, %zu]", name,
                           array_type_name(array->type), array_shape_text(array, shape), bytes);
    *rows = import_set_plane_rows(array->bytes, cifar_picture, bytes, array->shape[0]);
    return STATUS_OK;
}

static Status add_samples(const Version *version, const char *name, const Pickle *pickle,
                          DataSplit split, const ImportRows *rows, uint16_t *labels,
                          uint16_t *coarse, ImportSet *set) {
    STATUS_TRY(read_labels(name, pickle, version->labels, &set->names, rows->count, labels));
    if (version->coarse)
        STATUS_TRY(
            read_labels(name, pickle, version->coarse, &set->coarse_names, rows->count, coarse));
    return import_set_add_rows(set, name, split, rows, labels, coarse);
}

static Status add_file(const void *context, const LayoutFile *file, DataSplit split,
                       ImportSet *set) {
    const Version *version = context;
    Pickle *pickle;
    ImportRows rows = {0};
    uint16_t *labels;
    STATUS_TRY(pickle_read(file->name, file->bytes, file->count, &pickle));
    STATUS_TRY(import_set_keep(set, file->name, pickle));
    STATUS_TRY(read_pictures(file->name, pickle, &rows));
    STATUS_TRY(memory_allocate(&labels, 2 * rows.count, sizeof *labels, "labels"));
    const Status status =
        add_samples(version, file->name, pickle, split, &rows, labels, labels + rows.count, set);
    memory_free(labels);
    return status;
}

/* ---- the layout ---- */

static bool is_10(const Source *source) {
    return source_has(source, "data_batch_1") || source_has(source, "batches.meta");
}

/* Two of the three, since these are names that other files have as well. */
bool layout_pickle_recognizes(const Source *source) {
    const int found =
        source_has(source, "train") + source_has(source, "test") + source_has(source, "meta");
    return is_10(source) || found >= 2;
}

Status layout_pickle_list(Source *source, ImportSet *set) {
    const Version *version = is_10(source) ? &cifar10 : &cifar100;
    const LayoutSplits splits = {version->train, version->test, "data_batch_", "",
                                 add_file,       version};
    snprintf(set->title, sizeof set->title, "%s", version->title);
    set->keeps_order = true;
    STATUS_TRY(list_names(version, source, set));
    return layout_file_list_splits(source, &splits, set);
}
