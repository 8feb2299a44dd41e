#ifndef TOOLS_UTF8_TEXT_H
#define TOOLS_UTF8_TEXT_H

#include <stddef.h>

/* A text of any encoding as UTF-8: as it is, or, where it is none, its bytes taken for Latin-1. to:
 * room for twice the bytes, and the final zero. Local. */
void utf8_text_put(const char *text, size_t bytes, char *to);

#endif
