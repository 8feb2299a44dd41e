#ifndef VIT_BASE_H5_TEXT_H
#define VIT_BASE_H5_TEXT_H

#include "vit/status.h"
#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>

/* Texts of fixed and of variable length, of datasets and attributes. Private to src/base. All
 * local. */

/* Zero-terminated UTF-8 strings in width bytes. Negative on error; H5Tclose. */
hid_t h5_text_type(size_t width);

/* Texts that were read: count of them in width bytes each, zero-padded. memory_free. */
typedef struct H5Texts {
    size_t count, width;
    char *text;
} H5Texts;

/* Reads all values of an open dataset or attribute, whose stored type is given, into new memory.
 * *what: with STATUS_DATA, what is wrong. STATUS_INTERNAL: out of memory. */
typedef herr_t (*H5TextRead)(hid_t object, hid_t memory_type, void *values);
Status h5_text_read(hid_t object, hid_t stored, hid_t space, size_t count, H5TextRead read,
                    H5Texts *texts, const char **what);

#endif
