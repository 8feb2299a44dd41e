#ifndef IMPORT_ARRAY_H
#define IMPORT_ARRAY_H

#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Arrays of numbers as .npy, idx and pickle files hold them: what the readers of these formats have
 * in common. Everything here is local. */

enum { ARRAY_AXES_MAX = 8, ARRAY_SHAPE_TEXT = 256 };

typedef enum ArrayType {
    ARRAY_BOOL,
    ARRAY_U8,
    ARRAY_I8,
    ARRAY_U16,
    ARRAY_I16,
    ARRAY_U32,
    ARRAY_I32,
    ARRAY_U64,
    ARRAY_I64,
    ARRAY_F32,
    ARRAY_F64
} ArrayType;

/* A view into bytes that belong to someone else. The last axis varies fastest. */
typedef struct Array {
    ArrayType type;
    bool big_endian;
    size_t axes, shape[ARRAY_AXES_MAX]; /* no axes: one element */
    size_t count, byte_count;           /* elements; all of them in bytes */
    const uint8_t *bytes;
} Array;

size_t array_type_bytes(ArrayType type);
/* NumPy's: "uint8", "float64". */
const char *array_type_name(ArrayType type);

/* Reads NumPy's short name of a type: an order ('<', '>' or '|', little-endian where there is
 * none), a kind, and bytes, as in "<i4". STATUS_DATA, naming `name` and the position `at`: types
 * that ArrayType does not have, Python objects above all. */
Status array_type_read(const char *name, size_t at, const uint8_t *text, size_t length,
                       ArrayType *type, bool *big_endian);

/* Completes an array that has type, big_endian, axes and shape: these bytes are its elements.
 * STATUS_DATA, naming `name` and the position `at`, when they are fewer or more than the shape
 * says, or when that overflows. */
Status array_view(Array *array, const char *name, size_t at, const uint8_t *bytes,
                  size_t byte_count);

/* Element `index` (below count) of any type; false when it is no whole number or outside of
 * int64_t. */
bool array_integer(const Array *array, size_t index, int64_t *value);

/* Element `index` (below count) of any type. */
double array_real(const Array *array, size_t index);

/* "[3, 32, 32]", for messages; returns text. */
const char *array_shape_text(const Array *array, char text[static ARRAY_SHAPE_TEXT]);

#endif
