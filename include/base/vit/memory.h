#ifndef VIT_MEMORY_H
#define VIT_MEMORY_H

#include "vit/status.h"
#include <stddef.h>

/* Every array starts on a cache line, which is also the widest vector. */
#define MEMORY_ALIGNMENT 64
/* So many floats are one: what is divided between threads or ranks is divided at multiples of it.
 */
#define MEMORY_LINE_FLOATS (MEMORY_ALIGNMENT / sizeof(float))

/* Allocates count elements of size bytes, zeroed, aligned to MEMORY_ALIGNMENT; count may be 0. Sets
 * *array, which the caller releases with memory_free. On error (STATUS_INTERNAL, naming `what` and
 * the bytes) *array is NULL. Local. */
Status memory_allocate(void *array, size_t count, size_t size, const char *what);

/* Accepts NULL. */
void memory_free(void *array);

#endif
