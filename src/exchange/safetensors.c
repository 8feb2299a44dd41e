#include "vit/safetensors.h"

#include "half.h"
#include "little_endian.h"
#include "safetensors_header.h"
#include "vit/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the format's own reader. */
enum { HEADER_MOST = 100000000, LENGTH_BYTES = 8 };

/* ---- bytes ---- */

static Status read_bytes(const Safetensors *file, uint64_t from, void *to, size_t bytes) {
    for (char *at = to; bytes > 0;) {
        const ssize_t got = pread(file->descriptor, at, bytes, (off_t)from);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return status_fail(STATUS_IO, "%s: cannot be read: %s", file->path,
                               got < 0 ? strerror(errno) : "it has become shorter");
        at += got;
        from += (uint64_t)got;
        bytes -= (size_t)got;
    }
    return STATUS_OK;
}

/* ---- open ---- */

static Status open_file(Safetensors *file, uint64_t *bytes) {
    struct stat about;
    /* A pipe would be waited for. */
    file->descriptor = open(file->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file->descriptor < 0 || fstat(file->descriptor, &about) != 0)
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", file->path, strerror(errno));
    if (!S_ISREG(about.st_mode))
        return status_fail(STATUS_IO, "%s: is no file", file->path);
    *bytes = (uint64_t)about.st_size;
    return STATUS_OK;
}

static Status read_length(const Safetensors *file, uint64_t bytes, uint64_t *length) {
    uint8_t stored[LENGTH_BYTES];
    if (bytes < LENGTH_BYTES)
        return status_fail(STATUS_DATA, "%s: is no safetensors file: it has %llu bytes", file->path,
                           (unsigned long long)bytes);
    STATUS_TRY(read_bytes(file, 0, stored, sizeof stored));
    *length = little_endian_get(stored, sizeof stored);
    if (*length > HEADER_MOST || *length > bytes - LENGTH_BYTES)
        return status_fail(STATUS_DATA,
                           "%s: is no safetensors file, or cut short: its header would have %llu "
                           "bytes, of a file of %llu (allowed: up to %d)",
                           file->path, (unsigned long long)*length, (unsigned long long)bytes,
                           HEADER_MOST);
    return STATUS_OK;
}

static Status read_header(Safetensors *file) {
    uint64_t bytes = 0, length = 0;
    char *text;
    STATUS_TRY(open_file(file, &bytes));
    STATUS_TRY(read_length(file, bytes, &length));
    STATUS_TRY(memory_allocate(&text, length, 1, "a header"));
    file->values = LENGTH_BYTES + length;
    Status status = read_bytes(file, LENGTH_BYTES, text, length);
    if (status == STATUS_OK)
        status = safetensors_header_read(file, text, length, bytes - file->values);
    memory_free(text);
    return status;
}

Status safetensors_open(Safetensors *file, const char *path) {
    *file = (Safetensors){.descriptor = -1};
    STATUS_TRY(memory_allocate(&file->path, strlen(path) + 1, 1, "a path"));
    memcpy(file->path, path, strlen(path) + 1);
    const Status status = read_header(file);
    if (status != STATUS_OK)
        safetensors_close(file);
    return status;
}

void safetensors_close(Safetensors *file) {
    if (file->path && file->descriptor >= 0)
        close(file->descriptor);
    json_decref(file->header);
    memory_free(file->note);
    memory_free(file->tensor);
    memory_free(file->path);
    *file = (Safetensors){.descriptor = -1};
}

const SafetensorsTensor *safetensors_find(const Safetensors *file, const char *name) {
    for (size_t i = 0; i < file->count; i++)
        if (strcmp(file->tensor[i].name, name) == 0)
            return &file->tensor[i];
    return NULL;
}

const char *safetensors_note(const Safetensors *file, const char *key) {
    for (size_t i = 0; i < file->notes; i++)
        if (strcmp(file->note[i].key, key) == 0)
            return file->note[i].text;
    return NULL;
}

/* ---- values ---- */

static float value_of(SafetensorsKind kind, const uint8_t *bytes) {
    switch (kind) {
    case SAFETENSORS_F16:
        return half_from_f16((uint16_t)little_endian_get(bytes, 2));
    case SAFETENSORS_BF16:
        return half_from_bf16((uint16_t)little_endian_get(bytes, 2));
    case SAFETENSORS_F64: {
        const uint64_t bits = little_endian_get(bytes, 8);
        double value;
        memcpy(&value, &bits, sizeof value);
        return (float)value;
    }
    case SAFETENSORS_F32:
    case SAFETENSORS_OTHER:
        break;
    }
    return half_of_bits((uint32_t)little_endian_get(bytes, 4));
}

Status safetensors_read(const Safetensors *file, const SafetensorsTensor *tensor, float *values) {
    enum { BLOCK = 1 << 16 };
    uint8_t bytes[BLOCK] = {0};
    if (tensor->kind == SAFETENSORS_OTHER)
        return status_fail(STATUS_DATA,
                           "%s: tensor '%s': is of dtype %s; F32, F16, BF16 and F64 are read",
                           file->path, tensor->name, tensor->type);
    if (tensor->count == 0)
        return STATUS_OK;
    const size_t width = (size_t)((tensor->end - tensor->begin) / tensor->count);
    uint64_t from = file->values + tensor->begin;
    for (uint64_t left = tensor->count; left > 0;) {
        const size_t count = left < BLOCK / width ? (size_t)left : BLOCK / width;
        STATUS_TRY(read_bytes(file, from, bytes, count * width));
        for (size_t i = 0; i < count; i++)
            *values++ = value_of(tensor->kind, bytes + i * width);
        from += count * width;
        left -= count;
    }
    return STATUS_OK;
}
