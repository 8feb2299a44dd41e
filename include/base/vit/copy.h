#ifndef VIT_COPY_H
#define VIT_COPY_H

#include "vit/size.h"
#include <string.h>

/* Copies floats with all threads: one alone does not use a processor's bandwidth, and the first
 * touch of fresh pages costs more than the copy. */
static inline void copy_floats(float *to, const float *from, size_t count) {
    const size_t piece = (size_t)1 << 18;
#pragma omp parallel for schedule(static)
    for (size_t first = 0; first < count; first += piece)
        memcpy(to + first, from + first, size_smaller(count - first, piece) * sizeof *to);
}

#endif
