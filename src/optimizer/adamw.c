#include "vit/adamw.h"

#include <math.h>

/* rate, root_scale and decay are what the two rules differ in. */
static RuleTerms terms_of(const RuleStep *step, double rate, double root_scale, double decay) {
    const Job *job = step->job;
    return (RuleTerms){.adamw = {.gradient_scale = (float)step->gradient_scale,
                                 .gain1 = (float)(1.0 - job->beta1),
                                 .gain2 = (float)(1.0 - job->beta2),
                                 .decay = (float)decay,
                                 .rate = (float)rate,
                                 .root_scale = (float)root_scale,
                                 .epsilon = (float)job->epsilon}};
}

/* 1 - beta^t: how much of a mean from zero on is there after t updates. */
static double correction(double beta, uint64_t t) {
    return 1.0 - pow(beta, (double)t);
}

RuleTerms adamw_tfa_terms(const RuleStep *step) {
    const double rate = step->learning_rate / correction(step->job->beta1, step->count) *
                        sqrt(correction(step->job->beta2, step->count));
    return terms_of(step, rate, 1.0, step->job->weight_decay);
}

RuleTerms adamw_torch_terms(const RuleStep *step) {
    const double rate = step->learning_rate / correction(step->job->beta1, step->count);
    return terms_of(step, rate, 1.0 / sqrt(correction(step->job->beta2, step->count)),
                    step->job->weight_decay * step->learning_rate);
}

/* decay_scale: of the decay. */
static void update(const RuleTerms *terms, const RulePiece *piece, float decay_scale) {
    AdamwTerms adamw = terms->adamw;
    adamw.rate *= piece->rate_scale;
    adamw.decay *= piece->decays ? decay_scale : 0.0f;
    kernels_best()->adamw(piece->floats, adamw, piece->gradient, piece->weights, piece->state[0],
                          piece->state[1]);
}

void adamw_tfa_update(const RuleTerms *terms, const RulePiece *piece) {
    update(terms, piece, 1.0f);
}

void adamw_torch_update(const RuleTerms *terms, const RulePiece *piece) {
    update(terms, piece, piece->rate_scale);
}
