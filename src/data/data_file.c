#include "vit/data_file.h"

#include "data_layout.h"
#include "vit/h5.h"
#include "vit/memory.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CLASSES_MAX = 65536 };

const char *data_split_title(DataSplit split) {
    static const char *const title[SPLIT_COUNT] = {"training images", "test images",
                                                   "validation images"};
    return title[split];
}

/* ---- images ---- */

/* What other tools keep images as, and how to come from there to what is read here. */
static const char *images_hint(size_t axes, const size_t shape[static 4], bool bytes) {
    if (!bytes)
        return "; images that were scaled must be scaled back and rounded, other whole numbers "
               "written as these (in NumPy: images.astype('uint8'))";
    if (axes == 3)
        return "; grey ones have an axis of length 1 at the end";
    if (axes == 4 && shape[1] <= PICTURE_CHANNELS_MAX && shape[2] > PICTURE_CHANNELS_MAX &&
        shape[3] > PICTURE_CHANNELS_MAX)
        return "; channels come last (in NumPy: images.transpose(0, 2, 3, 1), or (0, 3, 2, 1) "
               "where columns come first)";
    return "";
}

static Status check_images(const char *path, hid_t file, const char *name, size_t axes,
                           const size_t shape[static 4]) {
    char found[H5_DESCRIPTION_TEXT];
    const bool bytes = h5_holds(file, name, H5T_NATIVE_UINT8);
    const char *hint = images_hint(axes, shape, bytes);
    if (bytes && axes == 4 && !*hint)
        return STATUS_OK;
    STATUS_TRY(h5_describe(file, name, found));
    return status_fail(STATUS_DATA,
                       "%s: %s: is %s; images are uint8 [number, height, width, channels], 0 to "
                       "255%s",
                       path, name, found, hint);
}

/* What all images of the file have to be, from the training images. */
static Status read_picture(const char *path, hid_t file, Picture *picture) {
    char name[DATA_PART_TEXT];
    size_t axes, shape[4];
    STATUS_TRY(h5_shape(file, data_part(SPLIT_TRAIN, "images", name), &axes, shape));
    STATUS_TRY(check_images(path, file, name, axes, shape));
    *picture = (Picture){shape[1], shape[2], shape[3]};
    return data_check_picture(path, name, *picture);
}

/* Images of the header's form, of any number. */
static Status read_image_count(const char *path, hid_t file, DataSplit split, DataHeader *header) {
    const Picture picture = header->picture;
    char name[DATA_PART_TEXT], train[DATA_PART_TEXT], text[H5_SHAPE_TEXT];
    size_t axes, shape[4];
    STATUS_TRY(h5_shape(file, data_part(split, "images", name), &axes, shape));
    STATUS_TRY(check_images(path, file, name, axes, shape));
    if (shape[1] != picture.height || shape[2] != picture.width || shape[3] != picture.channels)
        return status_fail(STATUS_DATA,
                           "%s: %s: has shape %s, but the images of %s have %zu rows, %zu columns "
                           "and %zu channels",
                           path, name, h5_shape_text(axes, shape, text),
                           data_part(SPLIT_TRAIN, "images", train), picture.height, picture.width,
                           picture.channels);
    header->images[split] = shape[0];
    return STATUS_OK;
}

/* The shapes are checked with every reading: this may be another file than the one that the header
 * was read from, on another machine or replaced since, and its rows must fit into the caller's. */
static Status read_images(const char *path, hid_t file, const DataHeader *header, DataSplit split,
                          size_t first, size_t count, uint8_t *images) {
    char name[DATA_PART_TEXT], found[H5_SHAPE_TEXT], wanted[H5_SHAPE_TEXT];
    size_t axes, is[4], shape[4];
    data_part(split, "images", name);
    data_images_shape(header, split, shape);
    STATUS_TRY(h5_shape(file, name, &axes, is));
    if (axes != 4 || memcmp(is, shape, sizeof shape) != 0)
        return status_fail(STATUS_DATA, "%s: %s: has shape %s instead of %s", path, name,
                           h5_shape_text(axes, is, found), h5_shape_text(4, shape, wanted));
    return h5_read_rows(file, name, H5T_NATIVE_UINT8, first, count, images);
}

/* ---- labels ---- */

static const char *labels_part(DataSplit split, bool coarse, char name[static DATA_PART_TEXT]) {
    return data_part(split, coarse ? "coarse_labels" : "labels", name);
}

