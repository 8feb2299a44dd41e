#ifndef VIT_KERNEL_VECTOR_H
#define VIT_KERNEL_VECTOR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#endif

/* Vectors of this build's instruction set. Arithmetic is C's own operators on them; here is what C
 * has no operator for. Everything is inlined into the kernels. */

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX2__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif

typedef float Vector __attribute__((vector_size(LANES * sizeof(float))));
typedef int32_t VectorInt __attribute__((vector_size(LANES * sizeof(int32_t))));
typedef uint32_t VectorBits __attribute__((vector_size(LANES * sizeof(uint32_t))));
typedef uint8_t VectorByte __attribute__((vector_size(LANES * sizeof(uint8_t))));
typedef uint16_t VectorHalf __attribute__((vector_size(LANES * sizeof(uint16_t))));

#if defined(__AVX512F__)
typedef __mmask16 Mask;
#else
typedef VectorInt Mask;
#endif

#define VECTOR_INLINE __attribute__((always_inline)) static inline

VECTOR_INLINE Vector vector_load(const float *from) {
    Vector v;
    memcpy(&v, from, sizeof v);
    return v;
}

VECTOR_INLINE void vector_store(float *to, Vector v) {
    memcpy(to, &v, sizeof v);
}

VECTOR_INLINE Vector vector_of(float value) {
    return value - (Vector){0};
}

/* The first count < LANES floats; `fill` elsewhere. */
VECTOR_INLINE Vector vector_load_part(const float *from, size_t count, float fill) {
    Vector v = vector_of(fill);
    memcpy(&v, from, count * sizeof(float));
    return v;
}

VECTOR_INLINE void vector_store_part(float *to, size_t count, Vector v) {
    memcpy(to, &v, count * sizeof(float));
}

/* The first lanes <= LANES floats; zeros elsewhere. Where `lanes` is a constant, without a branch.
 */
VECTOR_INLINE Vector vector_load_lanes(const float *from, size_t lanes) {
    return lanes == LANES ? vector_load(from) : vector_load_part(from, lanes, 0.0f);
}

VECTOR_INLINE void vector_store_lanes(float *to, size_t lanes, Vector v) {
    if (lanes == LANES)
        vector_store(to, v);
    else
        vector_store_part(to, lanes, v);
}

/* a > b ? a : b, so that a NaN in `a` is passed over. */
VECTOR_INLINE Vector vector_max(Vector a, Vector b) {
#if defined(__AVX512F__)
    return (Vector)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
    return (Vector)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__SSE2__)
    return (Vector)_mm_max_ps((__m128)a, (__m128)b);
#else
    for (int i = 0; i < LANES; i++)
        a[i] = a[i] > b[i] ? a[i] : b[i];
    return a;
#endif
}

VECTOR_INLINE Vector vector_absolute(Vector a) {
    return (Vector)((VectorInt)a & INT32_MAX);
}

VECTOR_INLINE Mask vector_less(Vector a, Vector b) {
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LT_OQ);
#else
    return a < b;
#endif
}

/* !(a > b) for numbers; a NaN in `a` is above everything, one in `b` not below. */
VECTOR_INLINE Mask vector_not_above(Vector a, Vector b) {
#if defined(__AVX512F__)
    return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_LE_OQ) |
           _mm512_cmp_ps_mask((__m512)b, (__m512)b, _CMP_UNORD_Q);
#else
    return (a <= b) | (b != b); /* NOLINT(misc-redundant-expression) */
#endif
}

/* mask ? a : b. */
VECTOR_INLINE Vector vector_where(Mask mask, Vector a, Vector b) {
#if defined(__AVX512F__)
    return (Vector)_mm512_mask_blend_ps(mask, (__m512)b, (__m512)a);
#elif defined(__AVX2__)
    return (Vector)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)mask);
#else
    return (Vector)(((VectorInt)a & mask) | ((VectorInt)b & ~mask));
#endif
}

/* word < threshold, for dropout. */
VECTOR_INLINE Mask vector_words_below(const uint16_t *words, uint32_t threshold) {
    VectorHalf half;
    memcpy(&half, words, sizeof half);
    const VectorInt wide = __builtin_convertvector(half, VectorInt);
    const VectorInt limit = (int32_t)threshold - (VectorInt){0};
#if defined(__AVX512F__)
    return _mm512_cmplt_epi32_mask((__m512i)wide, (__m512i)limit);
#else
    return wide < limit;
#endif
}

