#include "h5_file.h"
#include "h5_text.h"
#include "h5_type.h"

#include "vit/memory.h"
#include <stdio.h>
#include <string.h>

/* "<object> @<attribute>" for messages. */
static void attribute_label(const char *name, const char *attribute,
                            char label[static FILE_PATH_MAX]) {
    snprintf(label, FILE_PATH_MAX, "%s @%s", name, attribute);
}

Status h5_find_attribute(hid_t file, const char *name, const char *attribute, bool *found) {
    char label[FILE_PATH_MAX];
    STATUS_TRY(h5_find(file, name, found));
    if (!*found)
        return STATUS_OK;
    const htri_t exists = H5Aexists_by_name(file, name, attribute, H5P_DEFAULT);
    attribute_label(name, attribute, label);
    *found = exists > 0;
    return exists < 0 ? h5_fail_call(file, STATUS_DATA, label, "cannot be looked for") : STATUS_OK;
}

Status h5_count_attributes(hid_t file, const char *name, size_t *count) {
    H5O_info_t info;
    *count = 0;
    if (H5Oget_info_by_name(file, name, &info, H5P_DEFAULT) < 0)
        return h5_fail_call(file, STATUS_DATA, name, "its attributes cannot be counted");
    *count = (size_t)info.num_attrs;
    return STATUS_OK;
}

Status h5_attribute_name(hid_t file, const char *name, size_t number, size_t bytes, char *attribute,
                         size_t *length) {
    const ssize_t found = H5Aget_name_by_idx(file, name, H5_INDEX_NAME, H5_ITER_INC, number,
                                             attribute, bytes, H5P_DEFAULT);
    if (found < 0)
        return h5_fail_call(file, STATUS_DATA, name, "the name of an attribute cannot be read");
    *length = (size_t)found;
    return STATUS_OK;
}

/* count 0: a scalar. An attribute of that name is replaced. */
static Status set_attribute(hid_t file, const char *name, const char *attribute, hid_t file_type,
                            hid_t memory_type, size_t count, const void *values) {
    char label[FILE_PATH_MAX];
    attribute_label(name, attribute, label);
    bool found;
    STATUS_TRY(h5_find_attribute(file, name, attribute, &found));
    if (found && H5Adelete_by_name(file, name, attribute, H5P_DEFAULT) < 0)
        return h5_fail_call(file, STATUS_IO, label, "cannot be replaced");
    hsize_t length = count;
    hid_t space = count ? H5Screate_simple(1, &length, NULL) : H5Screate(H5S_SCALAR);
    hid_t id = H5I_INVALID_HID;
    if (space >= 0)
        id = H5Acreate_by_name(file, name, attribute, file_type, space, H5P_DEFAULT, H5P_DEFAULT,
                               H5P_DEFAULT);
    Status status = STATUS_OK;
    if (id < 0 || H5Awrite(id, memory_type, values) < 0)
        status = h5_fail_call(file, STATUS_IO, label, "cannot be written");
    if (space >= 0)
        H5Sclose(space);
    if (id >= 0 && H5Aclose(id) < 0 && status == STATUS_OK)
        status = h5_fail_call(file, STATUS_IO, label, "cannot be written");
    return status;
}

/* Opens an attribute and its stored type; both to be closed. */
static Status open_attribute(hid_t file, const char *name, const char *attribute, hid_t *id,
                             hid_t *type) {
    char label[FILE_PATH_MAX];
    attribute_label(name, attribute, label);
    *id = *type = H5I_INVALID_HID;
    bool found;
    STATUS_TRY(h5_find_attribute(file, name, attribute, &found));
    if (!found)
        return h5_fail_content(file, label, "is missing");
    *id = H5Aopen_by_name(file, name, attribute, H5P_DEFAULT, H5P_DEFAULT);
    if (*id >= 0)
        *type = H5Aget_type(*id);
    if (*type < 0)
        return h5_fail_call(file, STATUS_DATA, label, "cannot be opened");
    return STATUS_OK;
}

