#ifndef VIT_PATH_NAME_H
#define VIT_PATH_NAME_H

#include <stddef.h>

/* What messages call a path that says nothing to people: one that leads through a descriptor, such
 * as /proc/self/fd/7. Statuses and the log apply it to all that they are given. One path in a
 * process; any thread may call these. */

/* From now on `path`, and whatever is below it, is called by `name`; "" for path: nothing is. Texts
 * that were made before keep what they say. */
void path_name_set(const char *path, const char *name);

/* Puts the name wherever the path stands in text, an array of so many bytes; what does not fit is
 * cut off. */
void path_name_apply(char *text, size_t bytes);

#endif
