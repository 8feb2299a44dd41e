#ifndef VIT_TRAINED_MODEL_H
#define VIT_TRAINED_MODEL_H

#include "vit/checkpoint.h"

/* All that a checkpoint tells of what was trained: the model with its weights, how it came about,
 * and the data that it is for. For programs that use a model and do not go on training it. */
typedef struct TrainedModel {
    Job job;
    char *job_text; /* resolved */
    ModelShape shape;
    ParameterTable table;
    float *weights; /* flat vector: those that are judged */
    bool averaged;  /* they are the averages of the trained ones, which the checkpoint has, too */
    Progress progress;   /* of the run when it was written */
    History history;     /* as far as it was then */
    BuildInfo build;     /* of the program that wrote it */
    CheckpointData data; /* its channels are 0 where the file, of a release before 0.4.0, does not
                            know how to feed the model */
} TrainedModel;

/* Reads and verifies a checkpoint of any model. Fails as checkpoint_read; STATUS_INTERNAL: out of
 * memory. Local. trained_model_free accepts what is left, and {0}. */
Status trained_model_read(TrainedModel *model, const char *path);
void trained_model_free(TrainedModel *model);

#endif
