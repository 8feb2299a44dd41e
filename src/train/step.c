#include "run.h"
#include "vit/update.h"

#include "vit/adamw.h"
#include "vit/epoch_order.h"
#include "vit/log.h"
#include "vit/phase.h"
#include "vit/stop.h"
#include "vit/watchdog.h"
#include <math.h>
#include <time.h>

/* Seconds before the time limit in which everything should have been written. Slurm's clock is
 * coarse. */
static const double deadline_reserve = 10.0;

/* Beyond this a square overflows in fp32, and the second moment with it. */
static const double largest_norm = 1e18;

static void on_need_kernels(void *context) {
    Run *run = context;
    run->progress.sums.wait.weights += exchange_need_kernels(run->exchange);
}

static void on_ready(void *context, VitPart part, size_t layer) {
    Run *run = context;
    exchange_ready(run->exchange, run->vit, part, layer);
    if (run->no_overlap)
        run->progress.sums.wait.gradients += exchange_drain(run->exchange);
}

static void on_progress(void *context) {
    Run *run = context;
    watchdog_tick();
    batch_progress(run->batches);
    exchange_progress(run->exchange);
}

/* What is evaluated before the next step: validation at the end of the epoch, the test split at the
 * end of all. In seconds; before the first evaluation at the speed of training, of which evaluation
 * is a third. */
static double evaluation_seconds(const Run *run, size_t batch_images) {
    const EpochSums *sums = &run->progress.sums;
    const bool last_step = run->job.max_steps && run->progress.step + 1 >= run->job.max_steps;
    if (!last_step && run->progress.position + batch_images < run->train_images)
        return 0.0;
    size_t images = run->validation_images;
    if (last_step || run->progress.epoch + 1 == run->job.epochs)
        images += run->data.images[SPLIT_TEST];
    const double rate =
        run->evaluation_rate > 0.0 ? run->evaluation_rate : (double)sums->samples / sums->seconds;
    return rate > 0.0 ? (double)images / rate : 0.0;
}

/* Rank 0: whether what comes next, a save and some reserve no longer fit before the time limit. */
static bool time_is_up(const Run *run, size_t batch_images) {
    const double left = run->deadline - (double)time(NULL);
    return left < 2.0 * run->step_seconds + 3.0 * run_save_cost(run) +
                      1.5 * evaluation_seconds(run, batch_images) + deadline_reserve;
}

/* The global norm of the mean gradient; *culprit is the first tensor whose values are not finite,
 * or NULL. */
static double gradient_norm(const Run *run, const char **culprit) {
    double sum = 0.0;
    *culprit = NULL;
    for (size_t p = 0; p < run->partition.pieces; p++) {
        if (!isfinite(run->squares[p]) && !*culprit)
            *culprit = run->table.entry[run->partition.piece[p].entry].name;
        sum += run->squares[p];
    }
    return sqrt(sum);
}

void run_settle(Run *run) {
    run->progress.sums.wait.weights +=
        exchange_need_units(run->exchange) + exchange_need_kernels(run->exchange);
}

static void update(Run *run, double norm) {
    const double clip = run->job.clip_norm;
    const double scale = clip > 0.0 ? clip / fmax(norm, clip) : 1.0;
    const double start = MPI_Wtime();
    run->progress.adam_step++;
    update_weights(&run->partition, run->ranks->rank, run->exchange,
                   adamw_terms(&run->job, run->progress.adam_step, scale), run->weights,
                   run->first_moment, run->second_moment);
    pace_add(&run->pace, PACE_UPDATE, MPI_Wtime() - start, 0.0);
    exchange_post_weights(run->exchange, run->weights);
    if (run->no_overlap)
        run_settle(run);
}

static void add_to_epoch(EpochSums *epoch, const TotalsReport *batch, size_t images) {
    epoch->loss += batch->loss;
    epoch->hits += batch->hits;
    epoch->top5_hits += batch->top5_hits;
    epoch->samples += images;
}

