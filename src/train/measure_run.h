#ifndef VIT_MEASURE_RUN_H
#define VIT_MEASURE_RUN_H

#include "training.h"
#include "vit/measure.h"

/* The run that is measured: a training without saves, display and limits, from a state that is
 * worth measuring, through the steps of loop.h. */

/* Takes from the job what is no part of a step, what ends a run, and what would change the state
 * that options ask for. Local. */
void measure_run_adapt(Plan *plan, const MeasureOptions *options);

/* The state that options ask for, before any warm-up; the first batch is on its way. Collective,
 * all ranks return the same; errors as resume_state. */
Status measure_run_begin(Training *training, const MeasureOptions *options);

/* So many steps on whole batches, epoch after epoch; the weights of the last one are still under
 * way at its end. Collective. STATUS_INTERNAL: too many in a row were not finite. */
Status measure_run_steps(Training *training, size_t steps);

/* Steps before what is measured, as options ask for. Collective; errors as measure_run_steps. */
Status measure_run_warm_up(Training *training, const MeasureOptions *options, WarmUp *warm_up);

/* Of 1 to MEASURE_ROUNDS_MAX values. Local. */
double measure_run_median(const double *values, size_t count);

#endif
