#ifndef VIT_RULE_H
#define VIT_RULE_H

#include "vit/job.h"
#include "vit/kernels.h"
#include "vit/parameter.h"
#include <stddef.h>
#include <stdint.h>

/* The rules by which weights are updated: one row of a table each, which says all that the rest of
 * the program needs to know of it. A checkpoint stores the states under their names, a rank holds
 * them for what it updates only, and pieces are divided as the row wants them. */

enum { RULE_STATES_MOST = 4 };

/* What may be updated in one go, and by different ranks. */
typedef enum RulePieces {
    RULE_ANY_PIECES,   /* each value by itself: a tensor may be divided anywhere */
    RULE_WHOLE_TENSORS /* a tensor is one piece, as rules need that look at whole matrices */
} RulePieces;

/* What is the same for all pieces of one update. */
typedef struct RuleStep {
    const Job *job;
    uint64_t count;        /* of updates, this one included: t, from 1 */
    double learning_rate;  /* in force: schedule.h */
    double gradient_scale; /* of clipping; the gradient is taken times it */
} RuleStep;

/* What a rule makes of that once, before the first piece. */
typedef union RuleTerms {
    AdamwTerms adamw;
    SgdTerms sgd;
    double value[8]; /* for a rule without a kernel of its own */
} RuleTerms;

/* A piece of one tensor: the gradient of the mean loss, the weights, and the rule's states of it.
 */
typedef struct RulePiece {
    const Parameter *entry;
    bool decays;      /* rule_decays */
    float rate_scale; /* layer_decay_scales: of the learning rate */
    size_t floats;
    const float *gradient;          /* [floats] */
    float *weights;                 /* [floats] */
    float *state[RULE_STATES_MOST]; /* [floats] each; zero before the first update */
} RulePiece;

typedef struct Rule {
    const char *name;
    size_t states;
    const char *state[RULE_STATES_MOST]; /* names in checkpoints: /optimizer/<name> */
    RulePieces pieces;
    RuleTerms (*terms)(const RuleStep *step);
    /* Updates weights and states. By one thread, any piece by any; the result must depend on its
     * arguments only. */
    void (*update)(const RuleTerms *terms, const RulePiece *piece);
} Rule;

/* The rule that a job asks for. Local. */
const Rule *rule_of_job(const Job *job);

/* Whether the job's weight decay is for that tensor: for every one or, with decay = kernels, for
 * those that multiply something, whose name ends in /kernel. Local. */
bool rule_decays(const Job *job, const Parameter *entry);

#endif
