#include "data_layout.h"

#include <stdio.h>
#include <string.h>

const char data_label_names[] = "/label_names", data_coarse_label_names[] = "/coarse_label_names";

static const char *const split_name[SPLIT_COUNT] = {"train", "test", "validation"};

const char *data_part(DataSplit split, const char *what, char name[static DATA_PART_TEXT]) {
    snprintf(name, DATA_PART_TEXT, "/%s/%s", split_name[split], what);
    return name;
}

const char *data_source_attribute(DataSplit split, char name[static DATA_PART_TEXT]) {
    snprintf(name, DATA_PART_TEXT, "%s_sha256", split_name[split]);
    return name;
}

void data_images_shape(const DataHeader *header, DataSplit split, size_t shape[static 4]) {
    shape[0] = header->images[split];
    shape[1] = header->picture.height;
    shape[2] = header->picture.width;
    shape[3] = header->picture.channels;
}

bool data_has_split(const DataHeader *header, DataSplit split) {
    return split != SPLIT_VALIDATION || header->images[split] > 0;
}

Status data_check_picture(const char *path, const char *name, Picture picture) {
    const bool fits = picture.height >= 1 && picture.height <= PICTURE_SIDE_MAX &&
                      picture.width >= 1 && picture.width <= PICTURE_SIDE_MAX &&
                      picture.channels >= 1 && picture.channels <= PICTURE_CHANNELS_MAX;
    if (fits)
        return STATUS_OK;
    return status_fail(
        STATUS_DATA,
        "%s: %s: has images of %zu rows, %zu columns and %zu channels (allowed: 1 to "
        "%d rows, 1 to %d columns and 1 to %d channels)",
        path, name, picture.height, picture.width, picture.channels, PICTURE_SIDE_MAX,
        PICTURE_SIDE_MAX, PICTURE_CHANNELS_MAX);
}

static Status fail_label(const char *path, const char *name, size_t row, int64_t label,
                         size_t classes) {
    return status_fail(STATUS_DATA, "%s: %s: row %zu has label %lld, but there are %zu classes%s",
                       path, name, row, (long long)label, classes,
                       label == (int64_t)classes ? ", and the first has number 0" : "");
}

Status data_check_labels(const char *path, const char *name, const uint16_t *labels, size_t first,
                         size_t count, size_t classes) {
    for (size_t i = 0; i < count; i++)
        if (labels[i] >= classes)
            return fail_label(path, name, first + i, labels[i], classes);
    return STATUS_OK;
}

Status data_convert_labels(const char *path, const char *name, const int64_t *value, size_t first,
                           size_t count, size_t classes, uint16_t *labels) {
    for (size_t i = 0; i < count; i++) {
        if (value[i] < 0 || value[i] >= (int64_t)classes)
            return fail_label(path, name, first + i, value[i], classes);
        labels[i] = (uint16_t)value[i];
    }
    return STATUS_OK;
}