static void close_attribute(hid_t id, hid_t type) {
    if (type >= 0)
        H5Tclose(type);
    if (id >= 0)
        H5Aclose(id);
}

static size_t attribute_count(hid_t id) {
    hid_t space = H5Aget_space(id);
    hssize_t count = space < 0 ? 0 : H5Sget_simple_extent_npoints(space);
    if (space >= 0)
        H5Sclose(space);
    return count < 0 ? 0 : (size_t)count;
}

static Status get_attribute(hid_t file, const char *name, const char *attribute, hid_t memory_type,
                            size_t count, void *values) {
    char label[FILE_PATH_MAX];
    attribute_label(name, attribute, label);
    hid_t id, type;
    Status status = open_attribute(file, name, attribute, &id, &type);
    if (status == STATUS_OK && !h5_type_converts(type, memory_type))
        status = h5_fail_content(file, label, "holds values of another type");
    if (status == STATUS_OK && attribute_count(id) != count)
        status = h5_fail_content(file, label, "holds another number of values");
    if (status == STATUS_OK && H5Aread(id, memory_type, values) < 0)
        status = h5_fail_call(file, STATUS_DATA, label, "is damaged");
    close_attribute(id, type);
    return status;
}

Status h5_set_count(hid_t file, const char *name, const char *attribute, uint64_t value) {
    return set_attribute(file, name, attribute, H5T_STD_U64LE, H5T_NATIVE_UINT64, 0, &value);
}

Status h5_set_real(hid_t file, const char *name, const char *attribute, double value) {
    return set_attribute(file, name, attribute, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 0, &value);
}

Status h5_set_reals(hid_t file, const char *name, const char *attribute, size_t count,
                    const double *values) {
    return set_attribute(file, name, attribute, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, count, values);
}

Status h5_set_text(hid_t file, const char *name, const char *attribute, const char *value) {
    hid_t type = h5_text_type(strlen(value) + 1);
    if (type < 0)
        return h5_fail_call(file, STATUS_INTERNAL, name, "the type of its text cannot be made");
    Status status = set_attribute(file, name, attribute, type, type, 0, value);
    H5Tclose(type);
    return status;
}

Status h5_get_count(hid_t file, const char *name, const char *attribute, uint64_t *value) {
    return get_attribute(file, name, attribute, H5T_NATIVE_UINT64, 1, value);
}

Status h5_get_real(hid_t file, const char *name, const char *attribute, double *value) {
    return get_attribute(file, name, attribute, H5T_NATIVE_DOUBLE, 1, value);
}

Status h5_get_reals(hid_t file, const char *name, const char *attribute, size_t count,
                    double *values) {
    return get_attribute(file, name, attribute, H5T_NATIVE_DOUBLE, count, values);
}

static herr_t read_text(hid_t attribute, hid_t memory_type, void *values) {
    return H5Aread(attribute, memory_type, values);
}

static Status get_text(hid_t file, const char *label, hid_t id, hid_t stored, H5Texts *texts) {
    const hid_t space = H5Aget_space(id);
    const H5TextSource source = {file, label, id, stored, space, 1, read_text};
    const Status status = space >= 0 && attribute_count(id) == 1
                              ? h5_text_read(&source, texts)
                              : h5_fail_content(file, label, "is not one text");
    if (space >= 0)
        H5Sclose(space);
    return status;
}

Status h5_get_text(hid_t file, const char *name, const char *attribute, char **value) {
    char label[FILE_PATH_MAX];
    attribute_label(name, attribute, label);
    hid_t id, stored;
    H5Texts texts = {0};
    Status status = open_attribute(file, name, attribute, &id, &stored);
    if (status == STATUS_OK)
        status = get_text(file, label, id, stored, &texts);
    *value = texts.text;
    close_attribute(id, stored);
    return status;
}
