#ifndef VIT_EPOCH_H
#define VIT_EPOCH_H

#include "training.h"

/* The epoch's metrics so far, without validation. Local. */
EpochRow epoch_row(const Training *training);

/* Validation, metrics, best weights, saves; then the next epoch begins, unless the epoch is
 * partial: max_steps ended it early. Wants settled weights. Collective. */
void epoch_close(Training *training, bool partial);

#endif