static Status check_labels_shape(const char *path, hid_t file, const DataHeader *header,
                                 DataSplit split, bool coarse) {
    char name[DATA_PART_TEXT], found[H5_DESCRIPTION_TEXT];
    size_t axes, shape[4];
    labels_part(split, coarse, name);
    STATUS_TRY(h5_shape(file, name, &axes, shape));
    const bool wide = axes == 2 && shape[1] > 1;
    if (!wide && shape[0] == header->images[split])
        return STATUS_OK;
    STATUS_TRY(h5_describe(file, name, found));
    if (wide)
        return status_fail(STATUS_DATA,
                           "%s: %s: is %s; labels are whole numbers [%zu], the number of the class "
                           "(in NumPy, of %s)",
                           path, name, found, header->images[split],
                           shape[0] == 1 ? "one row: labels.reshape(-1)"
                                         : "one-hot labels: labels.argmax(axis=1)");
    return status_fail(STATUS_DATA, "%s: %s: is %s, but there are %zu images", path, name, found,
                       header->images[split]);
}

/* Shape and type; reading sees to the type itself. */
static Status check_labels(const char *path, hid_t file, const DataHeader *header, DataSplit split,
                           bool coarse) {
    char name[DATA_PART_TEXT];
    STATUS_TRY(check_labels_shape(path, file, header, split, coarse));
    return h5_read_integers(file, labels_part(split, coarse, name), 0, 0, NULL);
}

static Status read_labels(const char *path, hid_t file, const DataHeader *header, DataSplit split,
                          bool coarse, size_t first, size_t count, uint16_t *labels) {
    char name[DATA_PART_TEXT];
    int64_t *value;
    STATUS_TRY(check_labels_shape(path, file, header, split, coarse));
    STATUS_TRY(memory_allocate(&value, count, sizeof *value, "labels"));
    Status status = h5_read_integers(file, labels_part(split, coarse, name), first, count, value);
    if (status == STATUS_OK)
        status = data_convert_labels(path, name, value, first, count,
                                     coarse ? header->coarse_classes : header->classes, labels);
    memory_free(value);
    return status;
}

static Status check_coarse(const char *path, const DataHeader *header, bool coarse) {
    return coarse && header->coarse_classes == 0
               ? status_fail(STATUS_DATA, "%s: has no coarse labels", path)
               : STATUS_OK;
}

/* ---- the header ---- */

Status data_file_check_header(const char *path, const DataHeader *header) {
    if (header->classes < 1 || header->classes > CLASSES_MAX ||
        header->coarse_classes > CLASSES_MAX)
        return status_fail(STATUS_DATA, "%s: has %zu classes (allowed: 1 to %d)", path,
                           header->classes < 1 || header->classes > CLASSES_MAX
                               ? header->classes
                               : header->coarse_classes,
                           CLASSES_MAX);
    if (header->images[SPLIT_TRAIN] == 0)
        return status_fail(STATUS_DATA, "%s: has no training images", path);
    for (size_t c = 0; header->has_statistics && c < header->picture.channels; c++)
        if (!isfinite(header->mean[c]) || !isfinite(header->variance[c]) ||
            header->variance[c] <= 0.0)
            return status_fail(STATUS_DATA,
                               "%s: channel %zu has mean %g and variance %g; the training images "
                               "cannot be normalized (a channel that is the same everywhere must "
                               "be left out)",
                               path, c, header->mean[c], header->variance[c]);
    return STATUS_OK;
}

static Status check_split(const char *path, hid_t file, DataSplit split, DataHeader *header) {
    STATUS_TRY(read_image_count(path, file, split, header));
    STATUS_TRY(check_labels(path, file, header, split, false));
    return header->coarse_classes ? check_labels(path, file, header, split, true) : STATUS_OK;
}

static Status read_names(hid_t file, bool coarse, DataNames *names) {
    return h5_read_strings(file, coarse ? data_coarse_label_names : data_label_names, &names->count,
                           &names->width, &names->text);
}

static Status count_names(hid_t file, bool coarse, size_t *count) {
    DataNames names;
    STATUS_TRY(read_names(file, coarse, &names));
    *count = names.count;
    memory_free(names.text);
    return STATUS_OK;
}

/* A digest attribute, "" where there is none; whether the file may say "" itself is the caller's.
 */
static Status read_digest(const char *path, hid_t file, const char *attribute, bool may_be_empty,
                          char digest[static DIGEST_TEXT]) {
    char *text;
    digest[0] = '\0';
    bool found;
    STATUS_TRY(h5_find_attribute(file, "/", attribute, &found));
    if (!found)
        return STATUS_OK;
    STATUS_TRY(h5_get_text(file, "/", attribute, &text));
    size_t length = strlen(text);
    bool fits = length == DIGEST_TEXT - 1 || (length == 0 && may_be_empty);
    for (size_t i = 0; fits && i <= length; i++)
        digest[i] = (char)tolower((unsigned char)text[i]);
    memory_free(text);
    return fits ? STATUS_OK
                : status_fail(STATUS_DATA, "%s: / @%s: is not a SHA-256", path, attribute);
}

