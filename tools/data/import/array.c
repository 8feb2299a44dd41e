#include "array.h"

#include "bytes.h"
#include <stdio.h>
#include <string.h>

typedef struct TypeRow {
    const char *name;
    uint8_t kind; /* NumPy's letter */
    uint8_t bytes;
} TypeRow;

static const TypeRow types[] = {
    [ARRAY_BOOL] = {"bool", 'b', 1},   [ARRAY_U8] = {"uint8", 'u', 1},
    [ARRAY_I8] = {"int8", 'i', 1},     [ARRAY_U16] = {"uint16", 'u', 2},
    [ARRAY_I16] = {"int16", 'i', 2},   [ARRAY_U32] = {"uint32", 'u', 4},
    [ARRAY_I32] = {"int32", 'i', 4},   [ARRAY_U64] = {"uint64", 'u', 8},
    [ARRAY_I64] = {"int64", 'i', 8},   [ARRAY_F32] = {"float32", 'f', 4},
    [ARRAY_F64] = {"float64", 'f', 8},
};
enum { TYPES = sizeof types / sizeof *types };

size_t array_type_bytes(ArrayType type) {
    return types[type].bytes;
}

const char *array_type_name(ArrayType type) {
    return types[type].name;
}

/* ---- types by NumPy's short names ---- */

/* kind and bytes, of bytes one digit. */
static bool find_type(const uint8_t *text, size_t length, ArrayType *type) {
    for (size_t i = 0; length == 2 && i < TYPES; i++)
        if (text[0] == types[i].kind && text[1] == '0' + types[i].bytes) {
            *type = (ArrayType)i;
            return true;
        }
    return false;
}

static bool is_order(uint8_t byte) {
    return byte == '<' || byte == '>' || byte == '|';
}

Status array_type_read(const char *name, size_t at, const uint8_t *text, size_t length,
                       ArrayType *type, bool *big_endian) {
    char excerpt[BYTES_EXCERPT];
    const size_t order = length > 0 && is_order(text[0]) ? 1 : 0;
    const uint8_t *rest = text + order;
    *big_endian = order && text[0] == '>';
    if (find_type(rest, length - order, type))
        return STATUS_OK;
    bytes_excerpt(text, length, excerpt);
    if (length > order && *rest == 'O')
        return status_fail(STATUS_DATA,
                           "%s: byte %zu: type '%s' holds Python objects, which would have to be "
                           "executed",
                           name, at, excerpt);
    return status_fail(STATUS_DATA,
                       "%s: byte %zu: elements are of NumPy's type '%s'; bool, integers, float32 "
                       "and float64 can be read",
                       name, at, excerpt);
}

/* ---- views ---- */

const char *array_shape_text(const Array *array, char text[static ARRAY_SHAPE_TEXT]) {
    size_t used = (size_t)snprintf(text, ARRAY_SHAPE_TEXT, "[");
    for (size_t i = 0; i < array->axes; i++)
        used += (size_t)snprintf(text + used, ARRAY_SHAPE_TEXT - used, "%s%zu", i ? ", " : "",
                                 array->shape[i]);
    snprintf(text + used, ARRAY_SHAPE_TEXT - used, "]");
    return text;
}

/* False when a product is too large for size_t. */
static bool measure(const Array *array, size_t *count, size_t *byte_count) {
    *count = 1;
    for (size_t i = 0; i < array->axes; i++)
        if (__builtin_mul_overflow(*count, array->shape[i], count))
            return false;
    return !__builtin_mul_overflow(*count, array_type_bytes(array->type), byte_count);
}

Status array_view(Array *array, const char *name, size_t at, const uint8_t *bytes,
                  size_t byte_count) {
    char shape[ARRAY_SHAPE_TEXT];
    size_t count = 0, wanted = 0;
    if (!measure(array, &count, &wanted))
        return status_fail(STATUS_DATA, "%s: byte %zu: %s of %s is more than can be counted", name,
                           at, array_shape_text(array, shape), array_type_name(array->type));
    if (wanted != byte_count)
        return status_fail(STATUS_DATA, "%s: byte %zu: %s of %s has %zu bytes, but %zu are there",
                           name, at, array_shape_text(array, shape), array_type_name(array->type),
                           wanted, byte_count);
    array->count = count;
    array->byte_count = byte_count;
    array->bytes = bytes;
    return STATUS_OK;
}

/* ---- elements ---- */

/* As an unsigned number of the type's width. */
static uint64_t element_bits(const Array *array, size_t index) {
    const size_t width = array_type_bytes(array->type);
    const uint8_t *bytes = array->bytes + index * width;
    return array->big_endian ? bytes_big(bytes, width) : bytes_little(bytes, width);
}

static double real_of_bits(ArrayType type, uint64_t bits) {
    const uint32_t low = (uint32_t)bits;
    double wide;
    float narrow;
    memcpy(&wide, &bits, sizeof wide);
    memcpy(&narrow, &low, sizeof narrow);
    return type == ARRAY_F64 ? wide : narrow;
}

/* False for fractions, infinities, NaN, and what int64_t cannot hold. */
static bool whole_number(double real, int64_t *value) {
    if (!(real >= -0x1p63 && real < 0x1p63))
        return false;
    *value = (int64_t)real;
    return (double)*value == real;
}

bool array_integer(const Array *array, size_t index, int64_t *value) {
    const uint64_t bits = element_bits(array, index);
    switch (types[array->type].kind) {
    case 'f':
        return whole_number(real_of_bits(array->type, bits), value);
    case 'i':
        *value = bytes_signed(bits, array_type_bytes(array->type));
        return true;
    default:
        *value = (int64_t)bits;
        return *value >= 0;
    }
}

double array_real(const Array *array, size_t index) {
    const uint64_t bits = element_bits(array, index);
    switch (types[array->type].kind) {
    case 'f':
        return real_of_bits(array->type, bits);
    case 'i':
        return (double)bytes_signed(bits, array_type_bytes(array->type));
    default:
        return (double)bits;
    }
}
