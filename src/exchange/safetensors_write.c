#include "vit/safetensors.h"

#include "little_endian.h"
#include "vit/file.h"
#include "vit/memory.h"
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_BYTES = 4, LENGTH_BYTES = 8 };

static uint64_t bytes_of(const SafetensorsSource *source) {
    uint64_t bytes = VALUE_BYTES;
    for (size_t i = 0; i < source->axes; i++)
        bytes *= source->shape[i];
    return bytes;
}

static int by_name(const void *a, const void *b) {
    const SafetensorsSource *first = a, *second = b;
    return strcmp(first->name, second->name);
}

/* ---- the header ---- */

static int add_note(json_t *header, const SafetensorsNote *note, size_t notes) {
    int failed = 0;
    json_t *texts = json_object();
    for (size_t i = 0; i < notes; i++)
        failed |= json_object_set_new(texts, note[i].key, json_string(note[i].text));
    return failed | json_object_set_new(header, "__metadata__", texts);
}

static int add_tensor(json_t *header, const SafetensorsSource *source, uint64_t begin) {
    const uint64_t end = begin + bytes_of(source);
    json_t *shape = json_array();
    int failed = 0;
    for (size_t i = 0; i < source->axes; i++)
        failed |= json_array_append_new(shape, json_integer((json_int_t)source->shape[i]));
    json_t *entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape,
                              "data_offsets", (json_int_t)begin, (json_int_t)end);
    return failed | json_object_set_new(header, source->name, entry);
}

/* A text for free; NULL: out of memory, or a text is no UTF-8. */
static char *header_text(const SafetensorsSource *sorted, size_t count, const SafetensorsNote *note,
                         size_t notes) {
    json_t *header = json_object();
    uint64_t at = 0;
    int failed = notes ? add_note(header, note, notes) : 0;
    for (size_t i = 0; i < count; at += bytes_of(&sorted[i]), i++)
        failed |= add_tensor(header, &sorted[i], at);
    char *text = failed ? NULL : json_dumps(header, JSON_COMPACT);
    json_decref(header);
    return text;
}

/* ---- the file ---- */

/* The header's length is a multiple of eight, by blanks behind it. */
static bool put_header(FILE *stream, const char *text) {
    uint8_t stored[LENGTH_BYTES];
    const size_t length = strlen(text),
                 blanks = (LENGTH_BYTES - length % LENGTH_BYTES) % LENGTH_BYTES;
    little_endian_put(length + blanks, stored, sizeof stored);
    return fwrite(stored, sizeof stored, 1, stream) == 1 && fputs(text, stream) >= 0 &&
           fprintf(stream, "%*s", (int)blanks, "") >= 0;
}

static bool put_values(FILE *stream, const SafetensorsSource *source) {
    enum { BLOCK = 4096 };
    uint8_t bytes[BLOCK * VALUE_BYTES];
    const uint64_t count = bytes_of(source) / VALUE_BYTES;
    for (uint64_t first = 0; first < count; first += BLOCK) {
        const size_t some = count - first < BLOCK ? (size_t)(count - first) : BLOCK;
        for (size_t i = 0; i < some; i++) {
            uint32_t bits;
            memcpy(&bits, &source->values[first + i], sizeof bits);
            little_endian_put(bits, &bytes[VALUE_BYTES * i], VALUE_BYTES);
        }
        if (fwrite(bytes, VALUE_BYTES, some, stream) != some)
            return false;
    }
    return true;
}

static Status fail_write(const char *path, int error) {
    return status_fail(STATUS_IO, "%s: cannot be written: %s", path, strerror(error));
}

static Status write_file(const char *path, const char *header, const SafetensorsSource *sorted,
                         size_t count) {
    char temporary[FILE_PATH_MAX];
    STATUS_TRY(file_temporary(path, temporary));
    FILE *stream = fopen(temporary, "wb");
    if (!stream)
        return fail_write(path, errno);
    bool written = put_header(stream, header);
    for (size_t i = 0; written && i < count; i++)
        written = put_values(stream, &sorted[i]);
    int error = written ? 0 : errno;
    if (fclose(stream) != 0 && !error)
        error = errno;
    if (!error)
        return file_commit(temporary, path);
    remove(temporary);
    return fail_write(path, error);
}

static Status check_names(const char *path, const SafetensorsSource *sorted, size_t count) {
    for (size_t i = 1; i < count; i++)
        if (strcmp(sorted[i - 1].name, sorted[i].name) == 0)
            return status_fail(STATUS_INTERNAL, "%s: two tensors are called '%s'", path,
                               sorted[i].name);
    return STATUS_OK;
}

Status safetensors_write(const char *path, const SafetensorsSource *source, size_t count,
                         const SafetensorsNote *note, size_t notes) {
    SafetensorsSource *sorted;
    STATUS_TRY(memory_allocate(&sorted, count, sizeof *sorted, "tensors"));
    for (size_t i = 0; i < count; i++)
        sorted[i] = source[i];
    qsort(sorted, count, sizeof *sorted, by_name);
    Status status = check_names(path, sorted, count);
    char *header = status == STATUS_OK ? header_text(sorted, count, note, notes) : NULL;
    if (status == STATUS_OK && !header)
        status = status_fail(STATUS_INTERNAL, "%s: its header cannot be made", path);
    if (status == STATUS_OK)
        status = write_file(path, header, sorted, count);
    free(header);
    memory_free(sorted);
    return status;
}
