#ifndef VIT_SCHEDULE_H
#define VIT_SCHEDULE_H

#include "vit/job.h"
#include <stddef.h>
#include <stdint.h>

/* The learning rate that is in force in step number t = `step`, from 0, of a run whose epochs have
 * epoch_steps steps. With W = warmup_epochs * epoch_steps and N = job_schedule_epochs *
 * epoch_steps:
 *
 *   t < W            start + (rate - start) t / W, linear (Goyal et al. 2017), start the job's
 *                    warmup_learning_rate
 *   constant         rate
 *   cosine, t < N    final + (rate - final) (1 + cos(pi (t - W) / (N - W))) / 2 (Loshchilov and
 *                    Hutter 2017), final the job's final_learning_rate
 *   cosine, t >= N   final
 *
 * A function of its arguments alone, so that it is the same on all ranks and after going on. Local.
 */
double schedule_rate(const Job *job, size_t epoch_steps, uint64_t step);

#endif
