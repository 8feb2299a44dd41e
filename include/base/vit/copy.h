#ifndef VIT_COPY_H
#define VIT_COPY_H

#include "vit/memory.h"
#include "vit/shares.h"
#include <omp.h>
#include <string.h>

/* Copies floats with all threads: one alone does not use a processor's bandwidth, and the first
 * touch of fresh pages costs more than the copy. */
static inline void copy_floats(float *to, const float *from, size_t count) {
#pragma omp parallel
    {
        size_t first, end;
        shares_equal(count, MEMORY_LINE_FLOATS, (size_t)omp_get_thread_num(),
                     (size_t)omp_get_num_threads(), &first, &end);
        memcpy(to + first, from + first, (end - first) * sizeof *to);
    }
}

#endif
