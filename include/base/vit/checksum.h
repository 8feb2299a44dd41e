#ifndef VIT_CHECKSUM_H
#define VIT_CHECKSUM_H

#include "vit/hash.h"
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A quick checksum of the bits of some floats, which any one changed bit changes, and almost any
 * other change: Fletcher's two sums (IEEE Trans. Comm. 30, 1982) in each of 16 lanes, and a hash of
 * these. Only for comparing within a run. Local. */
enum { CHECKSUM_LANES = 4, CHECKSUM_WAYS = 4, CHECKSUM_BLOCK = CHECKSUM_LANES * CHECKSUM_WAYS };
typedef uint32_t ChecksumLanes __attribute__((vector_size(CHECKSUM_LANES * sizeof(uint32_t))));

typedef struct Checksum {
    ChecksumLanes first[CHECKSUM_WAYS], second[CHECKSUM_WAYS];
} Checksum;

/* The next CHECKSUM_BLOCK floats. */
static inline void checksum_add(Checksum *sum, const void *values) {
    ChecksumLanes bits[CHECKSUM_WAYS];
    memcpy(bits, values, sizeof bits);
    for (int w = 0; w < CHECKSUM_WAYS; w++) {
        sum->first[w] += bits[w];
        sum->second[w] += sum->first[w];
    }
}

static inline uint64_t checksum_floats(const float *values, size_t count) {
    const size_t whole = count / CHECKSUM_BLOCK * CHECKSUM_BLOCK;
    float rest[CHECKSUM_BLOCK] = {0};
    Checksum sum = {0};
    for (size_t i = 0; i < whole; i += CHECKSUM_BLOCK)
        checksum_add(&sum, values + i);
    memcpy(rest, values + whole, (count - whole) * sizeof *values);
    checksum_add(&sum, rest);
    return hash_add(HASH_START, &sum, sizeof sum);
}

#endif
