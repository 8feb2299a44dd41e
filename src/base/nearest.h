#ifndef VIT_BASE_NEAREST_H
#define VIT_BASE_NEAREST_H

#include <stddef.h>

/* The known name that a person may have meant. Private to src/base. Local. */

typedef struct Nearest {
    const char *wanted;
    const char *name; /* the nearest of those offered, NULL when none is near */
    size_t distance;  /* that a name must stay below to be taken */
} Nearest;

Nearest nearest_to(const char *wanted);
/* The first of several equally near ones is kept. */
void nearest_offer(Nearest *nearest, const char *known);

#endif
