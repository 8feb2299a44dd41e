#ifndef IMPORT_GROW_H
#define IMPORT_GROW_H

#include "vit/memory.h"
#include "vit/size.h"
#include <string.h>

/* Makes room for one element more behind the `count` of size bytes at *array, which has room for
 * *room and is moved when it must be. STATUS_INTERNAL, naming `what`: out of memory; the array is
 * as it was. Local. */
static inline Status grow_array(void *array, size_t *room, size_t count, size_t size,
                                const char *what) {
    void *old, *new;
    if (count < *room)
        return STATUS_OK;
    const size_t more = size_larger(2 * *room, 16);
    memcpy(&old, array, sizeof old);
    STATUS_TRY(memory_allocate(&new, more, size, what));
    if (count)
        memcpy(new, old, count * size);
    memory_free(old);
    memcpy(array, &new, sizeof new);
    *room = more;
    return STATUS_OK;
}

#endif
