#include "vit/adamw.h"

#include <math.h>

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
