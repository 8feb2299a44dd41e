#include "safetensors_header.h"

#include "vit/memory.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Of the schema: offsets are at most 2^48 - 1. */
static const json_int_t offset_most = ((json_int_t)1 << 48) - 1;

static const struct {
    const char *name;
    unsigned bits;
    SafetensorsKind kind;
} types[] = {
    {"F32", 32, SAFETENSORS_F32},          {"F16", 16, SAFETENSORS_F16},
    {"BF16", 16, SAFETENSORS_BF16},        {"F64", 64, SAFETENSORS_F64},
    {"BOOL", 8, SAFETENSORS_OTHER},        {"F4", 4, SAFETENSORS_OTHER},
    {"F6_E2M3", 6, SAFETENSORS_OTHER},     {"F6_E3M2", 6, SAFETENSORS_OTHER},
    {"U8", 8, SAFETENSORS_OTHER},          {"I8", 8, SAFETENSORS_OTHER},
    {"F8_E5M2", 8, SAFETENSORS_OTHER},     {"F8_E4M3", 8, SAFETENSORS_OTHER},
    {"F8_E8M0", 8, SAFETENSORS_OTHER},     {"F8_E4M3FNUZ", 8, SAFETENSORS_OTHER},
    {"F8_E5M2FNUZ", 8, SAFETENSORS_OTHER}, {"I16", 16, SAFETENSORS_OTHER},
    {"U16", 16, SAFETENSORS_OTHER},        {"I32", 32, SAFETENSORS_OTHER},
    {"U32", 32, SAFETENSORS_OTHER},        {"C64", 64, SAFETENSORS_OTHER},
    {"I64", 64, SAFETENSORS_OTHER},        {"U64", 64, SAFETENSORS_OTHER},
};
enum { TYPES = sizeof types / sizeof types[0] };

static size_t find_type(const char *name) {
    size_t i = 0;
    while (i < TYPES && strcmp(types[i].name, name) != 0)
        i++;
    return i;
}

uint64_t safetensors_header_bytes(const char *type, uint64_t count) {
    const size_t i = find_type(type);
    uint64_t bits;
    if (i == TYPES || __builtin_mul_overflow(count, types[i].bits, &bits) || bits % 8 != 0)
        return 0;
    return bits / 8;
}

/* ---- a tensor ---- */

static Status fail_tensor(const Safetensors *file, const SafetensorsTensor *tensor,
                          const char *what) {
    return status_fail(STATUS_DATA, "%s: tensor '%s': %s", file->path, tensor->name, what);
}

static Status read_type(const Safetensors *file, const json_t *value, SafetensorsTensor *tensor) {
    if (!json_is_string(value))
        return fail_tensor(file, tensor, "has no dtype");
    tensor->type = json_string_value(value);
    const size_t i = find_type(tensor->type);
    if (i == TYPES)
        return status_fail(STATUS_DATA, "%s: tensor '%s': the format has no dtype '%s'", file->path,
                           tensor->name, tensor->type);
    tensor->kind = types[i].kind;
    return STATUS_OK;
}

static Status read_shape(const Safetensors *file, const json_t *value, SafetensorsTensor *tensor) {
    if (!json_is_array(value))
        return fail_tensor(file, tensor, "has no shape");
    tensor->axes = json_array_size(value);
    if (tensor->axes > SAFETENSORS_AXES_MOST)
        return status_fail(STATUS_DATA, "%s: tensor '%s': has %zu axes (at most %d are read)",
                           file->path, tensor->name, tensor->axes, SAFETENSORS_AXES_MOST);
    tensor->count = 1;
    for (size_t i = 0; i < tensor->axes; i++) {
        const json_t *length = json_array_get(value, i);
        if (!json_is_integer(length) || json_integer_value(length) < 0)
            return fail_tensor(file, tensor, "its shape must be whole numbers, none negative");
        tensor->shape[i] = (uint64_t)json_integer_value(length);
        if (__builtin_mul_overflow(tensor->count, tensor->shape[i], &tensor->count))
            return fail_tensor(file, tensor, "its shape has more values than can be counted");
    }
    return STATUS_OK;
}

static bool read_offset(const json_t *value, uint64_t *offset) {
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > offset_most)
        return false;
    *offset = (uint64_t)json_integer_value(value);
    return true;
}

