#ifndef VIT_ARENA_H
#define VIT_ARENA_H

#include "vit/memory.h"
#include "vit/size.h"
#include <stddef.h>

/* Hands out pieces of one allocation, each starting on a cache line. With base NULL it only counts.
 */
typedef struct Arena {
    float *base;
    size_t used; /* floats */
} Arena;

static inline float *arena_take(Arena *arena, size_t floats) {
    float *piece = arena->base ? arena->base + arena->used : NULL;
    arena->used += size_round_up(floats, MEMORY_LINE_FLOATS);
    return piece;
}

#endif
