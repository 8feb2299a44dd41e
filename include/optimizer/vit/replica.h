#ifndef VIT_REPLICA_H
#define VIT_REPLICA_H

#include "vit/partition.h"

/* Whether all ranks hold the same weights after this step, a flat vector of which the fat layers'
 * kernels are not looked at (guard.h), or STATUS_INTERNAL, naming rank and tensor: memory or a
 * processor is at fault then. digest [ranks] is room. Collective; all ranks return the same. */
Status replica_check(const Ranks *ranks, const Partition *partition, const ParameterTable *table,
                     const float *weights, uint64_t step, uint64_t *digest);

#endif
