#include "set.h"

void KERNEL(add_bias)(size_t rows, size_t cols, const float *bias, float scale, float *x) {
    for (size_t r = 0; r < rows; r++) {
        float *row = x + r * cols;
#pragma omp simd
        for (size_t c = 0; c < cols; c++)
            row[c] = (row[c] + bias[c]) * scale;
    }
}

typedef float Vec8 __attribute__((vector_size(32), aligned(4)));

/* 8 x 8 in registers: exchange neighbours at distance 1, 2, 4. */
__attribute__((always_inline)) static inline void transpose8(const float *in, size_t in_stride,
                                                             float *out, size_t out_stride) {
    Vec8 a[8], b[8];
    for (size_t i = 0; i < 8; i++)
        a[i] = *(const Vec8 *)(const void *)(in + i * in_stride);
    for (size_t i = 0; i < 8; i += 2) {
        b[i] = __builtin_shufflevector(a[i], a[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
        b[i + 1] = __builtin_shufflevector(a[i], a[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
    }
    for (size_t i = 0; i < 8; i += 4)
        for (size_t j = 0; j < 2; j++) {
            a[i + j] = __builtin_shufflevector(b[i + j], b[i + j + 2], 0, 1, 8, 9, 4, 5, 12, 13);
            a[i + j + 2] =
                __builtin_shufflevector(b[i + j], b[i + j + 2], 2, 3, 10, 11, 6, 7, 14, 15);
        }
    for (size_t j = 0; j < 4; j++) {
        b[j] = __builtin_shufflevector(a[j], a[j + 4], 0, 1, 2, 3, 8, 9, 10, 11);
        b[j + 4] = __builtin_shufflevector(a[j], a[j + 4], 4, 5, 6, 7, 12, 13, 14, 15);
    }
    for (size_t i = 0; i < 8; i++)
        *(Vec8 *)(void *)(out + i * out_stride) = b[i];
}

void KERNEL(transpose)(size_t rows, size_t cols, const float *in, size_t ld_in, float *out,
                       size_t ld_out) {
    const size_t whole_rows = rows / 8 * 8, whole_cols = cols / 8 * 8;
    for (size_t c = 0; c < whole_cols; c += 8)
        for (size_t r = 0; r < whole_rows; r += 8)
            transpose8(in + r * ld_in + c, ld_in, out + c * ld_out + r, ld_out);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = r < whole_rows ? whole_cols : 0; c < cols; c++)
            out[c * ld_out + r] = in[r * ld_in + c];
}

void KERNEL(scale_columns)(size_t rows, size_t cols, const float *x, const float *gamma,
                           const float *beta, float *y) {
    for (size_t r = 0; r < rows; r++) {
        const float *in = x + r * cols;
        float *out = y + r * cols;
#pragma omp simd
        for (size_t c = 0; c < cols; c++)
            out[c] = in[c] * gamma[c] + beta[c];
    }
}

void KERNEL(add)(size_t n, const float *x, float *y) {
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        y[i] += x[i];
}

void KERNEL(multiply)(size_t n, const float *x, const float *y, float *z) {
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        z[i] = x[i] * y[i];
}

void KERNEL(add_column_sums)(size_t rows, size_t cols, const float *x, float *sum) {
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * cols;
#pragma omp simd
        for (size_t c = 0; c < cols; c++)
            sum[c] += row[c];
    }
}

void KERNEL(scale_rows)(size_t rows, size_t cols, const float *factor, const float *x, float *y) {
    for (size_t r = 0; r < rows; r++) {
        const float *in = x + r * cols, f = factor[r];
        float *out = y + r * cols;
#pragma omp simd
        for (size_t c = 0; c < cols; c++)
            out[c] = in[c] * f;
    }
}