/* bytes == value; fewer than LANES bytes are filled up with others. */
VECTOR_INLINE Mask vector_bytes_are(const uint8_t *bytes, size_t lanes, int32_t value) {
    VectorByte some = (uint8_t)(value + 1) - (VectorByte){0};
    memcpy(&some, bytes, lanes);
#if defined(__AVX512F__)
    const __m512i wide = _mm512_cvtepu8_epi32((__m128i)some);
    return _mm512_cmpeq_epi32_mask(wide, _mm512_set1_epi32(value));
#else
    return __builtin_convertvector(some, VectorInt) == value;
#endif
}

/* 1 / a, within 2 ulp for a in [1, 1e30]. */
VECTOR_INLINE Vector vector_reciprocal(Vector a) {
#if defined(__AVX512F__)
    const Vector near = (Vector)_mm512_rcp14_ps((__m512)a);
    return near + near * (1.0f - a * near);
#else
    return 1.0f / a;
#endif
}

/* p 2^n; n holds whole numbers, from -126 to 0 without AVX-512; p in [1/2, 2]. */
VECTOR_INLINE Vector vector_scale(Vector p, Vector n) {
#if defined(__AVX512F__)
    return (Vector)_mm512_scalef_ps((__m512)p, (__m512)n);
#else
    const Vector magic = vector_of(0x1.8p23f); /* its low bits become the whole number */
    return (Vector)((VectorBits)p + ((VectorBits)(n + magic) << 23));
#endif
}

/* To the nearest whole number, |a| < 2^22. */
VECTOR_INLINE Vector vector_round(Vector a) {
#if defined(__AVX512F__)
    return (Vector)_mm512_roundscale_ps((__m512)a, 0);
#else
    const Vector magic = vector_of(0x1.8p23f);
    return (a + magic) - magic;
#endif
}

/* e^x for x <= 0: x = n ln 2 + r with |r| <= ln 2 / 2, the polynomial of Moshier's Cephes (expf.c),
 * then 2^n. Where the result would be denormal it is 0, but with AVX-512. NaN stays NaN. */
VECTOR_INLINE Vector vector_exponential(Vector x) {
    const float lowest = LANES == 16 ? -104.0f : -87.0f;
    const Vector limited = vector_max(vector_of(lowest), x); /* a NaN in x stays */
    const Vector n = vector_round(limited * 1.44269504f);
    Vector r = limited - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    Vector p = vector_of(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + (r + 1.0f);
    const Vector result = vector_scale(p, n);
    if (LANES == 16)
        return result;
    /* vector_scale may make a number of a NaN; the difference is 0 or NaN. */
    return vector_where(vector_less(x, vector_of(lowest)), vector_of(0.0f),
                        result + (limited - limited)); /* NOLINT(misc-redundant-expression) */
}

/* Sums or maxima of LANES vectors at once: lane i of the result is that of vector[i]. A tree over
 * neighbouring lanes. */
#if defined(__AVX512F__)
#define VECTOR_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define VECTOR_ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#elif defined(__AVX2__)
#define VECTOR_EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define VECTOR_ODD 1, 3, 5, 7, 9, 11, 13, 15
#else
#define VECTOR_EVEN 0, 2, 4, 6
#define VECTOR_ODD 1, 3, 5, 7
#endif

VECTOR_INLINE Vector vector_sums(Vector vector[static LANES]) {
    for (int count = LANES; count > 1; count /= 2)
        for (int i = 0; i < count; i += 2)
            vector[i / 2] = __builtin_shufflevector(vector[i], vector[i + 1], VECTOR_EVEN) +
                            __builtin_shufflevector(vector[i], vector[i + 1], VECTOR_ODD);
    return vector[0];
}

VECTOR_INLINE Vector vector_maxima(Vector vector[static LANES]) {
    for (int count = LANES; count > 1; count /= 2)
        for (int i = 0; i < count; i += 2)
            vector[i / 2] =
                vector_max(__builtin_shufflevector(vector[i], vector[i + 1], VECTOR_EVEN),
                           __builtin_shufflevector(vector[i], vector[i + 1], VECTOR_ODD));
    return vector[0];
}

#endif
