#include "set.h"

#include "exponential.h"
#include <math.h>

void KERNEL(exponential)(size_t n, const float *x, float *y) {
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] = exponential_of(x[i]);
}

static inline float row_maximum(size_t cols, const float *row) {
    float maximum = -INFINITY;
#pragma omp simd reduction(max : maximum)
    for (size_t c = 0; c < cols; c++)
        maximum = row[c] > maximum ? row[c] : maximum;
    return maximum;
}

/* e = exp(score - maximum) into kept; returns the sum. */
static inline float row_exponentials(size_t cols, const float *row, float maximum, float *kept) {
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (size_t c = 0; c < cols; c++) {
        float e = exponential_of(row[c] - maximum);
        kept[c] = e;
        sum += e;
    }
    return sum;
}

void KERNEL(softmax)(size_t rows, size_t cols, float *scores, float *kept, float *row_scale,
                     Dropout dropout) {
    for (size_t r = 0; r < rows; r++) {
        float *row = scores + r * cols, *keep = kept + r * cols;
        const float sum = row_exponentials(cols, row, row_maximum(cols, row), keep);
        if (!dropout.words) {
            row_scale[r] = 1.0f / sum;
#pragma omp simd
            for (size_t c = 0; c < cols; c++)
                row[c] = keep[c];
            continue;
        }
        row_scale[r] = dropout.scale / sum;
        const uint16_t *words = dropout.words + r * cols;
#pragma omp simd
        for (size_t c = 0; c < cols; c++) {
            float e = keep[c];
            row[c] = words[c] < dropout.threshold ? e : -e;
            keep[c] = words[c] < dropout.threshold ? e : 0.0f;
        }
    }
}

void KERNEL(softmax_kept)(size_t n, const float *signed_exponentials, float *kept) {
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        kept[i] = signed_exponentials[i] > 0.0f ? signed_exponentials[i] : 0.0f;
}

void KERNEL(softmax_backward)(size_t rows, size_t cols, const float *signed_exponentials,
                              const float *delta, float *ds) {
    for (size_t r = 0; r < rows; r++) {
        const float *e = signed_exponentials + r * cols;
        float *row = ds + r * cols;
        const float d = delta[r];
#pragma omp simd
        for (size_t c = 0; c < cols; c++)
            row[c] = fabsf(e[c]) * ((e[c] > 0.0f ? row[c] : 0.0f) - d);
    }
}
