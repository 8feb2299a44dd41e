#ifndef VIT_COLLECTION_H
#define VIT_COLLECTION_H

#include "vit/partition.h"
#include "vit/ranks.h"

/* A state of the optimizer between the ranks, each of which holds that of what it updates (own
 * [partition->own_floats]), and rank 0, which has it whole (full: a flat vector; not looked at on
 * the others). Blocking. Collective. */

/* What lies in the gaps between tensors travels along. */
void collection_gather(const Ranks *ranks, const Partition *partition, const float *own,
                       float *full);
void collection_deal(const Ranks *ranks, const Partition *partition, const float *full, float *own);

#endif