/* A step that is not finite changes nothing but the counts of steps and samples. */
static Status skip_step(Run *run, const char *culprit, bool loss_is_finite) {
    const char *what = culprit ? culprit : loss_is_finite ? "the gradient's norm" : "the loss";
    run->bad_steps++;
    if (run->ranks->rank == 0)
        log_warning("step %llu: %s is not finite; the step is skipped (%zu in a row)",
                    (unsigned long long)run->progress.step, what, run->bad_steps);
    if (run->bad_steps < run->job.max_bad_steps)
        return STATUS_OK;
    char saved[512];
    run_save_wait(run);
    run_describe_saved(run, saved, sizeof saved);
    return status_fail(STATUS_INTERNAL,
                       "step %llu: %s is not finite, %zu steps in a row ([train] max_bad_steps); "
                       "%s",
                       (unsigned long long)run->progress.step, what, run->bad_steps, saved);
}

/* Forward, backward, and the gradient of what this rank updates. */
static void compute_gradient(Run *run, const Batch *batch, VitSums *sums) {
    Waits *wait = &run->progress.sums.wait;
    const LoadContext context = {.run = run,
                                 .pixels = batch->pixels,
                                 .samples = batch->samples,
                                 .epoch = (int64_t)run->progress.epoch};
    const double start = MPI_Wtime(), waited = waits_total(wait);
    exchange_start(run->exchange, batch->slices);
    const VitInput input = {.images = batch->count,
                            .first = slices_first(batch->slices, run->ranks->rank),
                            .batch = batch->images,
                            .sample = batch->samples,
                            .label = batch->labels,
                            .load = run_load,
                            .context = &context};
    const VitHooks hooks = {.need_kernels = on_need_kernels,
                            .ready = on_ready,
                            .progress = on_progress,
                            .context = run};
    phase_begin(PHASE_EXCHANGE);
    wait->weights += exchange_need_units(run->exchange);
    vit_forward_backward(run->vit, run->weights, run->progress.step, &input,
                         1.0f / (float)batch->images, NULL, &hooks, sums);
    exchange_finish(run->exchange, run->vit, run->weights, &wait->gradients);
    const double end = MPI_Wtime();
    pace_add(&run->pace, PACE_COMPUTE, end - start - (waits_total(wait) - waited),
             (double)batch->count);
    phase_begin(PHASE_ADAMW);
    update_squares(&run->partition, run->ranks->rank, run->exchange, run->squares);
    pace_add(&run->pace, PACE_UPDATE, MPI_Wtime() - end, 1.0);
}

Status run_step(Run *run, const Batch *batch, bool *stop, bool *save) {
    const bool first = run->ranks->rank == 0;
    VitSums sums;
    TotalsReport total;
    watchdog_phase("step", WATCHDOG_TOGETHER);
    watchdog_position(run->progress.step, run->saved_step);
    compute_gradient(run, batch, &sums);
    phase_begin(PHASE_EXCHANGE);
    const TotalsReport mine = {.coverage = epoch_coverage(batch->samples, batch->count),
                               .stop =
                                   stop_requested() || (first && time_is_up(run, batch->images)),
                               .save = first && run_save_is_due(run),
                               .saved_step = run->saved_step};
    run->progress.sums.wait.ranks +=
        totals_gather(run->totals, batch->slices, &sums, &mine, run->squares, &total);
    run->progress.sums.coverage += total.coverage;
    run->saved_step = total.saved_step;
    *stop = total.stop;
    *save = total.save;

    phase_begin(PHASE_ADAMW);
    const char *culprit = NULL;
    const double norm = gradient_norm(run, &culprit);
    const double loss = total.loss / (double)batch->images;
    run->progress.step++;
    run->progress.position += batch->images;
    if (first &&
        history_add_step(&run->history, (StepRow){.step = run->progress.step,
                                                  .loss = loss,
                                                  .gradient_norm = norm,
                                                  .learning_rate = run->job.learning_rate}))
        log_warning("%s", status_message());
    /* Written so that a norm that is not a number is refused too. */
    if (!isfinite(loss) || !(norm <= largest_norm))
        return skip_step(run, culprit, isfinite(loss));
    watchdog_position(run->progress.step, run->saved_step);
    run->bad_steps = 0;
    add_to_epoch(&run->progress.sums, &total, batch->images);
    update(run, norm);
    phase_begin(PHASE_OTHER);
    return STATUS_OK;
}
