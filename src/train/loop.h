#ifndef VIT_LOOP_H
#define VIT_LOOP_H

#include "training.h"

/* The whole training, from training->progress on: steps, epochs, saves, and the end, which is
 * STATUS_OK, STATUS_STOPPED after a stop in order, STATUS_INTERNAL when steps were not finite or
 * weights differ, STATUS_IO when a last save failed. Collective, all ranks return the same. */
Status loop_run(Training *training);

#endif
