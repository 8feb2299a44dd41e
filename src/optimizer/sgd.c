#include "vit/sgd.h"

static RuleTerms terms_of(const RuleStep *step, double decay) {
    return (RuleTerms){.sgd = {.gradient_scale = (float)step->gradient_scale,
                               .momentum = (float)step->job->momentum,
                               .decay = (float)decay,
                               .rate = (float)step->learning_rate}};
}

RuleTerms sgd_tfa_terms(const RuleStep *step) {
    return terms_of(step, step->job->weight_decay);
}

RuleTerms sgd_torch_terms(const RuleStep *step) {
    return terms_of(step, step->job->weight_decay * step->learning_rate);
}

/* decay_scale: of the decay. */
static void update(const RuleTerms *terms, const RulePiece *piece, float decay_scale) {
    SgdTerms sgd = terms->sgd;
    sgd.rate *= piece->rate_scale;
    sgd.decay *= piece->decays ? decay_scale : 0.0f;
    kernels_best()->sgd(piece->floats, sgd, piece->gradient, piece->weights, piece->state[0]);
}

void sgd_tfa_update(const RuleTerms *terms, const RulePiece *piece) {
    update(terms, piece, 1.0f);
}

void sgd_torch_update(const RuleTerms *terms, const RulePiece *piece) {
    update(terms, piece, piece->rate_scale);
}
