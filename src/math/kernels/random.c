#include "set.h"

/* Philox4x32-10, sixteen blocks side by side. The same values as random_block, which is
 * Random123's. */

enum { LANES = 16, ROUNDS = 10 };

static inline void multiply_wide(uint32_t a, uint32_t b, uint32_t *high, uint32_t *low) {
    uint64_t product = (uint64_t)a * b;
    *high = (uint32_t)(product >> 32);
    *low = (uint32_t)product;
}

void KERNEL(dropout_words)(RandomStream stream, size_t groups, uint16_t *words) {
    for (size_t group = 0; group < groups; group++) {
        uint16_t *out = words + group * DROPOUT_GROUP;
        const uint32_t first = (uint32_t)group * LANES;
#pragma omp simd
        for (uint32_t lane = 0; lane < LANES; lane++) {
            uint32_t c0 = first + lane, c1 = stream.who, c2 = stream.when, c3 = stream.where;
            uint32_t k0 = (uint32_t)stream.seed, k1 = (uint32_t)(stream.seed >> 32);
#pragma GCC unroll 10
            for (int round = 0; round < ROUNDS; round++) {
                uint32_t high0, low0, high1, low1;
                multiply_wide(0xD2511F53u, c0, &high0, &low0);
                multiply_wide(0xCD9E8D57u, c2, &high1, &low1);
                c0 = high1 ^ c1 ^ k0;
                c1 = low1;
                c2 = high0 ^ c3 ^ k1;
                c3 = low0;
                k0 += 0x9E3779B9u;
                k1 += 0xBB67AE85u;
            }
            out[lane] = (uint16_t)c0;
            out[16 + lane] = (uint16_t)(c0 >> 16);
            out[32 + lane] = (uint16_t)c1;
            out[48 + lane] = (uint16_t)(c1 >> 16);
            out[64 + lane] = (uint16_t)c2;
            out[80 + lane] = (uint16_t)(c2 >> 16);
            out[96 + lane] = (uint16_t)c3;
            out[112 + lane] = (uint16_t)(c3 >> 16);
        }
    }
}

void KERNEL(dropout)(size_t n, float *x, Dropout dropout) {
    if (!dropout.words)
        return;
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        x[i] *= dropout.words[i] < dropout.threshold ? dropout.scale : 0.0f;
}
