#include "set.h"

#include "vector.h"

/* GELU(x) = x Phi(x) and GELU'(x) = Phi(x) + x phi(x), where Phi is the normal distribution,
 * Phi(x) = (1 + erf(x / sqrt 2)) / 2, and phi its density. erf by Abramowitz and Stegun 7.1.26
 * (absolute error 1.5e-7), which shares e^(-x^2/2) with the density. */
VECTOR_INLINE void gelu_of(Vector x, Vector *value, Vector *slope) {
    const Vector gauss = vector_exponential(-0.5f * x * x);
    const Vector t = vector_reciprocal(1.0f + (0.3275911f * 0.70710678f) * vector_absolute(x));
    Vector p = vector_of(1.061405429f);
    p = p * t - 1.453152027f;
    p = p * t + 1.421413741f;
    p = p * t - 0.284496736f;
    p = p * t + 0.254829592f;
    const Vector tail = 0.5f * p * t * gauss; /* Phi(-|x|) */
    const Vector phi = vector_where(vector_less(x, vector_of(0.0f)), tail, 1.0f - tail);
    *value = x * phi;
    *slope = phi + x * gauss * 0.39894228f;
}

/* One vector; `words` are its decisions, or NULL. */
VECTOR_INLINE void gelu_vector(Vector x, const uint16_t *words, Dropout dropout, Vector *value,
                               Vector *slope) {
    gelu_of(x, value, slope);
    Vector factor = vector_of(dropout.scale);
    if (words)
        factor =
            vector_where(vector_words_below(words, dropout.threshold), factor, vector_of(0.0f));
    *value *= factor;
    *slope *= factor;
}

VECTOR_INLINE void gelu_row(size_t cols, const float *bias, const uint16_t *words, Dropout dropout,
                            float *x, float *slope) {
    Vector value, derivative;
    size_t c = 0;
    for (; c + LANES <= cols; c += LANES) {
        gelu_vector(vector_load(x + c) + vector_load(bias + c), words ? words + c : NULL, dropout,
                    &value, &derivative);
        vector_store(x + c, value);
        if (slope)
            vector_store(slope + c, derivative);
    }
    if (c == cols)
        return;
    uint16_t last[LANES] = {0};
    if (words)
        memcpy(last, words + c, (cols - c) * sizeof *last);
    gelu_vector(vector_load_part(x + c, cols - c, 0.0f) +
                    vector_load_part(bias + c, cols - c, 0.0f),
                words ? last : NULL, dropout, &value, &derivative);
    vector_store_part(x + c, cols - c, value);
    if (slope)
        vector_store_part(slope + c, cols - c, derivative);
}

void KERNEL(gelu)(size_t rows, size_t cols, const float *bias, Dropout dropout, float *x,
                  float *slope) {
    for (size_t r = 0; r < rows; r++) {
        float *row = x + r * cols, *slopes = slope ? slope + r * cols : NULL;
        if (dropout.words)
            gelu_row(cols, bias, dropout.words + r * cols, dropout, row, slopes);
        else
            gelu_row(cols, bias, NULL, dropout, row, slopes);
    }
}
