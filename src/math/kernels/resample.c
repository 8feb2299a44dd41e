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

/* Where some pixels next to each other are taken from: four pixels of a plane each, with weights.
 */
enum { COLUMNS = 64 };
typedef struct Sources {
    int32_t a[COLUMNS], b[COLUMNS], c[COLUMNS], d[COLUMNS];
    float wa[COLUMNS], wb[COLUMNS], wc[COLUMNS], wd[COLUMNS];
} Sources;

/* Of pixels [first, first + count) of row y. */
static void find_sources(int32_t width, const float *matrix, float y, int32_t first, int32_t count,
                         Sources *sources) {
    const float extent = (float)width;
    const float x0 = matrix[1] * y + matrix[2], y0 = matrix[4] * y + matrix[5];
    const float dx = matrix[0], dy = matrix[3];
    const int32_t last = width - 1;
#pragma omp simd
    for (int32_t i = 0; i < count; i++) {
        const float x = (float)(first + i);
        const float from_x = reflect(dx * x + x0, extent);
        const float from_y = reflect(dy * x + y0, extent);
        const int32_t left = (int32_t)from_x, top = (int32_t)from_y;
        const int32_t right = left < last ? left + 1 : last, bottom = top < last ? top + 1 : last;
        const float wx = from_x - (float)left, wy = from_y - (float)top;
        sources->a[i] = top * width + left;
        sources->b[i] = top * width + right;
        sources->c[i] = bottom * width + left;
        sources->d[i] = bottom * width + right;
        sources->wa[i] = (1.0f - wy) * (1.0f - wx);
        sources->wb[i] = (1.0f - wy) * wx;
        sources->wc[i] = wy * (1.0f - wx);
        sources->wd[i] = wy * wx;
    }
}

static void gather(const Sources *s, const float *plane, int32_t count, float *out) {
#pragma omp simd
    for (int32_t i = 0; i < count; i++)
        out[i] = s->wa[i] * plane[s->a[i]] + s->wb[i] * plane[s->b[i]] + s->wc[i] * plane[s->c[i]] +
                 s->wd[i] * plane[s->d[i]];
}

void KERNEL(resample_row)(size_t channels, size_t size, const float *planes, const float *matrix,
                          size_t row, float *out) {
    const int32_t width = (int32_t)size;
    Sources sources;
    for (int32_t first = 0; first < width; first += COLUMNS) {
        const int32_t count = width - first < COLUMNS ? width - first : COLUMNS;
        find_sources(width, matrix, (float)row, first, count, &sources);
        for (size_t c = 0; c < channels; c++)
            gather(&sources, planes + c * size * size, count,
                   out + (c * size + row) * size + (size_t)first);
    }
}
