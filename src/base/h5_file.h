#ifndef VIT_BASE_H5_FILE_H
#define VIT_BASE_H5_FILE_H

#include "vit/file.h"
#include "vit/h5.h"

/* HDF5 files as h5.h has them: opening, closing, groups, and what datasets (h5.c) and attributes
 * (h5_attribute.c) both need of messages and types. Private to src/base. All local. */

/* The path that the file was opened by, for messages. */
void h5_file_name(hid_t file, char path[static FILE_PATH_MAX]);

/* Why the latest HDF5 call failed. Before any other HDF5 function: each clears the error stack. */
typedef struct H5Reason {
    bool system;    /* the system refused something, and text is what it said; */
    bool memory;    /* there was no memory; */
    char text[160]; /* in this and all other cases the innermost error */
} H5Reason;
H5Reason h5_reason(void);

/* For a failed HDF5 call: the message names file and object and gives the reason. Where the system
 * refused something the code is STATUS_IO, without memory STATUS_INTERNAL: nothing is known then of
 * what the file holds. Before any other HDF5 function. */
Status h5_fail_call(hid_t file, Status code, const char *name, const char *what);
/* The same at any time, for a reason that was asked for then. */
Status h5_fail_reason(hid_t file, Status code, const char *name, const char *what,
                      const H5Reason *reason);

/* STATUS_DATA, for a file whose content is not what it should be. */
Status h5_fail_content(hid_t file, const char *name, const char *what);

/* Copies the part of name that ends before the separator at or after `from`; returns where that is.
 */
size_t h5_prefix(const char *name, size_t from, char prefix[static FILE_PATH_MAX]);

/* Makes the groups of which name[0..end) is the path, where they are missing. */
Status h5_make_groups(hid_t file, const char *name, size_t end);

#endif
