#ifndef VIT_PEAK_H
#define VIT_PEAK_H

#include "vit/status.h"
#include <stddef.h>

/* What this processor can do at most, measured on `threads` threads at once, a fraction of a second
 * each. Local; outside parallel regions. */

/* Floating-point operations a second of chains of fp32 multiplications and additions (fused where
 * there are such instructions), by the best kernels. */
double peak_flops(size_t threads);
/* The same, less carefully, in an eighth of a second. */
double peak_flops_quick(size_t threads);

/* Arrays that stay in a core's own cache, and ones far larger than any cache. */
enum { PEAK_CACHE_BYTES = 96 << 10, PEAK_MEMORY_BYTES = 48 << 20 };

/* Bytes a second of y += x (two reads, one write) over arrays of array_bytes, one pair a thread.
 * STATUS_INTERNAL: out of memory. */
Status peak_bandwidth(size_t threads, size_t array_bytes, double *bytes_per_second);

#endif
