#include "set.h"

#include <math.h>

/* A coordinate inside [-1/2, size - 1/2] by reflection at these borders, then inside [0, size - 1].
 */
static inline float reflect(float x, float size) {
    const float period = 2.0f * size;
    float shifted = x + 0.5f;
    shifted -= period * floorf(shifted / period);
    shifted = shifted > size ? period - shifted : shifted;
    const float inside = shifted - 0.5f;
    return fminf(fmaxf(inside, 0.0f), size - 1.0f);
}

void KERNEL(resample_row)(size_t size, const float *planes, const float *matrix, size_t row,
                          float *out) {
    const float extent = (float)size, y = (float)row;
    const float x0 = matrix[1] * y + matrix[2], y0 = matrix[4] * y + matrix[5];
    const float dx = matrix[0], dy = matrix[3];
    const int32_t width = (int32_t)size, last = width - 1;
    const float *red = planes, *green = planes + size * size, *blue = planes + 2 * size * size;
#pragma omp simd
    for (int32_t i = 0; i < width; i++) {
        const float from_x = reflect(dx * (float)i + x0, extent);
        const float from_y = reflect(dy * (float)i + y0, extent);
        const int32_t left = (int32_t)from_x, top = (int32_t)from_y;
        const int32_t right = left < last ? left + 1 : last, bottom = top < last ? top + 1 : last;
        const float wx = from_x - (float)left, wy = from_y - (float)top;
        const int32_t a = top * width + left, b = top * width + right;
        const int32_t c = bottom * width + left, d = bottom * width + right;
        const float wa = (1.0f - wy) * (1.0f - wx), wb = (1.0f - wy) * wx;
        const float wc = wy * (1.0f - wx), wd = wy * wx;
        out[i] = wa * red[a] + wb * red[b] + wc * red[c] + wd * red[d];
        out[width + i] = wa * green[a] + wb * green[b] + wc * green[c] + wd * green[d];
        out[2 * width + i] = wa * blue[a] + wb * blue[b] + wc * blue[c] + wd * blue[d];
    }
}
