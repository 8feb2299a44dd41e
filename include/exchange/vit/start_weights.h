#ifndef VIT_START_WEIGHTS_H
#define VIT_START_WEIGHTS_H

#include "vit/job.h"
#include "vit/start_report.h"

/* The model that wants weights. */
typedef struct StartModel {
    const Job *job;
    const ModelShape *shape;
    const ParameterTable *table;
    const CheckpointData *data; /* with the names of its classes; classes 0: not known */
} StartModel;

/* The weights that a new run begins with, from a checkpoint of ours or from a safetensors file
 * under our own names, timm's (VisionTransformer) or Hugging Face's (ViT, of releases 4.x and 5.x),
 * as F32, F16, BF16 or F64.
 *
 * weights: a flat vector that has its initial values. Tensors are taken by name. Positions of
 * another grid are resized (positions.h); what belongs to the head, positions of a model that had
 * none, and the head's layers after a new one stay new where the file has nothing of their shape,
 * and the last layer, if new, is zero. It is new, too, where the file tells the names of its
 * classes, as checkpoints and what vit_export makes of them do, and they are not this run's, in
 * this order. A row of positions that a class token has in files of others is added to it, which is
 * the same model. How many heads there are files of others do not tell: the job does. Those of ours
 * do, in their note "vit_mpi.job".
 *
 * report: the caller's to free, also on error. Local. STATUS_DATA: the file is of another model
 * (names each key, or tensor, that differs, and both values or shapes), has tensors that change
 * what a model does and have no place in this one, has a value that is not finite, or is damaged;
 * STATUS_IO: it cannot be read; STATUS_INTERNAL: out of memory. */
Status start_weights_read(const char *path, const StartModel *model, float *weights,
                          StartReport *report);

#endif
