#ifndef TOOLS_SOURCE_H
#define TOOLS_SOURCE_H

#include "vit/file.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Files read whole into memory from a folder or an archive. */

enum { SOURCE_FILES_MAX = 64, SOURCE_NAME_MAX = 64 };

typedef struct SourceFile {
    char name[SOURCE_NAME_MAX]; /* without folders */
    char path[FILE_PATH_MAX];   /* for messages */
    uint8_t *bytes;
    size_t count;
} SourceFile;

typedef struct Source {
    size_t count;
    SourceFile file[SOURCE_FILES_MAX];
} Source;

/* Reads all files whose names are wanted: of the folder at path, or when it has none of its
 * sub-folders; or of a tar archive, compressed or not, in any folder of it. Needs source_free also
 * after an error. STATUS_IO: cannot be opened or read; STATUS_DATA: a damaged archive, or a name
 * that occurs twice. */
Status source_read(const char *path, bool (*wanted)(const char *name), Source *source);

/* NULL when there is none of that name. */
const SourceFile *source_find(const Source *source, const char *name);

void source_free(Source *source);

#endif
