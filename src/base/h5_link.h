#ifndef VIT_BASE_H5_LINK_H
#define VIT_BASE_H5_LINK_H

#include "h5_file.h"

/* Links in HDF5 files, and the files that links and virtual datasets name. Private to src/base. All
 * local. */

/* What a symbolic or external link says. */
typedef struct H5Link {
    char *value;        /* memory_free; NULL: it is a link of another kind, and says nothing */
    const char *file;   /* NULL: its own */
    const char *object; /* in that file */
} H5Link;

/* Reads the link at a path. */
Status h5_link_read(hid_t file, const char *path, H5Link *link);

/* As h5_fail_call with STATUS_DATA, for a path that may lead into other files: what HDF5 forgets of
 * why it cannot open these is asked for again. */
Status h5_link_fail_call(hid_t file, const char *name, const char *what);

/* Whether the path ends before its end in a link to what is not there; the path of the link. */
bool h5_link_is_broken(hid_t file, const char *name, char link[static FILE_PATH_MAX]);

/* Opens for reading what a file, opened as `from`, calls `path`. HDF5 looks for it beside `from`,
 * then from the current folder, then beside what a symbolic link `from` leads to, and passes over
 * what is no HDF5 file; *file is negative when none of them is one. STATUS_IO: one of them cannot
 * be looked for, opened or read, and HDF5 might have passed over it. */
Status h5_link_open(const char *from, const char *path, hid_t *file);

#endif
