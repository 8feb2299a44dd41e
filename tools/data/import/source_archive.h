#ifndef IMPORT_SOURCE_ARCHIVE_H
#define IMPORT_SOURCE_ARCHIVE_H

#include "source.h"

/* Reads the archive at source->path into the spool, which is open, and lists its members. Errors as
 * of source_open. Local. */
Status source_archive_list(Source *source);

/* Appends to the spool what these bytes, a gzip file that messages call `name`, hold. STATUS_DATA:
 * damaged, or more than 100 times as many and 1 GiB; STATUS_IO. Local. */
Status source_archive_unpack(Spool *spool, const char *name, const void *bytes, size_t count);

#endif
