#ifndef VIT_EPOCH_ORDER_H
#define VIT_EPOCH_ORDER_H

#include "vit/samples.h"
#include <stddef.h>
#include <stdint.h>

/* order[count] = the permutation of 0..count-1 for an epoch (from 0): Fisher-Yates from the back,
 * number i exchanged with one drawn from block i of the stream (seed, RANDOM_EPOCH_ORDER, epoch).
 * The same for any number of ranks. Local. */
void epoch_order(uint64_t seed, uint64_t epoch, size_t count, uint32_t *order);

/* A digest of samples that were used, in any order: the sum modulo 2^64 of a mixed sample[i] (one
 * round of splitmix64, Steele et al. 2014). Digests of parts add up to that of all; a sample that
 * is missing or used twice changes it. Local. */
uint64_t epoch_coverage(const uint32_t *sample, size_t count);
/* That of all of these, each once. */
uint64_t epoch_coverage_of_all(const Samples *samples);

#endif
