#ifndef VIT_EPOCH_ORDER_H
#define VIT_EPOCH_ORDER_H

#include <stddef.h>
#include <stdint.h>

/* order[count] = the permutation of 0..count-1 for an epoch (from 0): Fisher-Yates from the back,
 * number i exchanged with one drawn from block i of the stream (seed, RANDOM_EPOCH_ORDER, epoch).
 * The same for any number of ranks. Local. */
void epoch_order(uint64_t seed, uint64_t epoch, size_t count, uint32_t *order);

#endif
