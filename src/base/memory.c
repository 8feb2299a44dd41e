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

/* Returns how many bytes at the beginning are not yet known to be zero. Linux forgets the pages and
 * gives zeros when they are first touched, by whatever thread uses them, on its own memory node. */
static size_t prepare_large(void *array, size_t bytes) {
#if defined(MADV_HUGEPAGE)
    madvise(array, bytes, MADV_HUGEPAGE);
#endif
#if defined(__linux__)
    const size_t whole = bytes / HUGE_PAGE * HUGE_PAGE;
    if (madvise(array, whole, MADV_DONTNEED) == 0) {
        memset((char *)array + whole, 0, bytes - whole);
        return 0;
    }
#endif
    return bytes;
}

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
    memset(*result, 0, large ? prepare_large(*result, bytes) : bytes);
    return STATUS_OK;
}

void memory_free(void *array) {
    free(array);
}