/* Both or none. */
static Status read_statistics(hid_t file, DataHeader *header) {
    static const char mean[] = "channel_mean", variance[] = "channel_variance";
    const size_t channels = header->picture.channels;
    bool one, other;
    STATUS_TRY(h5_find_attribute(file, "/", mean, &one));
    STATUS_TRY(h5_find_attribute(file, "/", variance, &other));
    header->has_statistics = one || other;
    if (!header->has_statistics)
        return STATUS_OK;
    STATUS_TRY(h5_get_reals(file, "/", mean, channels, header->mean));
    return h5_get_reals(file, "/", variance, channels, header->variance);
}

static Status read_header(const char *path, hid_t file, DataHeader *header) {
    *header = (DataHeader){0};
    STATUS_TRY(count_names(file, false, &header->classes));
    bool coarse, validation;
    STATUS_TRY(h5_find(file, data_coarse_label_names, &coarse));
    STATUS_TRY(h5_find(file, "/validation", &validation));
    if (coarse)
        STATUS_TRY(count_names(file, true, &header->coarse_classes));
    STATUS_TRY(read_picture(path, file, &header->picture));
    for (DataSplit split = 0; split < SPLIT_COUNT; split++)
        if (split != SPLIT_VALIDATION || validation)
            STATUS_TRY(check_split(path, file, split, header));
    STATUS_TRY(read_statistics(file, header));
    STATUS_TRY(read_digest(path, file, "content_sha256", false, header->content_sha256));
    return data_file_check_header(path, header);
}

Status data_file_check_content(const char *path, const DataHeader *header,
                               const char digest[static DIGEST_TEXT]) {
    if (!header->content_sha256[0] || strcmp(digest, header->content_sha256) == 0)
        return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: the images and labels have SHA-256 %s, but the file says %s", path,
                       digest, header->content_sha256);
}

/* ---- whole calls ---- */

static Status close_after(hid_t file, Status status) {
    const Status closed = h5_close(file);
    return status != STATUS_OK ? status : closed;
}

Status data_file_read_header(const char *path, DataHeader *header) {
    hid_t file;
    STATUS_TRY(h5_open(path, &file));
    return close_after(file, read_header(path, file, header));
}

Status data_file_read_labels(const char *path, const DataHeader *header, DataSplit split,
                             bool coarse, uint16_t *labels) {
    STATUS_TRY(check_coarse(path, header, coarse));
    hid_t file;
    STATUS_TRY(h5_open(path, &file));
    return close_after(
        file, read_labels(path, file, header, split, coarse, 0, header->images[split], labels));
}

Status data_file_read_rows(const char *path, const DataHeader *header, DataSplit split, bool coarse,
                           size_t first, size_t count, uint8_t *images, uint16_t *labels) {
    STATUS_TRY(check_coarse(path, header, coarse));
    hid_t file;
    STATUS_TRY(h5_open(path, &file));
    Status status = read_images(path, file, header, split, first, count, images);
    if (status == STATUS_OK)
        status = read_labels(path, file, header, split, coarse, first, count, labels);
    return close_after(file, status);
}

Status data_file_read_names(const char *path, bool coarse, DataNames *names) {
    hid_t file;
    *names = (DataNames){0};
    STATUS_TRY(h5_open(path, &file));
    return close_after(file, read_names(file, coarse, names));
}

static Status read_origin(const char *path, hid_t file, DataOrigin *origin) {
    char name[DATA_PART_TEXT], *source;
    for (DataSplit split = 0; split < SPLIT_COUNT; split++)
        STATUS_TRY(read_digest(path, file, data_source_attribute(split, name), true,
                               origin->sha256[split]));
    bool found;
    STATUS_TRY(h5_find_attribute(file, "/", "source", &found));
    if (!found)
        return STATUS_OK;
    STATUS_TRY(h5_get_text(file, "/", "source", &source));
    snprintf(origin->source, sizeof origin->source, "%s", source);
    memory_free(source);
    return STATUS_OK;
}

Status data_file_read_origin(const char *path, DataOrigin *origin) {
    hid_t file;
    *origin = (DataOrigin){0};
    STATUS_TRY(h5_open(path, &file));
    return close_after(file, read_origin(path, file, origin));
}
