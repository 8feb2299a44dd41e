#ifndef VIT_REPLICA_H
#define VIT_REPLICA_H

#include "vit/parameter.h"
#include "vit/ranks.h"

/* Whether all ranks hold the same weights [table->floats] after this step, or STATUS_INTERNAL,
 * naming rank and tensor: memory or a processor is at fault then. digest [ranks] is room.
 * Collective; all ranks return the same. */
Status replica_check(const Ranks *ranks, const ParameterTable *table, const float *weights,
                     uint64_t step, uint64_t *digest);

#endif
