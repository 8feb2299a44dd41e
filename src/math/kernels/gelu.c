#include "set.h"

#include "exponential.h"
#include <math.h>

/* GELU(x) = x Phi(x) and GELU'(x) = Phi(x) + x phi(x), where Phi is the normal distribution,
 * Phi(x) = (1 + erf(x / sqrt 2)) / 2, and phi its density. erf by Abramowitz and Stegun 7.1.26
 * (absolute error 1.5e-7), which shares e^(-x^2/2) with the density. */
static inline void gelu_of(float x, float *value, float *slope) {
    const float z = fabsf(x) * 0.70710678f;
    const float gauss = exponential_of(-0.5f * x * x);
    const float t = 1.0f / (1.0f + 0.3275911f * z);
    float p = 1.061405429f;
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const float tail = 0.5f * p * t * gauss; /* Phi(-|x|) */
    const float phi = x < 0.0f ? tail : 1.0f - tail;
    *value = x * phi;
    *slope = phi + x * gauss * 0.39894228f;
}

void KERNEL(gelu)(size_t rows, size_t cols, const float *bias, Dropout dropout, float *x,
                  float *slope) {
    for (size_t r = 0; r < rows; r++) {
        float *row = x + r * cols, *slopes = slope ? slope + r * cols : NULL;
        const uint16_t *words = dropout.words ? dropout.words + r * cols : NULL;
        if (!slopes) {
#pragma omp simd
            for (size_t c = 0; c < cols; c++) {
                float unused;
                gelu_of(row[c] + bias[c], &row[c], &unused);
            }
        } else {
#pragma omp simd
            for (size_t c = 0; c < cols; c++)
                gelu_of(row[c] + bias[c], &row[c], &slopes[c]);
        }
        if (!words)
            continue;
#pragma omp simd
        for (size_t c = 0; c < cols; c++)
            row[c] *= words[c] < dropout.threshold ? dropout.scale : 0.0f;
        if (!slopes)
            continue;
#pragma omp simd
        for (size_t c = 0; c < cols; c++)
            slopes[c] *= words[c] < dropout.threshold ? dropout.scale : 0.0f;
    }
}
