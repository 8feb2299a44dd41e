#ifndef VIT_BASE_H5_FILE_H
#define VIT_BASE_H5_FILE_H

#include "vit/file.h"
#include "vit/h5.h"

/* HDF5 files as h5.h has them: opening, closing, groups, and what datasets (h5.c) and attributes
 * (h5_attribute.c) both need of messages and types. Private to src/base. All local. */

/* The path that the file was opened by, for messages. */
void h5_file_name(hid_t file, char path[static FILE_PATH_MAX]);

/* For a failed HDF5 call: the message names file and object and gives the innermost reason. Call it
 * before any other HDF5 function: each clears the error stack. */
Status h5_fail_call(hid_t file, Status code, const char *name, const char *what);

/* STATUS_DATA, for a file whose content is not what it should be. */
Status h5_fail_content(hid_t file, const char *name, const char *what);

/* Makes the groups of which name[0..end) is the path, where they are missing. */
Status h5_make_groups(hid_t file, const char *name, size_t end);

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
