#ifndef IMPORT_SOURCE_ARCHIVE_H
#define IMPORT_SOURCE_ARCHIVE_H

#include "source.h"

/* Reads the archive at source->path into the spool, which is open, and lists its members. Errors as
 * of source_open. Local. */
Status source_archive_list(Source *source);

/* Appends to the spool what these bytes, a gzip file that messages call `name`, hold, or the bytes
 * if they are none. STATUS_DATA: damaged, or more than 100 times as many and 1 GiB; STATUS_IO;
 * STATUS_INTERNAL: out of memory. Local. */
Status source_archive_unpack(Spool *spool, const char *name, const uint8_t *bytes, size_t count);

#endif
