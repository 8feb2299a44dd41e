#ifndef TOOLS_UNFINISHED_H
#define TOOLS_UNFINISHED_H

#include "vit/status.h"

/* Temporary files of outputs that are being written (see file.h), which a program that is ended
 * before its time does not leave behind. One thread; local. */

enum { UNFINISHED_MOST = 4 };

/* Whether an output may be written: it takes the place of an older file, but not of a folder
 * (STATUS_IO), nor, under its own or its temporary name, of the file that it is made from
 * (STATUS_USAGE; `in` may be NULL). */
Status unfinished_check(const char *in, const char *output);

/* From now on a signal that ends the program removes the temporary file of that output, too. What
 * is ignored stays ignored, as for nohup; a file beyond a limit (ulimit -f) is an error like a full
 * disk. STATUS_IO: the path is too long. At most UNFINISHED_MOST. */
Status unfinished_add(const char *output);

/* Removes those that are there, and forgets all. */
void unfinished_remove(void);
/* They are not this program's. */
void unfinished_forget(void);

#endif
