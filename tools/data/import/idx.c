#include "idx.h"

#include "bytes.h"

enum { PREFIX = 4, SIZE_BYTES = 4 };

static bool find_type(uint8_t code, ArrayType *type) {
    static const struct {
        uint8_t code;
        ArrayType type;
    } rows[] = {{8, ARRAY_U8},   {9, ARRAY_I8},   {11, ARRAY_I16},
                {12, ARRAY_I32}, {13, ARRAY_F32}, {14, ARRAY_F64}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].code == code) {
            *type = rows[i].type;
            return true;
        }
    return false;
}

static Status read_prefix(const char *name, const uint8_t *bytes, size_t count, Array *array) {
    if (count < PREFIX || bytes[0] || bytes[1])
        return status_fail(STATUS_DATA, "%s: byte 0: two zero bytes begin an idx file, not this",
                           name);
    *array = (Array){.big_endian = true, .axes = bytes[3]};
    if (!find_type(bytes[2], &array->type))
        return status_fail(STATUS_DATA,
                           "%s: byte 2: type %u is none of idx's, which are 8, 9, 11, 12, 13, 14",
                           name, bytes[2]);
    if (array->axes == 0 || array->axes > ARRAY_AXES_MAX)
        return status_fail(STATUS_DATA, "%s: byte 3: %zu axes; 1 to %d can be read", name,
                           array->axes, ARRAY_AXES_MAX);
    return STATUS_OK;
}

Status idx_read(const char *name, const uint8_t *bytes, size_t count, Array *array) {
    STATUS_TRY(read_prefix(name, bytes, count, array));
    const size_t header = PREFIX + array->axes * SIZE_BYTES;
    if (count < header)
        return status_fail(STATUS_DATA,
                           "%s: byte %d: the sizes of %zu axes end at byte %zu, the "
                           "file at byte %zu",
                           name, PREFIX, array->axes, header, count);
    for (size_t i = 0; i < array->axes; i++)
        array->shape[i] = (size_t)bytes_big(bytes + PREFIX + i * SIZE_BYTES, SIZE_BYTES);
    return array_view(array, name, header, bytes + header, count - header);
}
