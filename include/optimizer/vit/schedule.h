#ifndef VIT_SCHEDULE_H
#define VIT_SCHEDULE_H

#include "vit/job.h"
#include <stdint.h>

/* The learning rate that is in force in step number `step`, from 0. Local. */
double schedule_rate(const Job *job, uint64_t step);

#endif
