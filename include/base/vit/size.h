#ifndef VIT_SIZE_H
#define VIT_SIZE_H

#include <stddef.h>

/* Arithmetic of counts. */

static inline size_t size_smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static inline size_t size_larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* How many groups of `size` things hold `count` of them; the last one may have fewer. */
static inline size_t size_groups(size_t count, size_t size) {
    return (count + size - 1) / size;
}

/* The least multiple of `multiple` that is not below value. */
static inline size_t size_round_up(size_t value, size_t multiple) {
    return size_groups(value, multiple) * multiple;
}

#endif
