#ifndef VIT_CHECKSUM_H
#define VIT_CHECKSUM_H

#include "vit/hash.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A quick checksum of the bits of some floats, which any one changed bit changes, and almost any
 * other change: Fletcher's two sums (IEEE Trans. Comm. 30, 1982) in each of 16 lanes, which a
 * compiler turns into vectors, and a hash of these. Only for comparing within a run. Local. */
enum { CHECKSUM_LANES = 16 };
typedef struct Checksum {
    uint32_t first[CHECKSUM_LANES], second[CHECKSUM_LANES];
} Checksum;

static inline void checksum_add(Checksum *sum, const uint32_t bits[static CHECKSUM_LANES]) {
    for (size_t l = 0; l < CHECKSUM_LANES; l++) {
        sum->first[l] += bits[l];
        sum->second[l] += sum->first[l];
    }
}

static inline uint64_t checksum_floats(const float *values, size_t count) {
    const size_t whole = count / CHECKSUM_LANES * CHECKSUM_LANES;
    uint32_t bits[CHECKSUM_LANES];
    Checksum sum = {0};
    for (size_t i = 0; i < whole; i += CHECKSUM_LANES) {
        memcpy(bits, values + i, sizeof bits);
        checksum_add(&sum, bits);
    }
    memset(bits, 0, sizeof bits);
    memcpy(bits, values + whole, (count - whole) * sizeof *values);
    checksum_add(&sum, bits);
    return hash_add(HASH_START, &sum, sizeof sum);
}

#endif
