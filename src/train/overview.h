#ifndef VIT_OVERVIEW_H
#define VIT_OVERVIEW_H

#include "plan.h"

/* The plan for people: the table at the start of a run, which `--check` prints. Rank 0 shows;
 * local. */

void overview_show(const Plan *plan);
/* Only what is wrong with the ranks' cores and threads. */
void overview_show_advice(const Plan *plan);

#endif
