#include "fields.h"

#include "vit/h5.h"
#include "vit/memory.h"
#include <stdbool.h>
#include <string.h>

static Status unknown_kind(const Field *field) {
    return status_fail(STATUS_INTERNAL, "%s @%s: a field of unknown kind", field->group,
                       field->attribute);
}

static Status write_field(hid_t file, const Field *field, const void *value) {
    switch (field->kind) {
    case FIELD_COUNT:
        return h5_set_count(file, field->group, field->attribute, *(const uint64_t *)value);
    case FIELD_REAL:
        return h5_set_real(file, field->group, field->attribute, *(const double *)value);
    case FIELD_FLAG:
        return h5_set_count(file, field->group, field->attribute, *(const bool *)value);
    case FIELD_TEXT:
        return h5_set_text(file, field->group, field->attribute, value);
    }
    return unknown_kind(field);
}

Status fields_write(hid_t file, const Fields *fields, uint64_t version, const void *record) {
    for (size_t i = 0; i < fields->count; i++) {
        const Field *field = &fields->field[i];
        if (field->since <= version)
            STATUS_TRY(write_field(file, field, (const char *)record + field->offset));
    }
    return STATUS_OK;
}

Status fields_read_text(hid_t file, const char *path, const char *group, const char *attribute,
                        size_t bytes, char *text) {
    char *found;
    STATUS_TRY(h5_get_text(file, group, attribute, &found));
    const size_t length = strlen(found);
    if (length < bytes)
        memcpy(text, found, length + 1);
    memory_free(found);
    if (length >= bytes)
        return status_fail(STATUS_DATA, "%s: %s @%s: is longer than %zu bytes", path, group,
                           attribute, bytes - 1);
    return STATUS_OK;
}

static Status read_flag(hid_t file, const Field *field, bool *flag) {
    uint64_t count = 0;
    STATUS_TRY(h5_get_count(file, field->group, field->attribute, &count));
    *flag = count != 0;
    return STATUS_OK;
}

static Status read_field(hid_t file, const char *path, const Field *field, void *value) {
    switch (field->kind) {
    case FIELD_COUNT:
        return h5_get_count(file, field->group, field->attribute, value);
    case FIELD_REAL:
        return h5_get_real(file, field->group, field->attribute, value);
    case FIELD_FLAG:
        return read_flag(file, field, value);
    case FIELD_TEXT:
        return fields_read_text(file, path, field->group, field->attribute, field->bytes, value);
    }
    return unknown_kind(field);
}

Status fields_read(hid_t file, const char *path, const Fields *fields, uint64_t version,
                   void *record) {
    for (size_t i = 0; i < fields->count; i++) {
        const Field *field = &fields->field[i];
        if (field->since <= version)
            STATUS_TRY(read_field(file, path, field, (char *)record + field->offset));
    }
    return STATUS_OK;
}

void fields_digest(const Fields *fields, uint64_t version, const void *record, Digest *digest) {
    for (size_t i = 0; i < fields->count; i++) {
        const Field *field = &fields->field[i];
        const char *value = (const char *)record + field->offset;
        if (field->since <= version)
            digest_add(digest, value, field->kind == FIELD_TEXT ? strlen(value) + 1 : field->bytes);
    }
}
