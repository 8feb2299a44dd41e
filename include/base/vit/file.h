#ifndef VIT_FILE_H
#define VIT_FILE_H

#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>

/* Files that are replaced as a whole: write to file_temporary's name, close, file_commit. A reader
 * sees the old content or the new one, never a part. All local; errors are STATUS_IO, naming the
 * file and the system's reason. */

#define FILE_PATH_MAX 1024

/* The name beside path under which its next content is written: "<path>.tmp". */
Status file_temporary(const char *path, char temporary[static FILE_PATH_MAX]);

/* Syncs the closed file `temporary` to disk, renames it to path and syncs the folder. On error
 * `temporary` is removed and the old file at path untouched (unless only the folder's sync failed:
 * then the new one is there, but may not survive a power cut). */
Status file_commit(const char *temporary, const char *path);

/* Writes what is in `from` to `to`, over what is there, and syncs it to disk; a new file is for no
 * other users than `from` is. On error `to` is removed. */
Status file_copy(const char *from, const char *to);

bool file_exists(const char *path);
/* The same where "no" must be sure: what cannot be looked for, a stale handle, a folder that may
 * not be entered, a symbolic link whose target is not there now, is STATUS_IO and not missing. */
Status file_find(const char *path, bool *found);

/* Makes the folder and its missing parents. */
Status file_make_folder(const char *path);

/* The base name of path without its last extension ("jobs/a.b.ini" -> "a.b"). */
void file_stem(const char *path, char *stem, size_t bytes);

#endif
