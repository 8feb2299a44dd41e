#ifndef VIT_PROGRESS_H
#define VIT_PROGRESS_H

#include "vit/digest.h"
#include "vit/waits.h"
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* Running sums over the samples of an unfinished epoch (or of an evaluation). */
typedef struct EpochSums {
    double loss;   /* sum over samples */
    uint64_t hits; /* top-1 */
    uint64_t top5_hits;
    uint64_t samples;
    uint64_t coverage; /* digest of the samples used: epoch_coverage */
    double seconds;    /* spent in training steps, until all weights are there */
    Waits wait;        /* of these, waiting for communication */
} EpochSums;

/* Where a run is. */
typedef struct Progress {
    uint64_t epoch;           /* completed */
    uint64_t step;            /* steps taken since the very start, skipped ones included */
    uint64_t adam_step;       /* updates applied */
    uint64_t position;        /* samples of the current epoch that are used up */
    EpochSums sums;           /* of the current epoch, up to position */
    double best_val_accuracy; /* NaN: none yet */
    uint64_t best_epoch;      /* 1-based; 0: none yet */
    bool finished;
    double test_loss, test_accuracy, test_top5_accuracy; /* NaN until finished */
    char start_sha256[DIGEST_TEXT]; /* of the file that the run began with; empty: there is none */
} Progress;

/* Of a run that has not begun. */
static inline Progress progress_start(void) {
    return (Progress){.best_val_accuracy = NAN,
                      .test_loss = NAN,
                      .test_accuracy = NAN,
                      .test_top5_accuracy = NAN};
}

#endif
