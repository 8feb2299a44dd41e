#ifndef VIT_OVERVIEW_H
#define VIT_OVERVIEW_H

#include "plan.h"

/* The plan for people: the table at the start of a run, which `--check` prints. Rank 0 shows; local
 * where nothing else is said. */

void overview_show(const Plan *plan);
/* Only what is wrong with the ranks' cores and threads. */
void overview_show_advice(const Plan *plan);
/* How long the job may take: an estimate, for which all ranks measure what their cores can do at
 * most, in less than 0.2 s. Collective. */
void overview_show_time(const Plan *plan);

#endif
