#include "set.h"

#include "vector.h"
#include <stdbool.h>

/* A vector of channels passes over the whole grid, so that its part of the kernel, or of the
 * kernel's gradient, stays in registers. For that the taps that meet the grid are constants: along
 * a side of at least three tokens, and with three taps, they are all but the first for its first
 * token, all but the last for its last, and all for the others. */

/* The taps [first, end) that meet the grid where the token in the middle has number `at`. */
typedef struct Taps {
    size_t first, end;
} Taps;

VECTOR_INLINE Taps taps_at(size_t at, size_t side, size_t taps) {
    const size_t reach = taps / 2, after = side - at; /* tokens from this one on */
    return (Taps){at < reach ? reach - at : 0, after <= reach ? reach + after : taps};
}

/* `lanes` channels of the grid; rows of tokens are `channels` floats. x, and what a token of it is
 * combined with: y of the convolution, dy of the gradient. */
typedef struct Grid {
    size_t side, channels, taps, lanes;
    const float *x;
    float *y;
    const float *dy;
} Grid;

enum { TAPS_MOST = 15 };

VECTOR_INLINE const float *tap_of(const Grid *g, size_t row, size_t col, size_t i, size_t j) {
    return g->x + ((row + i - g->taps / 2) * g->side + col + j - g->taps / 2) * g->channels;
}

VECTOR_INLINE void convolve_token(const Grid *g, const Vector *weight, size_t row, size_t col,
                                  Taps down, Taps across) {
    float *target = g->y + (row * g->side + col) * g->channels;
    Vector sum = vector_load_lanes(target, g->lanes);
#pragma GCC unroll 3
    for (size_t i = down.first; i < down.end; i++)
#pragma GCC unroll 3
        for (size_t j = across.first; j < across.end; j++)
            sum += weight[i * g->taps + j] * vector_load_lanes(tap_of(g, row, col, i, j), g->lanes);
    vector_store_lanes(target, g->lanes, sum);
}

VECTOR_INLINE void gradient_token(const Grid *g, Vector *sum, size_t row, size_t col, Taps down,
                                  Taps across) {
    const Vector d = vector_load_lanes(g->dy + (row * g->side + col) * g->channels, g->lanes);
#pragma GCC unroll 3
    for (size_t i = down.first; i < down.end; i++)
#pragma GCC unroll 3
        for (size_t j = across.first; j < across.end; j++)
            sum[i * g->taps + j] += d * vector_load_lanes(tap_of(g, row, col, i, j), g->lanes);
}

VECTOR_INLINE void token(const Grid *g, Vector *taps, size_t row, size_t col, Taps down,
                         Taps across) {
    if (g->y)
        convolve_token(g, taps, row, col, down, across);
    else
        gradient_token(g, taps, row, col, down, across);
}

/* Three taps, at least three tokens a side. */
VECTOR_INLINE void row_of_three(const Grid *g, Vector *taps, size_t row, Taps down) {
    token(g, taps, row, 0, down, (Taps){1, 3});
    for (size_t col = 1; col + 1 < g->side; col++)
        token(g, taps, row, col, down, (Taps){0, 3});
    token(g, taps, row, g->side - 1, down, (Taps){0, 2});
}

VECTOR_INLINE void grid_of_three(const Grid *g, Vector *taps) {
    row_of_three(g, taps, 0, (Taps){1, 3});
    for (size_t row = 1; row + 1 < g->side; row++)
        row_of_three(g, taps, row, (Taps){0, 3});
    row_of_three(g, taps, g->side - 1, (Taps){0, 2});
}

VECTOR_INLINE void any_grid(const Grid *g, Vector *taps) {
    for (size_t row = 0; row < g->side; row++)
        for (size_t col = 0; col < g->side; col++)
            token(g, taps, row, col, taps_at(row, g->side, g->taps),
                  taps_at(col, g->side, g->taps));
}

VECTOR_INLINE void load_taps(const Grid *g, const float *kernel, Vector *taps) {
    for (size_t i = 0; i < g->taps * g->taps; i++)
        taps[i] = vector_load_lanes(kernel + i * g->channels, g->lanes);
}

VECTOR_INLINE void store_taps(const Grid *g, const Vector *taps, float *kernel) {
    for (size_t i = 0; i < g->taps * g->taps; i++)
        vector_store_lanes(kernel + i * g->channels, g->lanes, taps[i]);
}

static void convolve_three(const Grid *part, const float *kernel) {
    Grid g = *part;
    Vector taps[9];
    g.taps = 3, g.lanes = LANES;
    load_taps(&g, kernel, taps);
    grid_of_three(&g, taps);
}

static void gradient_three(const Grid *part, float *dkernel) {
    Grid g = *part;
    Vector taps[9];
    g.taps = 3, g.lanes = LANES, g.y = NULL;
    load_taps(&g, dkernel, taps);
    grid_of_three(&g, taps);
    store_taps(&g, taps, dkernel);
}

static bool is_of_three(const Grid *g) {
    return g->taps == 3 && g->side >= 3 && g->lanes == LANES;
}

static size_t lanes_from(size_t channels, size_t c) {
    return channels - c < LANES ? channels - c : LANES;
}

void KERNEL(convolve_local)(size_t side, size_t channels, size_t taps, const float *x,
                            const float *kernel, float *y) {
    for (size_t c = 0; c < channels; c += LANES) {
        const Grid g = {side, channels, taps, lanes_from(channels, c), x + c, y + c, NULL};
        Vector weight[TAPS_MOST * TAPS_MOST];
        if (is_of_three(&g)) {
            convolve_three(&g, kernel + c);
            continue;
        }
        load_taps(&g, kernel + c, weight);
        any_grid(&g, weight);
    }
}

void KERNEL(convolve_local_gradient)(size_t side, size_t channels, size_t taps, const float *x,
                                     const float *dy, float *dkernel) {
    for (size_t c = 0; c < channels; c += LANES) {
        const Grid g = {side, channels, taps, lanes_from(channels, c), x + c, NULL, dy + c};
        Vector sum[TAPS_MOST * TAPS_MOST];
        if (is_of_three(&g)) {
            gradient_three(&g, dkernel + c);
            continue;
        }
        load_taps(&g, dkernel + c, sum);
        any_grid(&g, sum);
        store_taps(&g, sum, dkernel + c);
    }
}
