#include "set.h"

#include <math.h>

void KERNEL(layer_norm)(size_t rows, size_t cols, const float *x, const float *gamma,
                        const float *beta, float epsilon, float *y, float *normalized,
                        float *inverse) {
    const float share = 1.0f / (float)cols;
    for (size_t r = 0; r < rows; r++) {
        const float *in = x + r * cols;
        float *out = y + r * cols, *unit = normalized + r * cols;
        float sum = 0.0f, squares = 0.0f;
#pragma omp simd reduction(+ : sum)
        for (size_t c = 0; c < cols; c++)
            sum += in[c];
        const float mean = sum * share;
#pragma omp simd reduction(+ : squares)
        for (size_t c = 0; c < cols; c++)
            squares += (in[c] - mean) * (in[c] - mean);
        const float factor = 1.0f / sqrtf(squares * share + epsilon);
        inverse[r] = factor;
#pragma omp simd
        for (size_t c = 0; c < cols; c++) {
            float value = (in[c] - mean) * factor;
            unit[c] = value;
            out[c] = value * gamma[c] + beta[c];
        }
    }
}

void KERNEL(layer_norm_backward)(size_t rows, size_t cols, const float *dy, const float *gamma,
                                 const float *normalized, const float *inverse, float *dx,
                                 float *dgamma, float *dbeta) {
    const float share = 1.0f / (float)cols;
    for (size_t r = 0; r < rows; r++) {
        const float *in = dy + r * cols, *unit = normalized + r * cols;
        float *out = dx + r * cols;
        float sum = 0.0f, product = 0.0f;
#pragma omp simd reduction(+ : sum, product)
        for (size_t c = 0; c < cols; c++) {
            float h = in[c] * gamma[c];
            sum += h;
            product += h * unit[c];
        }
        const float mean = sum * share, mean_product = product * share, factor = inverse[r];
#pragma omp simd
        for (size_t c = 0; c < cols; c++) {
            out[c] += factor * (in[c] * gamma[c] - mean - unit[c] * mean_product);
            dgamma[c] += in[c] * unit[c];
            dbeta[c] += in[c];
        }
    }
}
