#include "set.h"

#include "vector.h"
#include <math.h>

/* Rows are taken LANES at a time, so that they share the steps that add up the lanes of a vector.
 */

VECTOR_INLINE Vector row_sum(size_t cols, const float *row) {
    Vector sum = vector_of(0.0f);
    size_t c = 0;
    for (; c + LANES <= cols; c += LANES)
        sum += vector_load(row + c);
    if (c < cols)
        sum += vector_load_part(row + c, cols - c, 0.0f);
    return sum;
}

VECTOR_INLINE Vector row_squares(size_t cols, const float *row, float mean) {
    const Vector shift = vector_of(mean);
    Vector sum = vector_of(0.0f);
    size_t c = 0;
    for (; c + LANES <= cols; c += LANES) {
        const Vector d = vector_load(row + c) - shift;
        sum += d * d;
    }
    if (c < cols) {
        const Vector d = vector_load_part(row + c, cols - c, mean) - shift;
        sum += d * d;
    }
    return sum;
}

static inline void normalize_row(size_t cols, const float *in, float mean, float factor,
                                 const float *gamma, const float *beta, float *out, float *unit) {
#pragma omp simd
    for (size_t c = 0; c < cols; c++) {
        const float value = (in[c] - mean) * factor;
        unit[c] = value;
        out[c] = value * gamma[c] + beta[c];
    }
}

void KERNEL(layer_norm)(size_t rows, size_t cols, const float *x, const float *gamma,
                        const float *beta, float epsilon, float *y, float *normalized,
                        float *inverse) {
    const float part = 1.0f / (float)cols;
    for (size_t first = 0; first < rows; first += LANES) {
        const size_t count = rows - first < LANES ? rows - first : LANES;
        const float *in = x + first * cols;
        Vector lanes[LANES] = {{0}};
        float mean[LANES], factor[LANES];
        for (size_t r = 0; r < count; r++)
            lanes[r] = row_sum(cols, in + r * cols);
        vector_store(mean, vector_sums(lanes) * part);
        for (size_t r = 0; r < count; r++)
            lanes[r] = row_squares(cols, in + r * cols, mean[r]);
        vector_store(factor, vector_sums(lanes) * part + epsilon);
        for (size_t r = 0; r < count; r++) {
            factor[r] = 1.0f / sqrtf(factor[r]);
            inverse[first + r] = factor[r];
            normalize_row(cols, in + r * cols, mean[r], factor[r], gamma, beta,
                          y + (first + r) * cols, normalized + (first + r) * cols);
        }
    }
}

/* Sums of h and h normalized over a row, h = dy gamma. */
VECTOR_INLINE void row_products(size_t cols, const float *dy, const float *gamma, const float *unit,
                                Vector *sum, Vector *product) {
    Vector a = vector_of(0.0f), b = a;
    size_t c = 0;
    for (; c + LANES <= cols; c += LANES) {
        const Vector h = vector_load(dy + c) * vector_load(gamma + c);
        a += h;
        b += h * vector_load(unit + c);
    }
    if (c < cols) {
        const Vector h =
            vector_load_part(dy + c, cols - c, 0.0f) * vector_load_part(gamma + c, cols - c, 0.0f);
        a += h;
        b += h * vector_load_part(unit + c, cols - c, 0.0f);
    }
    *sum = a;
    *product = b;
}

void KERNEL(layer_norm_backward)(size_t rows, size_t cols, const float *dy, const float *gamma,
                                 const float *normalized, const float *inverse, float *dx,
                                 float *dgamma, float *dbeta) {
    const float part = 1.0f / (float)cols;
    for (size_t first = 0; first < rows; first += LANES) {
        const size_t count = rows - first < LANES ? rows - first : LANES;
        Vector sums[LANES] = {{0}}, products[LANES] = {{0}};
        float mean[LANES], mean_product[LANES];
        for (size_t r = 0; r < count; r++) {
            const size_t start = (first + r) * cols;
            row_products(cols, dy + start, gamma, normalized + start, &sums[r], &products[r]);
        }
        vector_store(mean, vector_sums(sums) * part);
        vector_store(mean_product, vector_sums(products) * part);
        for (size_t r = 0; r < count; r++) {
            const float *in = dy + (first + r) * cols, *unit = normalized + (first + r) * cols;
            float *out = dx + (first + r) * cols;
            const float factor = inverse[first + r], m = mean[r], mp = mean_product[r];
#pragma omp simd
            for (size_t c = 0; c < cols; c++) {
                out[c] += factor * (in[c] * gamma[c] - m - unit[c] * mp);
                dgamma[c] += in[c] * unit[c];
                dbeta[c] += in[c];
            }
        }
    }
}
