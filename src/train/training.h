#ifndef VIT_TRAINING_H
#define VIT_TRAINING_H

#include "display.h"
#include "saver.h"
#include "trainer.h"
#include "vit/checkpoint.h"

/* A run that trains: what computes, what saves, and where the run is. loop.h takes it from there to
 * the end; epoch.h and finish.h are what happens at the borders. */
typedef struct Training {
    const Plan *plan;
    Trainer trainer;
    Saver saver;
    Display display;
    Progress progress;
    History history;  /* rank 0 */
    StepTimes times;  /* of the steps that this process took */
    Pace *paces;      /* [ranks] room for all ranks' */
    size_t bad_steps; /* skipped in a row */
} Training;

/* Memory, and this rank's shards. saves: with room for snapshots; without, the job must not ask for
 * any save. Collective, all ranks return the same; errors as trainer_init. The structure must stay
 * where it is. training_free accepts what is left. */
Status training_init(Training *training, const Plan *plan, bool saves);
/* Collective. Whatever is being written is finished first. */
void training_free(Training *training);

/* Until all weights are there, since the last step's may still be under way; the epoch's seconds
 * and waits count it. Collective. */
void training_settle(Training *training);

/* Adds to the epoch's waits what this rank has waited since `before` (trainer_waits). Local. */
void training_add_waits(Training *training, Waits before);

/* Whether max_steps ends it here; whether there are steps to take before epochs and max_steps are
 * used up. Local. */
bool training_steps_used_up(const Training *training);
bool training_work_is_left(const Training *training);

/* --digest: "Weights SHA-256: <hex>" and, where the job averages them, "Averaged weights SHA-256:
 * <hex>", by rank 0; "Epoch 3 weights SHA-256: <hex>" of an epoch, from 1. Collective; wants
 * settled weights. */
void training_log_digest(Training *training, uint64_t epoch);

#endif