static Status read_place(const Safetensors *file, const json_t *value, SafetensorsTensor *tensor) {
    if (!json_is_array(value) || json_array_size(value) != 2 ||
        !read_offset(json_array_get(value, 0), &tensor->begin) ||
        !read_offset(json_array_get(value, 1), &tensor->end) || tensor->begin > tensor->end)
        return fail_tensor(file, tensor,
                           "data_offsets must be two whole numbers, the second not smaller");
    const uint64_t bytes = safetensors_header_bytes(tensor->type, tensor->count);
    if ((bytes == 0 && tensor->count > 0) || bytes != tensor->end - tensor->begin)
        return status_fail(STATUS_DATA, "%s: tensor '%s': has %llu values of %s, but %llu bytes",
                           file->path, tensor->name, (unsigned long long)tensor->count,
                           tensor->type, (unsigned long long)(tensor->end - tensor->begin));
    return STATUS_OK;
}

static Status read_tensor(const Safetensors *file, const char *name, json_t *entry,
                          SafetensorsTensor *tensor) {
    const char *key;
    json_t *value;
    *tensor = (SafetensorsTensor){.name = name};
    if (!json_is_object(entry))
        return fail_tensor(file, tensor, "is no object");
    json_object_foreach(
        entry, key,
        value) if (strcmp(key, "dtype") != 0 && strcmp(key, "shape") != 0 &&
                   strcmp(key, "data_offsets") !=
                       0) return status_fail(STATUS_DATA,
                                             "%s: tensor '%s': has an unknown field '%s'",
                                             file->path, name, key);
    STATUS_TRY(read_type(file, json_object_get(entry, "dtype"), tensor));
    STATUS_TRY(read_shape(file, json_object_get(entry, "shape"), tensor));
    return read_place(file, json_object_get(entry, "data_offsets"), tensor);
}

/* ---- all of them ---- */

static Status read_notes(Safetensors *file, json_t *notes) {
    const char *key;
    json_t *value;
    if (!json_is_object(notes))
        return status_fail(STATUS_DATA, "%s: __metadata__ must be texts by name", file->path);
    STATUS_TRY(
        memory_allocate(&file->note, json_object_size(notes), sizeof *file->note, "metadata"));
    json_object_foreach(notes, key, value) {
        if (!json_is_string(value))
            return status_fail(STATUS_DATA, "%s: __metadata__: '%s' must be a text", file->path,
                               key);
        file->note[file->notes++] = (SafetensorsNote){key, json_string_value(value)};
    }
    return STATUS_OK;
}

static Status read_entry(Safetensors *file, const char *name, json_t *entry) {
    return strcmp(name, "__metadata__") == 0
               ? read_notes(file, entry)
               : read_tensor(file, name, entry, &file->tensor[file->count++]);
}

static Status read_entries(Safetensors *file, json_t *header) {
    const char *name;
    json_t *entry;
    STATUS_TRY(
        memory_allocate(&file->tensor, json_object_size(header), sizeof *file->tensor, "tensors"));
    json_object_foreach(header, name, entry) {
        STATUS_TRY(read_entry(file, name, entry));
    }
    return STATUS_OK;
}

/* Empty ones come before the one that begins at the same place. */
static int by_place(const void *a, const void *b) {
    const SafetensorsTensor *first = a, *second = b;
    if (first->begin != second->begin)
        return first->begin < second->begin ? -1 : 1;
    return first->end == second->end ? 0 : first->end < second->end ? -1 : 1;
}

static Status check_places(const Safetensors *file, uint64_t room) {
    uint64_t at = 0;
    for (size_t i = 0; i < file->count; at = file->tensor[i].end, i++)
        if (file->tensor[i].begin != at)
            return fail_tensor(file, &file->tensor[i],
                               file->tensor[i].begin > at
                                   ? "does not begin where the one before it ends"
                                   : "overlaps the one before it");
    if (at == room)
        return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: has %llu bytes of values, its header tells of %llu",
                       file->path, (unsigned long long)room, (unsigned long long)at);
}

Status safetensors_header_read(Safetensors *file, const char *text, size_t bytes, uint64_t room) {
    json_error_t error;
    if (bytes == 0 || text[0] != '{')
        return status_fail(STATUS_DATA, "%s: its header does not begin with '{'", file->path);
    json_t *header = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    file->header = header;
    if (!header)
        return status_fail(STATUS_DATA, "%s: its header is no valid JSON: %s, at byte %d",
                           file->path, error.text, error.position);
    STATUS_TRY(read_entries(file, header));
    qsort(file->tensor, file->count, sizeof *file->tensor, by_place);
    return check_places(file, room);
}
