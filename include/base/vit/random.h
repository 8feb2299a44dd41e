#ifndef VIT_RANDOM_H
#define VIT_RANDOM_H

#include <stdint.h>

/* Counter-based random numbers: Philox4x32-10 (Salmon et al., SC'11; Random123). A value is a
 * function of what it is for, never of rank, thread or call order. Stateless, local. */

/* What a number is for: the top byte of the counter's last word. Numbers are part of every result:
 * append, never renumber. */
typedef enum RandomPurpose {
    RANDOM_INITIAL_VALUES = 1, /* where: tensor number */
    RANDOM_EPOCH_ORDER = 2,    /* when: epoch */
    RANDOM_AUGMENT = 3,        /* when: epoch, who: sample */
    RANDOM_DROPOUT = 4,        /* when: step, who: sample, where: dropout site */
    RANDOM_SYNTH = 5,          /* who: sample, where: split */
    RANDOM_MIX = 6,            /* when: epoch, who: the unit's first sample */
    RANDOM_CROP = 7,           /* when: epoch, who: sample */
    RANDOM_RAND_AUGMENT = 8,   /* when: epoch, who: sample */
    RANDOM_ERASING = 9         /* when: epoch, who: sample, where: 0 the rectangle, 1 its noise */
} RandomPurpose;

/* A stream of 2^32 blocks of four 32-bit words. */
typedef struct RandomStream {
    uint64_t seed;
    uint32_t when;  /* epoch or step */
    uint32_t who;   /* sample number in the data set */
    uint32_t where; /* purpose << 24 | site within the purpose (24 bits) */
} RandomStream;

RandomStream random_stream(uint64_t seed, RandomPurpose purpose, uint64_t when, uint64_t who,
                           uint32_t site);

/* The block with the given number: Philox4x32-10 of counter {block, who, when, where} under the key
 * {seed low, seed high}. */
void random_block(RandomStream stream, uint32_t block, uint32_t words[static 4]);

/* Uniform in [0, 1) with 24 bits, exact in float. */
static inline float random_unit(uint32_t word) {
    return (float)(word >> 8) * 0x1p-24f;
}

/* Four standard normal numbers from a block (Box and Muller 1958). */
void random_normals(RandomStream stream, uint32_t block, double normal[static 4]);

/* Uniform in {0, ..., bound-1}, bound > 0, from 64 random bits (multiply-shift; bias < bound/2^64).
 */
static inline uint64_t random_below(uint32_t high, uint32_t low, uint64_t bound) {
    unsigned __int128 product = (unsigned __int128)((uint64_t)high << 32 | low) * bound;
    return (uint64_t)(product >> 64);
}

#endif
