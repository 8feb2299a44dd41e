#ifndef VIT_MEASURE_H
#define VIT_MEASURE_H

#include "vit/command.h"
#include "vit/history.h"
#include "vit/model_shape.h"
#include "vit/phase.h"
#include "vit/ranks.h"

/* Whole training steps of a job, timed, as a run takes them: what vit_bench shows. */

enum { MEASURE_ROUNDS_MAX = 100 };

/* Steps of a window, of which two must have medians that differ by no more than MEASURE_SETTLED,
 * and the most steps until then. */
enum { MEASURE_WINDOW = 16, MEASURE_WARM_UP_MOST = 160 };
#define MEASURE_SETTLED 0.01

typedef struct MeasureOptions {
    size_t rounds;          /* 1 to MEASURE_ROUNDS_MAX */
    size_t steps;           /* a round */
    const char *checkpoint; /* whose state is measured, as resume_state reads it; NULL: the initial
                             * weights */
    bool denormals;         /* then made such that denormals abound, and kept so: a rate of 0 */
    size_t warm_up;         /* steps before the first round */
    bool warm_up_auto;      /* so many that the speed no longer moves, instead */
    const char *temporary;  /* removed by rank 0 when the data has been read; or NULL */
} MeasureOptions;

typedef struct WarmUp {
    size_t steps;
    bool automatic, settled;
    double change; /* from the last window but one to the last, of a step's time */
} WarmUp;

/* Sums over all ranks where nothing else is said. */
typedef struct Measurement {
    ModelShape shape;
    size_t ranks, threads; /* a rank */
    size_t batch_size;
    double update_bytes; /* that the norm and the update of a step read and write */
    uint64_t first_step; /* steps behind the state, before the warm-up */
    WarmUp warm_up;
    double images_per_second[MEASURE_ROUNDS_MAX];
    double peak_flops[MEASURE_ROUNDS_MAX]; /* before and after each round, the better */
    double median_rate, median_peak;       /* of these */
    Waits wait_share;                      /* of the time, for messages; mean of the ranks */
    double memory_bandwidth, cache_bandwidth;
    double phase_seconds[PHASES]; /* of all threads, a step */
    double evaluation_images_per_second;
    double denormal_share;                /* of all values of the optimizer's states, afterwards */
    double planned_bytes, resident_bytes; /* the largest rank; resident at its peak */
} Measurement;

/* Collective; the same on all ranks. Trains, writes nothing, and shows nothing but advice. What
 * measuring.h switches is in force. Errors as vit_mpi has them; STATUS_INTERNAL also when too many
 * steps in a row are not finite. */
Status measure_steps(const Ranks *ranks, const Command *command, const MeasureOptions *options,
                     Measurement *measurement);

#endif
