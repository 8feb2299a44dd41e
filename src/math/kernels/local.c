#include "set.h"

#include "vector.h"

/* A vector of channels passes over the whole grid, since its part of the kernel, or of the kernel's
 * gradient, then stays in registers: `taps` is a constant where these are inlined. */

/* The taps [first, end) that meet the grid where the token in the middle has number `at`. */
typedef struct Taps {
    size_t first, end;
} Taps;

VECTOR_INLINE Taps taps_at(size_t at, size_t side, size_t taps) {
    const size_t reach = taps / 2, after = side - at; /* tokens from this one on */
    return (Taps){at < reach ? reach - at : 0, after <= reach ? reach + after : taps};
}

VECTOR_INLINE Vector load(const float *from, size_t lanes) {
    return lanes == LANES ? vector_load(from) : vector_load_part(from, lanes, 0.0f);
}

VECTOR_INLINE void store(float *to, size_t lanes, Vector v) {
    if (lanes == LANES)
        vector_store(to, v);
    else
        vector_store_part(to, lanes, v);
}

enum { TAPS_MOST = 15 };

/* Channels [0, lanes) of the given pointers; rows of tokens are `channels` floats. */
VECTOR_INLINE void convolve(size_t side, size_t channels, size_t taps, size_t lanes, const float *x,
                            const float *kernel, float *y) {
    Vector weight[TAPS_MOST * TAPS_MOST];
    for (size_t i = 0; i < taps * taps; i++)
        weight[i] = load(kernel + i * channels, lanes);
    for (size_t row = 0; row < side; row++)
        for (size_t col = 0; col < side; col++) {
            const Taps down = taps_at(row, side, taps), across = taps_at(col, side, taps);
            float *target = y + (row * side + col) * channels;
            Vector sum = load(target, lanes);
            for (size_t i = down.first; i < down.end; i++)
                for (size_t j = across.first; j < across.end; j++) {
                    const size_t token = (row + i - taps / 2) * side + col + j - taps / 2;
                    sum += weight[i * taps + j] * load(x + token * channels, lanes);
                }
            store(target, lanes, sum);
        }
}

VECTOR_INLINE void gradient(size_t side, size_t channels, size_t taps, size_t lanes, const float *x,
                            const float *dy, float *dkernel) {
    Vector sum[TAPS_MOST * TAPS_MOST];
    for (size_t i = 0; i < taps * taps; i++)
        sum[i] = load(dkernel + i * channels, lanes);
    for (size_t row = 0; row < side; row++)
        for (size_t col = 0; col < side; col++) {
            const Taps down = taps_at(row, side, taps), across = taps_at(col, side, taps);
            const Vector d = load(dy + (row * side + col) * channels, lanes);
            for (size_t i = down.first; i < down.end; i++)
                for (size_t j = across.first; j < across.end; j++) {
                    const size_t token = (row + i - taps / 2) * side + col + j - taps / 2;
                    sum[i * taps + j] += d * load(x + token * channels, lanes);
                }
        }
    for (size_t i = 0; i < taps * taps; i++)
        store(dkernel + i * channels, lanes, sum[i]);
}

void KERNEL(convolve_local)(size_t side, size_t channels, size_t taps, const float *x,
                            const float *kernel, float *y) {
    for (size_t c = 0; c < channels; c += LANES) {
        const size_t lanes = channels - c < LANES ? channels - c : LANES;
        if (taps == 3 && lanes == LANES)
            convolve(side, channels, 3, LANES, x + c, kernel + c, y + c);
        else
            convolve(side, channels, taps, lanes, x + c, kernel + c, y + c);
    }
}

void KERNEL(convolve_local_gradient)(size_t side, size_t channels, size_t taps, const float *x,
                                     const float *dy, float *dkernel) {
    for (size_t c = 0; c < channels; c += LANES) {
        const size_t lanes = channels - c < LANES ? channels - c : LANES;
        if (taps == 3 && lanes == LANES)
            gradient(side, channels, 3, LANES, x + c, dy + c, dkernel + c);
        else
            gradient(side, channels, taps, lanes, x + c, dy + c, dkernel + c);
    }
}
