#ifndef VIT_EVALUATION_H
#define VIT_EVALUATION_H

#include "trainer.h"

/* What an evaluation found; NaN when there were no images. */
typedef struct Evaluation {
    double loss, accuracy, top5_accuracy; /* mean; fractions */
} Evaluation;

/* Weights (a flat vector, of which a rank needs what it has in training) on all images of a split,
 * without augmentation or dropout, no sample counted twice. Collective; the same values on all
 * ranks. Sets trainer->evaluation_rate where there were images. */
Evaluation evaluation_run(Trainer *trainer, const float *weights, const Shard *shard);

/* The same, and what the model answers: logits [shard->count, classes] of this rank's images. */
Evaluation evaluation_answers(Trainer *trainer, const float *weights, const Shard *shard,
                              float *logits);

/* The same of a training's settled weights as they are judged: of their averages, where the job has
 * some. The weights are as before then. */
Evaluation evaluation_judge(Trainer *trainer, const Shard *shard);

#endif
