#ifndef VIT_EPOCH_H
#define VIT_EPOCH_H

#include "training.h"

/* The epoch's metrics so far, without validation. Local. */
EpochRow epoch_row(const Training *training);

/* Validation, metrics, best weights, saves; then the next epoch begins, unless the epoch is
 * partial: max_steps ended it early. Wants settled weights. Collective, all ranks return the same.
 * STATUS_INTERNAL: a whole epoch did not use each sample once; nothing is saved then. */
Status epoch_close(Training *training, bool partial);

#endif
