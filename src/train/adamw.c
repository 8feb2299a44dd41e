#include "vit/adamw.h"

#include "vit/phase.h"
#include <math.h>

/* What a thread takes at a time; borders do not move with the number of threads. */
enum { PIECE = 1 << 14 };

AdamwTerms adamw_terms(const Job *job, uint64_t t, double gradient_scale) {
    const double correction1 = 1.0 - pow(job->beta1, (double)t);
    const double correction2 = 1.0 - pow(job->beta2, (double)t);
    const bool torch = job->decay_rule == DECAY_TORCH;
    const double rate = job->learning_rate / correction1 * (torch ? 1.0 : sqrt(correction2));
    return (AdamwTerms){
        .gradient_scale = (float)gradient_scale,
        .gain1 = (float)(1.0 - job->beta1),
        .gain2 = (float)(1.0 - job->beta2),
        .decay = (float)(job->weight_decay * (torch ? job->learning_rate : 1.0)),
        .rate = (float)rate,
        .root_scale = (float)(torch ? 1.0 / sqrt(correction2) : 1.0),
        .epsilon = (float)job->epsilon,
    };
}

void adamw_apply(AdamwTerms terms, size_t floats, const float *gradient, float *weights,
                 float *first_moment, float *second_moment) {
    const Kernels *kernels = kernels_best();
    const Phase phase = phase_current();
#pragma omp parallel
    {
        phase_begin(phase);
#pragma omp for schedule(static) nowait
        for (size_t i = 0; i < floats; i += PIECE) {
            const size_t n = floats - i < PIECE ? floats - i : PIECE;
            kernels->adamw(n, terms, gradient + i, weights + i, first_moment + i,
                           second_moment + i);
        }
        phase_begin(PHASE_WAIT);
    }
    phase_begin(phase);
}
