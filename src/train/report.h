#ifndef VIT_REPORT_H
#define VIT_REPORT_H

#include "vit/partition.h"
#include "vit/slices.h"
#include "vit/vit.h"
#include <stdbool.h>

/* Small values of all ranks brought together at the end of a step or an evaluation, summed in the
 * one order of summation: the agreement after which all ranks act alike. */
typedef struct Report Report;

/* Doubles of a rank's message beside its losses (one for each of its nodes of images) and the
 * squares of its pieces. */
enum { REPORT_FIXED = 6 };

/* Local. STATUS_INTERNAL: out of memory, *report is NULL. */
Status report_init(Report **report, const Ranks *ranks, const Partition *partition);
void report_free(Report *report);

/* What a rank tells beside its sums. */
typedef struct ReportWishes {
    bool stop, save;
    uint64_t saved_step; /* of the latest save; rank 0's counts */
    uint64_t coverage;   /* digest of the samples used: epoch_coverage */
} ReportWishes;

/* What all learn of all; the same bits on all ranks. */
typedef struct ReportSums {
    double loss; /* sum over the images */
    uint64_t hits, top5_hits;
    uint64_t coverage; /* sum of the ranks' */
    bool stop, save;   /* whether any rank wishes it */
    uint64_t saved_step;
} ReportSums;

/* sums: this rank's, of its slice. wishes: NULL for none; squares [partition->pieces]: of this
 * rank's own pieces, afterwards of all, or NULL. Collective. */
void report_gather(Report *report, const Slices *slices, const VitSums *sums,
                   const ReportWishes *wishes, double *squares, ReportSums *all);

/* Seconds that this rank has waited in report_gather since report_init. Local. */
double report_waited(const Report *report);

#endif
