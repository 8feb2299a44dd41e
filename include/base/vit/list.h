#ifndef VIT_LIST_H
#define VIT_LIST_H

#include <stdbool.h>
#include <string.h>

/* Whether a list "a,b,c" has a word. Local. */
static inline bool list_has(const char *list, const char *word) {
    const size_t length = strlen(word);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
    return false;
}

#endif
