#ifndef VIT_TEST_ENCODED_H
#define VIT_TEST_ENCODED_H

/* Encoded pictures in a reference file. */

#include "reference.h"
#include <stdlib.h>

typedef struct Bytes {
    size_t count;
    uint8_t *byte; /* of exactly this size, so that a sanitizer sees a step beyond the end */
} Bytes;

static inline Bytes bytes_of(size_t count, const void *content) {
    Bytes bytes = {count, malloc(count ? count : 1)};
    assert_non_null(bytes.byte);
    if (content)
        memcpy(bytes.byte, content, count);
    return bytes;
}

static inline Bytes file_number(size_t number) {
    char name[64];
    size_t rank, shape[4];
    snprintf(name, sizeof name, "/file/%zu", number);
    assert_ok(h5_shape(reference_file, name, &rank, shape));
    assert_int_equal(rank, 1);
    Bytes file = bytes_of(shape[0], NULL);
    assert_ok(h5_read(reference_file, name, H5T_NATIVE_UINT8, rank, shape, file.byte));
    return file;
}

/* The name of a file, memory_free. */
static inline char *name_of(size_t number) {
    char object[64], *name;
    snprintf(object, sizeof object, "/file/%zu", number);
    assert_ok(h5_get_text(reference_file, object, "name", &name));
    return name;
}

#endif
