#define _GNU_SOURCE /* madvise, posix_memalign */
#include "vit/memory.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Large arrays ask for huge pages: fewer misses in the address cache when the weights pass by, and
 * fewer page faults at the start. */
enum { HUGE_PAGE = 2 << 20 };

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
    const bool large = bytes >= 2 * HUGE_PAGE;
    if (posix_memalign(result, large ? HUGE_PAGE : MEMORY_ALIGNMENT, bytes) != 0)
        return status_fail(STATUS_INTERNAL, "out of memory: %s needs %zu bytes", what, bytes);
#if defined(MADV_HUGEPAGE)
    if (large)
        madvise(*result, bytes, MADV_HUGEPAGE);
#endif
    memset(*result, 0, bytes);
    return STATUS_OK;
}

void memory_free(void *array) {
    free(array);
}
