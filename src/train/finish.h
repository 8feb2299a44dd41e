#ifndef VIT_FINISH_H
#define VIT_FINISH_H

#include "training.h"

/* How a training ends. All are collective and want settled weights; all ranks return the same. */

/* All is done: the best weights on the test split, the last word of last.h5, the closing lines.
 * STATUS_INTERNAL when the last steps were not finite, STATUS_IO when a last save failed. */
Status finish_run(Training *training);

/* A stop was asked for: STATUS_STOPPED once all is saved that it takes to go on; STATUS_IO when
 * that failed, STATUS_INTERNAL when there is nothing to go on from. */
Status finish_stopped(Training *training);

/* It was done already: says so, and the closing lines again. */
Status finish_again(Training *training);

#endif
