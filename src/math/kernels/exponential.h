#ifndef VIT_KERNEL_EXPONENTIAL_H
#define VIT_KERNEL_EXPONENTIAL_H

#include <stdint.h>
#include <string.h>

/* e^x for x <= 0, inline in vectorised loops. x = n ln 2 + r with |r| <= ln 2 / 2, the polynomial
 * of Moshier's Cephes (expf.c), then n added to the exponent. Below -87 the result is e^-87 or 0,
 * which keeps it from becoming denormal. NaN stays NaN. */
static inline float exponential_of(float x) {
    const float lowest = -87.0f, magic = 0x1.8p23f; /* adding it rounds to an integer */
    float limited = x < lowest ? lowest : x;
    float shifted = limited * 1.44269504f + magic;
    float n = shifted - magic;
    float r = limited - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    uint32_t shift, bits;
    memcpy(&shift, &shifted, sizeof shift);
    memcpy(&bits, &p, sizeof bits);
    bits += shift << 23; /* the magic number's own bits are shifted out */
    float result;
    memcpy(&result, &bits, sizeof result);
    return x < lowest ? 0.0f : result;
}

#endif
