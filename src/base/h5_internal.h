#ifndef VIT_BASE_H5_INTERNAL_H
#define VIT_BASE_H5_INTERNAL_H

#include "vit/h5.h"

/* What h5.c (files, groups, datasets) and h5_attribute.c (attributes, types of strings) share. */

/* For a failed HDF5 call: the message names file and object and gives the innermost reason. Call it
 * before any other HDF5 function: each clears the error stack. */
Status h5_fail_call(hid_t file, Status code, const char *name, const char *what);

/* STATUS_DATA, for a file whose content is not what it should be. */
Status h5_fail_content(hid_t file, const char *name, const char *what);

/* Whether values of the stored type are exactly those of the memory type, but for their byte order.
 * False for a negative stored type. */
bool h5_same_type(hid_t stored, hid_t memory_type);

/* Zero-terminated UTF-8 strings in width bytes. Negative on error; H5Tclose. */
hid_t h5_string_type(size_t width);

/* Bytes for a string of a stored type with its terminating zero; 0 when it is no fixed-length
 * string or negative. */
size_t h5_string_width(hid_t stored);

/* The type in memory for strings of a stored type: HDF5 converts within one character set only.
 * Negative on error; H5Tclose. */
hid_t h5_string_memory_type(hid_t stored, size_t width);

#endif
