#ifndef VIT_SCHEDULE_H
#define VIT_SCHEDULE_H

#include "vit/job.h"
#include <stddef.h>
#include <stdint.h>

/* The learning rate that is in force in step number `step`, from 0, of a run whose epochs have
 * epoch_steps steps. A function of its arguments alone, so that it is the same on all ranks and
 * after going on. Local. */
double schedule_rate(const Job *job, size_t epoch_steps, uint64_t step);

#endif
