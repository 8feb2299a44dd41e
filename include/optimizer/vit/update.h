#ifndef VIT_UPDATE_H
#define VIT_UPDATE_H

#include "vit/gradient.h"
#include "vit/guard.h"
#include "vit/rule.h"

/* What a rank does with its own pieces of the gradient, on all OpenMP threads: the squares for the
 * norm, and the rule's update. Local. */

/* squares [partition->pieces]: of this rank's pieces, the sums of squares of the gradient. */
void update_squares(const Gradient *gradient, int rank, double *squares);

/* By what an update goes: the rule, and what it is told of each tensor. */
typedef struct UpdateRule {
    const Rule *rule;
    const ParameterTable *table;
    const float *rate_scale; /* [table->count]: layer_decay.h */
} UpdateRule;

/* What an update changes: of a flat vector of weights this rank's pieces, and what it keeps of
 * them, [partition->own_floats] each. */
typedef struct UpdateTarget {
    float *weights;
    float *state[RULE_STATES_MOST]; /* of the rule */
    float *average;                 /* of the weights (average.h), or NULL */
} UpdateTarget;

/* The guard is told of the pieces that it watches over. */
void update_weights(const Gradient *gradient, int rank, const UpdateRule *rule,
                    const RuleStep *step, Guard *guard, const UpdateTarget *target);

#endif
