#ifndef VIT_NORM_H
#define VIT_NORM_H

#include "arena.h"
#include "vit/model_shape.h"

/* What all layer norms have in common: those of the blocks, and the last one. */

static const float NORM_EPSILON = 1e-6f;

/* What a layer norm leaves for backward. */
typedef struct NormStash {
    float *normalized; /* [T, D] */
    float *inverse;    /* [T] */
} NormStash;

static inline void norm_stash_place(NormStash *stash, const ModelShape *shape, Arena *arena) {
    stash->normalized = arena_take(arena, shape->T * shape->D);
    stash->inverse = arena_take(arena, shape->T);
}

#endif
