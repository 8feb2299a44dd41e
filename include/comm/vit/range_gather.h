#ifndef VIT_RANGE_GATHER_H
#define VIT_RANGE_GATHER_H

#include "vit/ranks.h"

/* Brings the parts of a vector that the ranks own to all ranks, while other things are computed.
 * Part r is [border[r], border[r + 1]); border [ranks + 1] must stay valid, and may change while
 * nothing is under way. One vector at a time. */
typedef struct RangeGather RangeGather;

/* Collective; all ranks return the same, STATUS_INTERNAL when one is out of memory, *gather is then
 * NULL. */
Status range_gather_init(RangeGather **gather, const Ranks *ranks, const size_t *border);
/* Collective. Accepts NULL. */
void range_gather_free(RangeGather *gather);

/* This rank's part of the vector is final; the others' will appear in it. The vector may not be
 * touched until wait. Collective in order. */
void range_gather_post(RangeGather *gather, float *vector);
/* Moves what is under way; to be called often. Local. */
void range_gather_progress(RangeGather *gather);
/* Until all parts are there; at once when nothing is under way. Returns the seconds that passed. */
double range_gather_wait(RangeGather *gather);

#endif
