#ifndef VIT_UPDATE_H
#define VIT_UPDATE_H

#include "vit/gradient.h"
#include "vit/guard.h"
#include "vit/rule.h"

/* What a rank does with its own pieces of the gradient, on all OpenMP threads: the squares for the
 * norm, and the rule's update. Local. */

/* squares [partition->pieces]: of this rank's pieces, the sums of squares of the gradient. */
void update_squares(const Gradient *gradient, int rank, double *squares);

/* Updates this rank's pieces of the flat vector `weights` and its own states, [own_floats] each.
 * The guard is told of those that it watches over. */
void update_weights(const Gradient *gradient, int rank, const ParameterTable *table,
                    const Rule *rule, const RuleStep *step, Guard *guard, float *weights,
                    float *const state[static RULE_STATES_MOST]);

#endif
