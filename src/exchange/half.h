#ifndef VIT_HALF_H
#define VIT_HALF_H

#include <stdint.h>
#include <string.h>

/* Numbers of 16 bits as floats, exactly. Private to src/exchange. */

static inline float half_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* bfloat16: the upper half of a float. */
static inline float half_from_bf16(uint16_t bits) {
    return half_of_bits((uint32_t)bits << 16);
}

/* IEEE 754 binary16: 1 bit sign, 5 exponent (bias 15), 10 fraction. */
static inline float half_from_f16(uint16_t bits) {
    const uint32_t sign = (uint32_t)(bits & 0x8000u) << 16;
    const uint32_t exponent = bits >> 10 & 0x1fu, fraction = bits & 0x3ffu;
    if (exponent == 0x1f) /* infinity, or not a number */
        return half_of_bits(sign | 0x7f800000u | fraction << 13);
    if (exponent > 0)
        return half_of_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
    /* Denormal: fraction times 2^-24, which a float holds as a normal number. */
    const float magnitude = (float)fraction * 0x1p-24f;
    return sign ? -magnitude : magnitude;
}

#endif
