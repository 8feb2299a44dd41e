#ifndef VIT_TOTALS_H
#define VIT_TOTALS_H

#include "vit/partition.h"
#include "vit/slices.h"
#include "vit/vit.h"
#include <stdbool.h>

/* Small values of all ranks brought together at the end of a step or an evaluation, summed in the
 * one order of summation. */
typedef struct Totals Totals;

/* Local. STATUS_INTERNAL: out of memory, *totals is NULL. */
Status totals_init(Totals **totals, const Ranks *ranks, const Partition *partition);
void totals_free(Totals *totals);

/* What a rank tells, and what all learn of all. */
typedef struct TotalsReport {
    double loss; /* sum over the images, on all ranks the same bits */
    uint64_t hits, top5_hits;
    uint64_t coverage;   /* sum of the ranks' */
    bool stop, save;     /* whether any rank wants it */
    uint64_t saved_step; /* rank 0's: of the latest save */
} TotalsReport;

/* sums: this rank's. wishes: what else this
 * rank tells, NULL for nothing; squares [partition->pieces]: of this rank's own pieces, afterwards
 * of all, or NULL. Returns the seconds that passed. Collective. */
double totals_gather(Totals *totals, const Slices *slices, const VitSums *sums,
                     const TotalsReport *wishes, double *squares, TotalsReport *report);

#endif
