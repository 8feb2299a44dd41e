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

/* The same for the weights, flat vectors everywhere, of which each rank has all but the fat layers'
 * rows of the others. On rank 0 full may be its weights. */
void collection_gather_weights(const Ranks *ranks, const Partition *partition, const float *weights,
                               float *full);
void collection_deal_weights(const Ranks *ranks, const Partition *partition, const float *full,
                             float *weights);

#endif
