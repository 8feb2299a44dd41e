#include "vit/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

Status memory_allocate(void *array, size_t count, size_t size, const char *what) {
    void **result = array;
    *result = NULL;
    size_t bytes = 0;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - MEMORY_ALIGNMENT)
        return status_fail(STATUS_INTERNAL, "out of memory: %s needs more bytes than there are",
                           what);
    bytes = (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
    if (bytes == 0)
        bytes = MEMORY_ALIGNMENT;
    *result = aligned_alloc(MEMORY_ALIGNMENT, bytes);
    if (!*result)
        return status_fail(STATUS_INTERNAL, "out of memory: %s needs %zu bytes", what, bytes);
    memset(*result, 0, bytes);
    return STATUS_OK;
}

void memory_free(void *array) {
    free(array);
}
