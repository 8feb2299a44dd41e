#ifndef VIT_TRAINER_H
#define VIT_TRAINER_H

#include "input.h"
#include "pace.h"
#include "report.h"
#include "vit/history.h"

/* What computes: the pictures, the model with its weights, and the optimizer that changes them.
 * step.h trains with it, evaluation.h looks at what it has learnt. */
typedef struct Trainer {
    const Plan *plan;
    Input input;
    Vit *vit;
    float *weights;         /* flat vector; parts of it are under way between steps, and the fat
                               layers' rows of other ranks are never touched */
    FatLayers *layers;      /* the head's, whose rows the ranks share */
    Optimizer *optimizer;   /* NULL where nothing is trained */
    Report *report;         /* what the ranks tell each other at the end of a step */
    Slices evaluated;       /* of a split */
    double evaluation_rate; /* images/s of the latest evaluation; 0: none yet */
    Pace pace;              /* of this rank's own work; whoever reads it may set it back */
} Trainer;

/* Memory, and this rank's shards. training: else only evaluation is possible. Weights are zero.
 * Collective, all ranks return the same; errors as input_init. trainer_free accepts what is left,
 * and {0}. */
Status trainer_init(Trainer *trainer, const Plan *plan, bool training);
/* Collective. */
void trainer_free(Trainer *trainer);

/* Seconds that this rank has waited for others since trainer_init; of a trainer that trains.
 * Local. */
Waits trainer_waits(const Trainer *trainer);

#endif
