#ifndef VIT_GUARD_H
#define VIT_GUARD_H

#include "vit/partition.h"

/* Watches over the weights of which no other rank has a copy, the fat layers' rows: a checksum of
 * each piece, taken when the piece was written, tells whether it still has these bits when it is
 * read to be updated, or checked. So that a fault of memory is seen at the next check, like one in
 * weights that all ranks have (replica.h). */
typedef struct Guard {
    const Partition *partition;
    uint64_t
        *sum;     /* [partition->pieces] of this rank's pieces of fat layers, once they are known */
    bool *known;  /* [partition->pieces] */
    bool *broken; /* [partition->pieces] had other bits than it was left with */
} Guard;

/* Nothing is known yet: a piece is watched from its first update on. Local. STATUS_INTERNAL: out of
 * memory; guard_free accepts what is left. */
Status guard_init(Guard *guard, const Partition *partition);
void guard_free(Guard *guard);

/* Before and after piece number `piece`, one of this rank's of a fat layer, is written; its weights
 * [piece->floats]. Threads may tell of different pieces at a time. Local. */
void guard_before(Guard *guard, size_t piece, const float *weights);
void guard_after(Guard *guard, size_t piece, const float *weights);

/* Whether this rank's pieces of the flat vector `weights` have the bits that they were left with
 * after this step and all before it, or STATUS_INTERNAL, naming the tensor. Local. */
Status guard_check(Guard *guard, int rank, const ParameterTable *table, const float *weights,
                   uint64_t step);

#endif
