#include "layout_file.h"

#include "class_names.h"
#include "vit/memory.h"
#include "vit/size.h"
#include <stdio.h>
#include <string.h>

enum { LABEL_MAX = UINT16_MAX, BATCHES_MAX = IMPORT_ARRAYS_MAX - 1 };

/* ---- files ---- */

Status layout_file_map(Source *source, const SourceFile *file, LayoutFile *mapped) {
    source_name(source, file, mapped->name);
    return source_map(source, file, &mapped->bytes, &mapped->count);
}

Status layout_file_need(Source *source, const char *name, LayoutFile *mapped) {
    const SourceFile *file;
    mapped->bytes = NULL;
    mapped->count = 0;
    STATUS_TRY(source_find(source, name, &file));
    if (!file)
        return status_fail(STATUS_DATA, "%s: %s is missing", source->path, name);
    return layout_file_map(source, file, mapped);
}

/* Whether a name is PREFIX, a number, SUFFIX. */
static bool is_batch(const char *name, const char *prefix, const char *suffix) {
    const size_t length = strlen(prefix);
    if (strncmp(name, prefix, length) != 0)
        return false;
    const size_t digits = strspn(name + length, "0123456789");
    return digits > 0 && strcmp(name + length + digits, suffix) == 0;
}

Status layout_file_need_batches(Source *source, const char *prefix, const char *suffix,
                                LayoutFile *file, size_t most, size_t *count) {
    size_t batches = 0;
    for (size_t i = 0; i < source->count; i++)
        batches += is_batch(source_base(source->file[i].path), prefix, suffix);
    if (batches > most)
        return status_fail(STATUS_DATA, "%s: has more than %zu files %sN%s", source->path, most,
                           prefix, suffix);
    for (*count = 0; *count < size_larger(batches, 1); ++*count) {
        char name[64];
        snprintf(name, sizeof name, "%s%zu%s", prefix, *count + 1, suffix);
        STATUS_TRY(layout_file_need(source, name, &file[*count]));
    }
    return STATUS_OK;
}

/* ---- both splits ---- */

static Status find_files(Source *source, const LayoutSplits *splits, DataSplit split,
                         LayoutFile *file, size_t *count) {
    *count = 1;
    if (split == SPLIT_TEST)
        return layout_file_need(source, splits->test, file);
    if (splits->train)
        return layout_file_need(source, splits->train, file);
    return layout_file_need_batches(source, splits->prefix, splits->suffix, file, BATCHES_MAX,
                                    count);
}

static Status list_split(Source *source, const LayoutSplits *splits, DataSplit split,
                         LayoutFile *file, ImportSet *set) {
    size_t count;
    STATUS_TRY(find_files(source, splits, split, file, &count));
    STATUS_TRY(layout_file_digest(file, count, set->sha256[split]));
    for (size_t i = 0; i < count; i++)
        STATUS_TRY(splits->add(splits->version, &file[i], split, set));
    return STATUS_OK;
}

Status layout_file_list_splits(Source *source, const LayoutSplits *splits, ImportSet *set) {
    LayoutFile *file;
    STATUS_TRY(memory_allocate(&file, BATCHES_MAX, sizeof *file, "files"));
    Status status = list_split(source, splits, SPLIT_TRAIN, file, set);
    if (status == STATUS_OK)
        status = list_split(source, splits, SPLIT_TEST, file, set);
    memory_free(file);
    return status;
}

/* ---- names and digests ---- */

Status layout_file_need_names(Source *source, const char *name, DataNames *names) {
    LayoutFile file;
    STATUS_TRY(layout_file_need(source, name, &file));
    return class_names_lines(file.name, file.bytes, file.count, names);
}

Status layout_file_digest(const LayoutFile *file, size_t count, char text[static DIGEST_TEXT]) {
    Digest digest;
    STATUS_TRY(digest_init(&digest));
    for (size_t i = 0; i < count; i++)
        digest_add(&digest, file[i].bytes, file[i].count);
    return digest_finish(&digest, text);
}

/* ---- arrays ---- */

/* A hint where the axes look as PyTorch orders them. */
static const char *order_hint(const Array *array) {
    const bool planes = array->axes == 4 && array->shape[1] <= PICTURE_CHANNELS_MAX &&
                        array->shape[3] > PICTURE_CHANNELS_MAX;
    return planes ? ": the channels must come last" : "";
}

/* Whether a row has any. */
static bool has_pixels(const Array *array) {
    for (size_t i = 1; i < array->axes; i++)
        if (array->shape[i] == 0)
            return false;
    return true;
}

Status layout_file_pictures(const char *name, const Array *array, ImportRows *rows) {
    char shape[ARRAY_SHAPE_TEXT];
    const bool has_channels = array->axes == 4;
    if (array->type != ARRAY_U8 || array->axes < 3 || array->axes > 4 || !has_pixels(array) ||
        (has_channels && array->shape[3] > PICTURE_CHANNELS_MAX))
        return status_fail(STATUS_DATA,
                           "%s: is %s %s, and not uint8 (0 to 255) [N, height, width] or [N, "
                           "height, width, 1 to %d]%s",
                           name, array_type_name(array->type), array_shape_text(array, shape),
                           PICTURE_CHANNELS_MAX, order_hint(array));
    const Picture picture = {array->shape[1], array->shape[2], has_channels ? array->shape[3] : 1};
    *rows = import_set_pixel_rows(array->bytes, picture, array->shape[0]);
    return STATUS_OK;
}

/* What a shape of labels that is not wanted probably means. */
static const char *labels_hint(const Array *array) {
    return array->axes == 2 && array->shape[1] > 1
               ? ": several labels a picture, or one-hot ones, are not read"
               : "";
}

static Status convert_labels(const char *name, const Array *array, int64_t first,
                             uint16_t *labels) {
    for (size_t i = 0; i < array->count; i++) {
        int64_t label;
        if (!array_integer(array, i, &label) || label < first || label - first > LABEL_MAX)
            return status_fail(STATUS_DATA, "%s: row %zu has label %g (allowed: %lld to %lld)",
                               name, i, array_real(array, i), (long long)first,
                               (long long)first + LABEL_MAX);
        labels[i] = (uint16_t)(label - first);
    }
    return STATUS_OK;
}

/* Of `count` pictures. */
static Status check_labels(const char *name, const Array *array, size_t count) {
    char shape[ARRAY_SHAPE_TEXT];
    const bool fits =
        (array->axes == 1 || (array->axes == 2 && array->shape[1] == 1)) && array->count == count;
    if (fits && array->type != ARRAY_F32 && array->type != ARRAY_F64)
        return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: is %s %s, and not integers [%zu] or [%zu, 1]%s", name,
                       array_type_name(array->type), array_shape_text(array, shape), count, count,
                       labels_hint(array));
}

Status layout_file_add(const char *images, const ImportRows *rows, const char *labels,
                       const Array *array, int64_t first, DataSplit split, ImportSet *set) {
    uint16_t *label;
    STATUS_TRY(check_labels(labels, array, rows->count));
    STATUS_TRY(memory_allocate(&label, rows->count, sizeof *label, labels));
    Status status = convert_labels(labels, array, first, label);
    if (status == STATUS_OK)
        status = import_set_add_rows(set, images, split, rows, label, NULL);
    memory_free(label);
    return status;
}
