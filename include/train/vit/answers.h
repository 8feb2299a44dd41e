#ifndef VIT_ANSWERS_H
#define VIT_ANSWERS_H

#include "vit/arithmetic.h"
#include "vit/picture.h"
#include "vit/slices.h"
#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* What a trained model answers when it is shown pictures: through the trainer's evaluation, the
 * same bits for any number of ranks and threads. How pictures are normalized comes from the
 * checkpoint, never from what is looked at; averaged weights are used where it has some. For
 * programs between world_enter and world_leave, after alike_choose. */

/* On rank 0; the other ranks have the figures only. */
typedef struct Answers {
    size_t images, classes;
    float *logits;   /* [images, classes] */
    uint16_t *label; /* [images]; NULL: they have none */
    /* Of the labels, as vit_mpi --eval tells them; NaN where there are none. */
    double loss, accuracy, top5_accuracy; /* mean; fractions */
} Answers;

/* Accepts what a call left that failed, and {0}. */
void answers_free(Answers *answers);

/* Who is asked. */
typedef struct AnswersFrom {
    const Ranks *ranks;
    const ArithmeticChoice *arithmetic; /* in force */
    const char *checkpoint;             /* read by rank 0 */
    size_t threads;                     /* of each rank; 0: as many as there are for it */
} AnswersFrom;

/* The test split of a data file (NULL: of the one that the checkpoint's job names), in the file's
 * order. What differs between the checkpoint's data and the file's is told, as vit_mpi --eval does.
 * Memory: all of the split and its logits. Collective, all ranks return the same; errors as of
 * vit_mpi --eval. */
Status answers_of_data(const AnswersFrom *from, const char *data_file, Answers *answers);

/* A model in memory, to be shown pictures that are in no data file. */
typedef struct AnswersModel AnswersModel;

/* Collective, all ranks return the same, on error *model is NULL: STATUS_DATA when the checkpoint,
 * of a release before 0.4.0, does not tell how pictures are fed; errors as of vit_mpi --eval.
 * answers_model_free accepts NULL, and is collective. */
Status answers_model_init(AnswersModel **model, const AnswersFrom *from);
void answers_model_free(AnswersModel *model);

/* What pictures must be resized to before they are shown: those that it was trained on. Local. */
Picture answers_picture(const AnswersModel *model);
size_t answers_classes(const AnswersModel *model);

/* Which of `images` pictures which rank has to bring. Valid until the next call with the model,
 * which leaves them as they are where it is of as many. Local. */
const Slices *answers_borders(AnswersModel *model, size_t images);

/* Shows `images` pictures, of which pixels are this rank's slice: [count, height, width, channels].
 * An answer depends on its own picture alone, so that it does not matter how many are shown
 * together. Memory: their logits. Collective, all ranks return the same; STATUS_INTERNAL: out of
 * memory. */
Status answers_of_pictures(AnswersModel *model, size_t images, const uint8_t *pixels,
                           Answers *answers);

#endif
