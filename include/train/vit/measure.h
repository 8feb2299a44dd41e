#ifndef VIT_MEASURE_H
#define VIT_MEASURE_H

#include "vit/command.h"
#include "vit/history.h"
#include "vit/model_shape.h"
#include "vit/phase.h"
#include "vit/ranks.h"

/* Whole training steps of a job, timed: what vit_bench shows. */

enum { MEASURE_ROUNDS_MAX = 100 };

typedef struct MeasureOptions {
    size_t rounds;         /* 1 to MEASURE_ROUNDS_MAX */
    size_t steps;          /* a round */
    const char *temporary; /* removed by rank 0 when the data has been read; or NULL */
} MeasureOptions;

/* Sums over all ranks where nothing else is said. */
typedef struct Measurement {
    ModelShape shape;
    size_t ranks, threads; /* a rank */
    size_t batch_size;
    double update_bytes; /* that the norm and the update of a step read and write */
    double images_per_second[MEASURE_ROUNDS_MAX];
    double peak_flops[MEASURE_ROUNDS_MAX]; /* before and after each round, the better */
    Waits wait_share;                      /* of the time, for messages; mean of the ranks */
    double memory_bandwidth, cache_bandwidth;
    double phase_seconds[PHASES]; /* of all threads, a step */
    double evaluation_images_per_second;
    double planned_bytes, resident_bytes; /* the largest rank */
} Measurement;

/* Collective; the same on all ranks. Trains from the initial weights and writes nothing. What
 * measuring.h switches off is left out. */
Status measure_steps(const Ranks *ranks, const Command *command, const MeasureOptions *options,
                     Measurement *measurement);

#endif
