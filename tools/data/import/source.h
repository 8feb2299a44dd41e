#ifndef IMPORT_SOURCE_H
#define IMPORT_SOURCE_H

#include "spool.h"
#include "vit/file.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is imported, as a list of files: those of a folder and all below it, or of an archive (tar,
 * plain or with gzip, xz, bzip2 or zstd; zip, which .npz is). A folder and an archive of it are the
 * same.
 *
 * An archive is read once, into a spool, and never unpacked: its members' names are names, not
 * places on a disk. Symbolic links in a folder are followed, but in no circle. Left out is whatever
 * has a name that begins with '.', or is __MACOSX, and all below it. */

typedef struct SourceFile {
    char *path;           /* below the source, '/' between names, without .gz; owned */
    size_t bytes;         /* as it is stored */
    uint64_t at;          /* where it begins in the spool, if it is there */
    bool spooled, packed; /* packed: gzip, and still so */
    char *same_as;        /* NULL in a list that is finished */
} SourceFile;

typedef struct SourceMap {
    void *address;
    size_t bytes;
} SourceMap;

typedef struct Source {
    char path[FILE_PATH_MAX], /* as it is given; of a file given by itself its folder; "": the
                               * files' paths are below nothing */
        out[FILE_PATH_MAX];   /* beside which a spool is made */
    const char *chosen;       /* the file that is given by itself, within path, or NULL */
    size_t count, room;
    SourceFile *file; /* [count], by the bytes of their paths */
    size_t folders, folder_room;
    char **folder; /* [folders], alike: all that are there, empty ones too */
    size_t others; /* what is neither file nor folder: left out */
    size_t lost;   /* what a folder lists and the system does not find: named, and left out */
    Spool spool;
    size_t maps, map_room;
    SourceMap *map;
} Source;

/* Lists what is at path. A file whose name ends with .npy or -ubyte[.gz] stands for itself, and for
 * the files beside it that belong to it: all of its folder are listed. What has to be unpacked goes
 * into a spool beside the file `out`; no more than 100 times the archive's bytes and 1 GiB.
 * source_free whatever the outcome. STATUS_IO: cannot be opened, read or spooled; STATUS_DATA: a
 * damaged archive, one that unpacks to more, a member whose name begins with '/' or has '..' in it,
 * or a name that occurs twice. */
Status source_open(Source *source, const char *path, const char *out);
void source_free(Source *source);

/* The file of that name, in whatever folder; *file is NULL when there is none. STATUS_DATA: there
 * are several. */
Status source_find(const Source *source, const char *name, const SourceFile **file);
/* Whether there is one, or several. */
bool source_has(const Source *source, const char *name);
/* The file of that path; NULL when there is none. */
const SourceFile *source_at(const Source *source, const char *path);

/* The part of a path behind its folders. */
const char *source_base(const char *path);

/* What a message calls a file (NULL: the source itself): the path as a user would write it. Returns
 * text. */
enum { SOURCE_NAME_TEXT = 3 * FILE_PATH_MAX };
const char *source_name(const Source *source, const SourceFile *file,
                        char text[static SOURCE_NAME_TEXT]);

/* The bytes of a file, for any number of threads at once: *bytes, with room for *room, grows when
 * it must; memory_free. The file must not be packed. STATUS_DATA: more than SOURCE_READ_MAX bytes;
 * STATUS_IO; STATUS_INTERNAL: out of memory. */
#define SOURCE_READ_MAX ((size_t)256 << 20)
Status source_read(const Source *source, const SourceFile *file, uint8_t **bytes, size_t *room,
                   size_t *count);

/* The bytes of a file of any size, unpacked, as memory that the system reads from the disk when
 * they are needed, and forgets when it needs room. Valid until source_free, as long as nobody makes
 * the file shorter. One thread at a time. Errors as of source_open. */
Status source_map(Source *source, const SourceFile *file, const uint8_t **bytes, size_t *count);

#endif
