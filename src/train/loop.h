#ifndef VIT_LOOP_H
#define VIT_LOOP_H

#include "training.h"

/* One step and all that belongs to it, from training->progress on: what it leaves in progress and
 * history, what is shown, what falls due. *stop: a rank was asked to stop, and nothing was done
 * about it; STATUS_INTERNAL as loop_run. The batch must have been begun (input_begin). Collective,
 * all ranks return the same. */
Status loop_step(Training *training, bool *stop);

/* The whole training, from training->progress on: steps, epochs, saves, and the end, which is
 * STATUS_OK, STATUS_STOPPED after a stop in order, STATUS_INTERNAL when steps were not finite or
 * weights differ, STATUS_IO when a last save failed. Collective, all ranks return the same. */
Status loop_run(Training *training);

#endif
