#include "vit/schedule.h"

#include <math.h>

double schedule_rate(const Job *job, size_t epoch_steps, uint64_t step) {
    static const double pi = 3.14159265358979323846;
    const double t = (double)step, steps = (double)epoch_steps;
    const double warm = job->warmup_epochs * steps;
    const double end = (double)job_schedule_epochs(job) * steps;
    const double top = job->learning_rate;
    if (t < warm)
        return job->warmup_learning_rate + (top - job->warmup_learning_rate) * t / warm;
    if (job->schedule == SCHEDULE_CONSTANT)
        return top;
    if (t >= end)
        return job->final_learning_rate;
    const double height = 0.5 * (1.0 + cos(pi * (t - warm) / (end - warm)));
    return job->final_learning_rate + (top - job->final_learning_rate) * height;
}
