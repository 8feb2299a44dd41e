#ifndef IMPORT_SOURCE_LIST_H
#define IMPORT_SOURCE_LIST_H

#include "source.h"

/* How a source's list comes about. All local. */

/* Whether nothing below a folder or file of this name is wanted. */
bool source_list_skips(const char *name, size_t length);

/* Adds a file, whose path has .gz in its end if it is packed so (but for .tar.gz), or a folder.
 * Copies the path, and same_as: that of the file whose bytes it has, if they are not its own.
 * STATUS_INTERNAL: out of memory. */
Status source_list_add(Source *source, const SourceFile *file);
Status source_list_add_folder(Source *source, const char *path);

/* Once all are there: sorts, and leaves out what is there packed and not packed as well.
 * STATUS_DATA: a path that occurs twice, or a file that is the same as one that is not there. */
Status source_list_finish(Source *source);

/* The file of that path in a list that is finished; NULL when there is none. */
SourceFile *source_list_find(const Source *source, const char *path);

#endif
