#include "measure_run.h"

#include "loop.h"
#include "resume.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void measure_run_adapt(Plan *plan, const MeasureOptions *options) {
    plan->deadline = INFINITY;
    plan->job.max_steps = 0;
    plan->job.every_minutes = 0.0;
    plan->job.every_steps = 0;
    plan->job.progress = PROGRESS_NONE;
    if (options->denormals) { /* which the first update would undo */
        plan->job.learning_rate = plan->job.warmup_epochs = 0.0;
        plan->job.schedule = SCHEDULE_CONSTANT;
    }
}

/* ---- the state ---- */

static void scale(float *values, size_t count, float factor) {
    for (size_t i = 0; i < count; i++)
        values[i] *= factor;
}

/* Denormals wherever they can be, in every step: with logits of almost no weight the gradients that
 * come back through them are about 1e-39, and so are their means in the optimizer; with scores
 * spread over some hundreds softmax meets exponentials that are too small. */
static void fill_with_denormals(const Plan *plan, float *weights) {
    static const float logits_factor = 1e-36f, query_factor = 1000.0f;
    const ParameterTable *table = &plan->table;
    const ModelShape *shape = &plan->shape;
    const size_t last = model_head_layers(shape) - 1;
    scale(weights + table->head_kernel[last],
          model_head_width(shape, last) * model_head_width(shape, last + 1), logits_factor);
    for (size_t b = 0; b < shape->depth; b++)
        scale(weights + table->block[b].query_kernel, shape->D * shape->H * shape->K, query_factor);
}

/* From here on as in a new epoch, wherever in one the state was saved. */
static void begin_epoch(Progress *progress) {
    progress->position = 0;
    progress->sums = (EpochSums){0};
}

Status measure_run_begin(Training *training, const MeasureOptions *options) {
    const Plan *plan = training->plan;
    Trainer *trainer = &training->trainer;
    Progress *progress = &training->progress;
    *progress = progress_start();
    if (options->checkpoint)
        STATUS_TRY(resume_state(trainer, options->checkpoint, progress));
    else
        resume_initial(trainer);
    if (options->denormals)
        fill_with_denormals(plan, trainer->weights);
    begin_epoch(progress);
    trainer->input.endless = true;
    input_begin(&trainer->input, progress->epoch, 0);
    return STATUS_OK;
}

/* ---- steps ---- */

Status measure_run_steps(Training *training, size_t steps) {
    const Plan *plan = training->plan;
    Progress *progress = &training->progress;
    for (size_t i = 0; i < steps; i++) {
        bool stop;
        /* As input.c does it when it is endless. */
        if (plan_batch_at(plan, progress->position) < plan_batch_at(plan, 0)) {
            progress->epoch++;
            begin_epoch(progress);
        }
        STATUS_TRY(loop_step(training, &stop));
    }
    return STATUS_OK;
}

/* ---- until the speed no longer moves ---- */

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double measure_run_median(const double *values, size_t count) {
    double sorted[MEASURE_ROUNDS_MAX];
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_size);
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2.0;
}

_Static_assert((int)MEASURE_WINDOW <= (int)MEASURE_ROUNDS_MAX, "a window has a median");

/* Takes a window of steps; its median in seconds, which is rank 0's on all ranks. */
static Status take_window(Training *training, double *median) {
    double seconds[MEASURE_WINDOW];
    for (size_t i = 0; i < MEASURE_WINDOW; i++) {
        STATUS_TRY(measure_run_steps(training, 1));
        seconds[i] = training->times.latest;
    }
    *median = measure_run_median(seconds, MEASURE_WINDOW);
    ranks_broadcast(training->plan->ranks, median, sizeof *median);
    return STATUS_OK;
}

static Status settle_speed(Training *training, WarmUp *warm_up) {
    double before, now;
    STATUS_TRY(take_window(training, &before));
    for (warm_up->steps = MEASURE_WINDOW;
         !warm_up->settled && warm_up->steps < MEASURE_WARM_UP_MOST;
         warm_up->steps += MEASURE_WINDOW) {
        STATUS_TRY(take_window(training, &now));
        warm_up->change = now / before - 1.0;
        warm_up->settled = fabs(warm_up->change) <= MEASURE_SETTLED;
        before = now;
    }
    return STATUS_OK;
}

Status measure_run_warm_up(Training *training, const MeasureOptions *options, WarmUp *warm_up) {
    *warm_up = (WarmUp){.automatic = options->warm_up_auto, .steps = options->warm_up};
    if (options->warm_up_auto)
        return settle_speed(training, warm_up);
    return measure_run_steps(training, options->warm_up);
}
