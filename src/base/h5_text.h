#ifndef VIT_BASE_H5_TEXT_H
#define VIT_BASE_H5_TEXT_H

#include "h5_file.h"

/* Texts of fixed and of variable length, of datasets and attributes. Private to src/base. All
 * local. */

/* Zero-terminated UTF-8 strings in width bytes. Negative on error; H5Tclose. */
hid_t h5_text_type(size_t width);

/* Texts that were read: count of them in width bytes each, zero-padded. memory_free. */
typedef struct H5Texts {
    size_t count, width;
    char *text;
} H5Texts;

/* An open dataset or attribute: its file and name, for messages; its stored type; its space, with
 * count values; how it is read. */
typedef struct H5TextSource {
    hid_t file;
    const char *name;
    hid_t object, stored, space;
    size_t count;
    herr_t (*read)(hid_t object, hid_t memory_type, void *values);
} H5TextSource;

/* Reads all values into new memory. STATUS_DATA: they are no texts, too long, or damaged;
 * STATUS_IO; STATUS_INTERNAL: out of memory. On error *texts is empty. */
Status h5_text_read(const H5TextSource *source, H5Texts *texts);

#endif
