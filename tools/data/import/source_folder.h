#ifndef IMPORT_SOURCE_FOLDER_H
#define IMPORT_SOURCE_FOLDER_H

#include "source.h"

/* Lists the files of the folder at source->path, and if `deep` of all below it. STATUS_IO: a folder
 * that cannot be read, a path that is too long. What a link does not lead to is named in a warning.
 * Local. */
Status source_folder_list(Source *source, bool deep);

#endif
