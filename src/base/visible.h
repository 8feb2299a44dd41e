#ifndef VIT_BASE_VISIBLE_H
#define VIT_BASE_VISIBLE_H

#include <stddef.h>

/* Private to src/base. */

/* A text, which may be anybody's, as a terminal may be given it and a person can see it: what moves
 * the cursor, has no width or looks like a blank is spelled (\r, \x1b, U+00A0), and so is a byte
 * that is not UTF-8 (\xe9). `shown` has room for `bytes` and takes what fits; what is shown already
 * is shown as it is. Local. */
void visible_text(const char *text, char *shown, size_t bytes);

#endif
