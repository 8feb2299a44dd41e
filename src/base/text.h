#ifndef VIT_BASE_TEXT_H
#define VIT_BASE_TEXT_H

#include <stdio.h>
#include <string.h>

/* Private to src/base. */

/* Appends to the string at text, which has room for `bytes`, what fits of `more`. */
static inline void text_append(char *text, size_t bytes, const char *more) {
    const size_t used = strlen(text);
    snprintf(text + used, bytes - used, "%s", more);
}

#endif
