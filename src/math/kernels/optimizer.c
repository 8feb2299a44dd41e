#include "set.h"

#include <math.h>

void KERNEL(adamw)(size_t n, AdamwTerms terms, const float *g, float *w, float *m, float *v) {
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const float gradient = g[i] * terms.gradient_scale;
        const float first = m[i] + terms.gain1 * (gradient - m[i]);
        const float second = v[i] + terms.gain2 * (gradient * gradient - v[i]);
        const float decayed = w[i] - terms.decay * w[i];
        m[i] = first;
        v[i] = second;
        w[i] = decayed - terms.rate * first / (terms.root_scale * sqrtf(second) + terms.epsilon);
    }
}

void KERNEL(sgd)(size_t n, SgdTerms terms, const float *g, float *w, float *v) {
#pragma omp simd
    for (size_t i = 0; i < n; i++) {
        const float velocity = terms.momentum * v[i] + terms.gradient_scale * g[i];
        const float decayed = w[i] - terms.decay * w[i];
        v[i] = velocity;
        w[i] = decayed - terms.rate * velocity;
    }
}

void KERNEL(average)(size_t n, float gain, const float *w, float *e) {
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        e[i] += gain * (w[i] - e[i]);
}

double KERNEL(sum_squares)(size_t n, const float *x) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}
