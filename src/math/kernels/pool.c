#include "set.h"

#include "vector.h"

/* Window i of a side covers pixels 2 i - 1, 2 i and 2 i + 1. */

/* The parts [first, end) of window `i` that meet the side. */
typedef struct Window {
    size_t first, end;
} Window;

static inline Window window_at(size_t i, size_t side) {
    return (Window){i == 0, side > 2 * i + 1 ? 3 : 2};
}

static inline size_t pooled_side(size_t side) {
    return (side + 1) / 2;
}

VECTOR_INLINE void store_choice(uint8_t *to, size_t lanes, Vector choice) {
    const VectorInt whole = __builtin_convertvector(choice, VectorInt);
    const VectorByte bytes = __builtin_convertvector(whole, VectorByte);
    memcpy(to, &bytes, lanes);
}

/* One window of `lanes` channels; x points to the pixel in its middle. A NaN is the largest of all,
 * so that it is not lost. */
VECTOR_INLINE Vector largest(size_t side, size_t channels, size_t lanes, Window down, Window across,
                             const float *x, Vector *choice) {
    Vector best = vector_of(0.0f);
    *choice = vector_of((float)MAX_POOL_NONE);
    for (size_t i = down.first; i < down.end; i++)
        for (size_t j = across.first; j < across.end; j++) {
            const float *pixel =
                x + ((ptrdiff_t)(i * side + j) - (ptrdiff_t)side - 1) * (ptrdiff_t)channels;
            const Vector value = vector_load_lanes(pixel, lanes);
            const Mask above = vector_not_above(value, best);
            best = vector_where(above, best, value);
            *choice = vector_where(above, *choice, vector_of((float)(3 * i + j)));
        }
    return best;
}

void KERNEL(max_pool)(size_t side, size_t channels, const float *x, uint8_t *choice, float *y,
                      size_t ld) {
    const size_t pooled = pooled_side(side);
    for (size_t row = 0; row < pooled; row++)
        for (size_t col = 0; col < pooled; col++) {
            const Window down = window_at(row, side), across = window_at(col, side);
            const float *middle = x + (2 * row * side + 2 * col) * channels;
            uint8_t *chosen = choice + (row * pooled + col) * channels;
            float *target = y + row * ld + col * channels;
            Vector which;
            size_t c = 0;
            for (; c + LANES <= channels; c += LANES) {
                vector_store(target + c,
                             largest(side, channels, LANES, down, across, middle + c, &which));
                store_choice(chosen + c, LANES, which);
            }
            if (c < channels) {
                const size_t lanes = channels - c;
                vector_store_part(target + c, lanes,
                                  largest(side, channels, lanes, down, across, middle + c, &which));
                store_choice(chosen + c, lanes, which);
            }
        }
}

/* Windows that cover a pixel, four at most: where each one's choices and gradients begin, and which
 * part of it the pixel is. */
typedef struct Cover {
    size_t count, at[4];
    int32_t part[4];
} Cover;

/* Along one side: one window, in whose middle the pixel is, or the ends of two. */
typedef struct SideCover {
    size_t count, window[2];
    int32_t part[2];
} SideCover;

static inline SideCover side_cover(size_t at, size_t pooled) {
    const size_t half = at / 2;
    if (at % 2 == 0)
        return (SideCover){1, {half, 0}, {1, 0}};
    return (SideCover){half + 1 < pooled ? 2 : 1, {half, half + 1}, {2, 0}};
}

static inline Cover cover_of(SideCover down, SideCover across, size_t pooled, size_t channels) {
    Cover cover = {0};
    for (size_t i = 0; i < down.count; i++)
        for (size_t j = 0; j < across.count; j++) {
            cover.at[cover.count] = (down.window[i] * pooled + across.window[j]) * channels;
            cover.part[cover.count++] = 3 * down.part[i] + across.part[j];
        }
    return cover;
}

VECTOR_INLINE Vector pixel_part(const Cover *cover, size_t count, size_t c, size_t lanes,
                                const uint8_t *choice, const float *dy) {
    Vector sum = vector_of(0.0f);
    for (size_t i = 0; i < count; i++) {
        const Mask here = vector_bytes_are(choice + cover->at[i] + c, lanes, cover->part[i]);
        sum += vector_where(here, vector_load_lanes(dy + cover->at[i] + c, lanes), vector_of(0.0f));
    }
    return sum;
}

/* count: cover->count, a constant where this is inlined. */
VECTOR_INLINE void pixel_gradient(const Cover *cover, size_t count, size_t channels,
                                  const uint8_t *choice, const float *dy, float *pixel) {
    size_t c = 0;
    for (; c + LANES <= channels; c += LANES)
        vector_store(pixel + c, pixel_part(cover, count, c, LANES, choice, dy));
    if (c < channels)
        vector_store_part(pixel + c, channels - c,
                          pixel_part(cover, count, c, channels - c, choice, dy));
}

void KERNEL(max_pool_backward)(size_t side, size_t channels, const uint8_t *choice, const float *dy,
                               float *dx) {
    const size_t pooled = pooled_side(side), line = (side + 2) * channels;
    memset(dx, 0, line * sizeof *dx);
    memset(dx + (side + 1) * line, 0, line * sizeof *dx);
    for (size_t row = 0; row < side; row++) {
        float *target = dx + (row + 1) * line;
        memset(target, 0, channels * sizeof *dx);
        memset(target + (side + 1) * channels, 0, channels * sizeof *dx);
        for (size_t col = 0; col < side; col++) {
            const Cover cover =
                cover_of(side_cover(row, pooled), side_cover(col, pooled), pooled, channels);
            float *pixel = target + (col + 1) * channels;
            if (cover.count == 1)
                pixel_gradient(&cover, 1, channels, choice, dy, pixel);
            else if (cover.count == 2)
                pixel_gradient(&cover, 2, channels, choice, dy, pixel);
            else
                pixel_gradient(&cover, 4, channels, choice, dy, pixel);
        }
    }
}
