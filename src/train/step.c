#include "step.h"

#include "vit/epoch_order.h"
#include "vit/float_mode.h"
#include "vit/phase.h"
#include "vit/schedule.h"
#include "vit/watchdog.h"
#include <math.h>

/* Beyond this a square overflows in fp32, and AdamW's v with it. */
static const double largest_norm = 1e18;

static VitSums forward_backward(Trainer *trainer, const Progress *at, const Batch *batch);
static void reduce(Trainer *trainer);
static StepResult judge(Trainer *trainer, const Progress *at, const Batch *batch,
                        const VitSums *sums, StepAsk ask);
static void update(Trainer *trainer, const Progress *at, const StepResult *result);

StepResult step_take(Trainer *trainer, const Progress *at, StepAsk ask) {
    const FloatMode mode = float_mode_flush();
    const Batch batch = input_next(&trainer->input);
    const VitSums sums = forward_backward(trainer, at, &batch);
    reduce(trainer);
    const StepResult result = judge(trainer, at, &batch, &sums, ask);
    if (result.finite)
        update(trainer, at, &result);
    float_mode_restore(mode);
    return result;
}

/* ---- this rank's own work, without what it waits for others ---- */

typedef struct Stopwatch {
    double start, waited;
} Stopwatch;

static Stopwatch start_watch(const Trainer *trainer) {
    const Waits waits = trainer_waits(trainer);
    return (Stopwatch){MPI_Wtime(), waits_total(&waits)};
}

static void stop_watch(Trainer *trainer, Stopwatch watch, PaceWork work, double amount) {
    const Waits waits = trainer_waits(trainer);
    const double waited = waits_total(&waits) - watch.waited;
    pace_add(&trainer->pace, work, MPI_Wtime() - watch.start - waited, amount);
}

/* ---- beside the passes ---- */

static void on_need_kernels(void *context) {
    Trainer *trainer = context;
    optimizer_need_kernels(trainer->optimizer);
}

static void on_ready(void *context, VitPart part, size_t layer) {
    Trainer *trainer = context;
    optimizer_ready(trainer->optimizer, trainer->vit, part, layer);
}

static void on_progress(void *context) {
    Trainer *trainer = context;
    watchdog_tick();
    input_progress(&trainer->input);
    optimizer_progress(trainer->optimizer);
    fat_layers_progress(trainer->layers);
}

static void on_fat_forward(void *context, const VitRound *round, size_t layer, const float *input,
                           float *output) {
    Trainer *trainer = context;
    fat_layers_forward(trainer->layers, round, layer, input, output);
}

static void on_fat_backward(void *context, const VitRound *round, size_t layer, const float *delta,
                            float *dinput) {
    Trainer *trainer = context;
    fat_layers_backward(trainer->layers, round, layer, delta, dinput);
}

static VitHooks hooks_of(Trainer *trainer) {
    return (VitHooks){.need_kernels = on_need_kernels,
                      .ready = on_ready,
                      .progress = on_progress,
                      .fat_forward = on_fat_forward,
                      .fat_backward = on_fat_backward,
                      .context = trainer};
}

/* ---- the parts of the sentence ---- */

/* Of this rank's slice; what is final is on its way to the ranks that update it. */
static VitSums forward_backward(Trainer *trainer, const Progress *at, const Batch *batch) {
    const VitHooks hooks = hooks_of(trainer);
    const Stopwatch watch = start_watch(trainer);
    InputView view;
    VitSums sums;
    watchdog_work("step", WATCHDOG_TOGETHER);
    phase_begin(PHASE_EXCHANGE);
    optimizer_begin(trainer->optimizer, batch->slices);
    input_view_batch(&view, &trainer->input, batch);
    view.vit.rounds = fat_layers_start(trainer->layers, trainer->weights, batch->slices, true,
                                       on_progress, trainer);
    vit_forward_backward(trainer->vit, trainer->weights, at->step, &view.vit,
                         1.0f / (float)batch->images, NULL, &hooks, &sums);
    stop_watch(trainer, watch, PACE_COMPUTE, (double)batch->count);
    return sums;
}

/* Until the gradient of what this rank updates is there. */
static void reduce(Trainer *trainer) {
    const Stopwatch watch = start_watch(trainer);
    optimizer_reduce(trainer->optimizer, trainer->vit, trainer->weights);
    stop_watch(trainer, watch, PACE_COMPUTE, 0.0);
}

/* Loss and norm over all ranks, whether they are finite, and what the ranks wish. */
static StepResult judge(Trainer *trainer, const Progress *at, const Batch *batch,
                        const VitSums *sums, StepAsk ask) {
    const Plan *plan = trainer->plan;
    StepResult result = {.images = batch->images,
                         .learning_rate =
                             schedule_rate(&plan->job, plan_epoch_steps(plan), at->step)};
    ReportWishes wishes = {.coverage = epoch_coverage(batch->samples, batch->count)};
    const Stopwatch watch = start_watch(trainer);
    phase_begin(PHASE_UPDATE);
    double *squares = optimizer_square(trainer->optimizer);
    stop_watch(trainer, watch, PACE_UPDATE, 1.0);
    phase_begin(PHASE_EXCHANGE);
    if (ask.ask)
        ask.ask(ask.context, batch, &wishes);
    report_gather(trainer->report, batch->slices, sums, &wishes, squares, &result.sums);
    phase_begin(PHASE_UPDATE);
    result.gradient_norm = optimizer_norm(trainer->optimizer, &result.culprit);
    result.loss = result.sums.loss / (double)batch->images;
    /* Written so that a norm that is not a number is refused too. */
    result.finite = isfinite(result.loss) && result.gradient_norm <= largest_norm;
    if (!result.culprit)
        result.culprit = isfinite(result.loss) ? "the gradient's norm" : "the loss";
    phase_begin(PHASE_OTHER);
    return result;
}

static void update(Trainer *trainer, const Progress *at, const StepResult *result) {
    const Job *job = &trainer->plan->job;
    const double clip = job->clip_norm, norm = result->gradient_norm;
    const RuleStep step = {.job = job,
                           .count = at->adam_step + 1,
                           .learning_rate = result->learning_rate,
                           .gradient_scale = clip > 0.0 ? clip / fmax(norm, clip) : 1.0};
    const Stopwatch watch = start_watch(trainer);
    phase_begin(PHASE_UPDATE);
    optimizer_update(trainer->optimizer, &step, trainer->weights);
    stop_watch(trainer, watch, PACE_UPDATE, 0.0);
    phase_begin(PHASE_OTHER);
}
