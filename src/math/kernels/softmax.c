#include "set.h"

#include "vector.h"
#include <math.h>
#include <stdbool.h>

/* Rows are taken LANES at a time, so that they share the steps that add up or compare the lanes of
 * a vector. */

void KERNEL(exponential)(size_t n, const float *x, float *y) {
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        vector_store(y + i, vector_exponential(vector_load(x + i)));
    if (i < n)
        vector_store_part(y + i, n - i, vector_exponential(vector_load_part(x + i, n - i, 0.0f)));
}

VECTOR_INLINE Vector row_maxima(size_t cols, const float *row) {
    Vector a = vector_of(-INFINITY), b = a;
    size_t c = 0;
    for (; c + 2 * LANES <= cols; c += 2 * LANES) {
        a = vector_max(vector_load(row + c), a);
        b = vector_max(vector_load(row + c + LANES), b);
    }
    if (c + LANES <= cols) {
        a = vector_max(vector_load(row + c), a);
        c += LANES;
    }
    if (c < cols)
        b = vector_max(vector_load_part(row + c, cols - c, -INFINITY), b);
    return vector_max(a, b);
}

/* One vector of a row: e = exp(score - maximum), *kept where it is kept. Returns it signed. */
VECTOR_INLINE Vector apply_decisions(Vector e, bool drops, Mask keep, Vector *kept) {
    *kept = drops ? vector_where(keep, e, vector_of(0.0f)) : e;
    return drops ? vector_where(keep, e, -e) : e;
}

VECTOR_INLINE Vector row_exponentials(size_t cols, float *row, float *kept, float maximum,
                                      const uint16_t *words, uint32_t threshold) {
    const Vector shift = vector_of(maximum);
    Vector sum = vector_of(0.0f), part;
    Mask keep = {0};
    size_t c = 0;
    for (; c + LANES <= cols; c += LANES) {
        if (words)
            keep = vector_words_below(words + c, threshold);
        const Vector e = vector_exponential(vector_load(row + c) - shift);
        sum += e;
        vector_store(row + c, apply_decisions(e, words, keep, &part));
        vector_store(kept + c, part);
    }
    if (c < cols) {
        uint16_t last[LANES] = {0};
        if (words)
            memcpy(last, words + c, (cols - c) * sizeof *last);
        keep = vector_words_below(last, threshold);
        const Vector e = vector_exponential(vector_load_part(row + c, cols - c, -INFINITY) - shift);
        vector_store_part(row + c, cols - c, apply_decisions(e, words, keep, &part));
        Vector counted = vector_of(0.0f);
        memcpy(&counted, &e, (cols - c) * sizeof(float));
        sum += counted;
        vector_store_part(kept + c, cols - c, part);
    }
    return sum;
}

void KERNEL(softmax)(size_t rows, size_t cols, float *scores, float *kept, float *row_scale,
                     Dropout dropout) {
    for (size_t first = 0; first < rows; first += LANES) {
        const size_t count = rows - first < LANES ? rows - first : LANES;
        Vector lanes[LANES] = {{0}};
        float maximum[LANES];
        for (size_t r = 0; r < count; r++)
            lanes[r] = row_maxima(cols, scores + (first + r) * cols);
        vector_store(maximum, vector_maxima(lanes));
        for (size_t r = 0; r < count; r++) {
            const size_t start = (first + r) * cols;
            float *row = scores + start;
            lanes[r] = dropout.words ? row_exponentials(cols, row, kept + start, maximum[r],
                                                        dropout.words + start, dropout.threshold)
                                     : row_exponentials(cols, row, kept + start, maximum[r], NULL,
                                                        dropout.threshold);
        }
        vector_store_part(row_scale + first, count, dropout.scale / vector_sums(lanes));
    }
}

/* kept of a row, and the lanes of kept . ds. */
VECTOR_INLINE Vector row_kept(size_t cols, const float *e, const float *ds, float *kept) {
    Vector dot = vector_of(0.0f);
    size_t c = 0;
    for (; c + LANES <= cols; c += LANES) {
        const Vector part = vector_max(vector_load(e + c), vector_of(0.0f));
        vector_store(kept + c, part);
        dot += part * vector_load(ds + c);
    }
    if (c < cols) {
        const Vector part = vector_max(vector_load_part(e + c, cols - c, 0.0f), vector_of(0.0f));
        vector_store_part(kept + c, cols - c, part);
        dot += part * vector_load_part(ds + c, cols - c, 0.0f);
    }
    return dot;
}

void KERNEL(softmax_backward)(size_t rows, size_t cols, const float *signed_exponentials,
                              const float *row_scale, float keep, float *ds, float *kept) {
    for (size_t first = 0; first < rows; first += LANES) {
        const size_t count = rows - first < LANES ? rows - first : LANES;
        Vector lanes[LANES] = {{0}};
        float dot[LANES];
        for (size_t r = 0; r < count; r++) {
            const size_t start = (first + r) * cols;
            lanes[r] = row_kept(cols, signed_exponentials + start, ds + start, kept + start);
        }
        vector_store(dot, vector_sums(lanes) * keep);
        for (size_t r = 0; r < count; r++) {
            const float *e = signed_exponentials + (first + r) * cols;
            float *row = ds + (first + r) * cols;
            const float delta = dot[r] * row_scale[first + r];
#pragma omp simd
            for (size_t c = 0; c < cols; c++)
                row[c] = fabsf(e[c]) * ((e[c] > 0.0f ? row[c] : 0.0f) - delta);
        }
    }
}
