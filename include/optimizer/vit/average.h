#ifndef VIT_AVERAGE_H
#define VIT_AVERAGE_H

#include "vit/partition.h"

/* Averaged weights e: an exponential moving average of the weights w (Polyak and Juditsky 1992),
 * which begins as these do, and that remembers less at first, as timm's ModelEmaV3 does. After
 * update number t, from 1:
 *
 *   e += g (w - e),   g = 1 - min(decay, 1 - (1 + t)^(-2/3))
 *
 * A rank keeps those of the weights that it updates, [partition->own_floats]. Local. */

/* g. */
double average_gain(double decay, uint64_t count);

/* This rank's part of the flat vector `weights` into average. */
void average_begin(const Partition *partition, int rank, const float *weights, float *average);
/* Exchanges them. */
void average_swap(const Partition *partition, int rank, float *weights, float *average);

#endif
