#include "run.h"

#include "vit/adamw.h"
#include "vit/log.h"
#include "vit/phase.h"
#include "vit/stop.h"
#include "vit/watchdog.h"
#include <math.h>
#include <time.h>

/* Floats whose squares are summed at a time; borders do not move with threads or ranks. */
enum { NORM_PIECE = 1 << 16 };

/* Seconds before the time limit in which everything should have been written. Slurm's clock is
 * coarse. */
static const double deadline_reserve = 10.0;

/* Beyond this a square overflows in fp32, and the second moment with it. */
static const double largest_norm = 1e18;

/* What the ranks tell each other at the end of a step. */
typedef struct StepReport {
    VitSums sums;
    uint64_t stop;
} StepReport;

_Static_assert(sizeof(StepReport) <= GATHERED_BYTES, "room for the gathered values");

static void on_ready(void *context, size_t first, size_t count) {
    Run *run = context;
    const ParameterTable *table = &run->table;
    const size_t begin = table->entry[first].offset, next = first + count;
    const size_t end = next < table->count ? table->entry[next].offset : table->floats;
    gradient_exchange_post(run->exchange, begin, end - begin);
}

static void on_progress(void *context) {
    Run *run = context;
    watchdog_tick();
    batch_progress(run->batches);
    gradient_exchange_progress(run->exchange);
}

/* What is evaluated before the next step: validation at the end of the epoch, the test split at the
 * end of all. In seconds; before the first evaluation at the speed of training, of which evaluation
 * is a third. */
static double evaluation_seconds(const Run *run, size_t batch_images) {
    const EpochSums *sums = &run->progress.sums;
    if (run->progress.position + batch_images < run->train_images)
        return 0.0;
    size_t images = run->validation_images;
    if (run->progress.epoch + 1 == run->job.epochs)
        images += run->data.images[SPLIT_TEST];
    const double rate =
        run->evaluation_rate > 0.0 ? run->evaluation_rate : (double)sums->samples / sums->seconds;
    return rate > 0.0 ? (double)images / rate : 0.0;
}

/* Rank 0: whether what comes next, a save and some reserve no longer fit before the time limit. */
static bool time_is_up(const Run *run, size_t batch_images) {
    const double left = run->deadline - (double)time(NULL);
    return left < 2.0 * run->step_seconds + 3.0 * run->save_seconds +
                      1.5 * evaluation_seconds(run, batch_images) + deadline_reserve;
}

/* Sums over the whole batch, in rank order, and whether any rank was asked to stop. */
static StepReport gather_reports(Run *run, const VitSums *mine, size_t batch_images) {
    const bool stop = stop_requested() || (run->ranks->rank == 0 && time_is_up(run, batch_images));
    const StepReport report = {.sums = *mine, .stop = stop};
    const StepReport *all = run->gathered;
    StepReport total = {0};
    ranks_gather(run->ranks, &report, sizeof report, run->gathered);
    for (int r = 0; r < run->ranks->size; r++) {
        vit_sums_add(&total.sums, &all[r].sums);
        total.stop |= all[r].stop;
    }
    return total;
}

/* Sum of squares of one tensor, piece by piece, in order. */
static double tensor_squares(const Kernels *kernels, const Parameter *entry,
                             const float *gradient) {
    const float *values = gradient + entry->offset;
    double sum = 0.0;
    if (entry->count <= NORM_PIECE)
        return kernels->sum_squares(entry->count, values);
    const Phase phase = phase_current();
#pragma omp parallel
    {
        phase_begin(phase);
#pragma omp for ordered schedule(static, 1) nowait
        for (size_t i = 0; i < entry->count; i += NORM_PIECE) {
            const size_t n = entry->count - i < NORM_PIECE ? entry->count - i : NORM_PIECE;
            const double squares = kernels->sum_squares(n, values + i);
#pragma omp ordered
            sum += squares;
        }
        phase_begin(PHASE_WAIT);
    }
    phase_begin(phase);
    return sum;
}

/* The global norm of the mean gradient; *culprit is the first tensor whose values are not finite,
 * or NULL. */
static double gradient_norm(const Run *run, const char **culprit) {
    const Kernels *kernels = kernels_best();
    double sum = 0.0;
    *culprit = NULL;
    for (size_t i = 0; i < run->table.count; i++) {
        const double squares = tensor_squares(kernels, &run->table.entry[i], run->gradient);
        if (!isfinite(squares) && !*culprit)
            *culprit = run->table.entry[i].name;
        sum += squares;
    }
    return sqrt(sum);
}

static void update_weights(Run *run, double norm) {
    const double clip = run->job.clip_norm;
    const double scale = clip > 0.0 ? clip / fmax(norm, clip) : 1.0;
    run->progress.adam_step++;
    adamw_apply(adamw_terms(&run->job, run->progress.adam_step, scale), run->table.floats,
                run->gradient, run->weights, run->first_moment, run->second_moment);
}

static void add_to_epoch(EpochSums *epoch, const VitSums *batch, size_t images) {
    epoch->loss += batch->loss;
    epoch->hits += batch->hits;
    epoch->top5_hits += batch->top5_hits;
    epoch->samples += images;
}

/* A step that is not finite changes nothing but the counts of steps and samples. */
static Status skip_step(Run *run, const char *culprit) {
    const char *what = culprit ? culprit : "the loss";
    run->bad_steps++;
    if (run->ranks->rank == 0)
        log_warning("step %llu: %s is not finite; the step is skipped (%zu in a row)",
                    (unsigned long long)run->progress.step, what, run->bad_steps);
    if (run->bad_steps < run->job.max_bad_steps)
        return STATUS_OK;
    return status_fail(
        STATUS_INTERNAL,
        "step %llu: %s is not finite, %zu steps in a row ([train] max_bad_steps); the last "
        "checkpoint in %s is from before",
        (unsigned long long)run->progress.step, what, run->bad_steps, run->job.output);
}

Status run_step(Run *run, const Batch *batch, bool *stop) {
    const LoadContext context = {.run = run,
                                 .pixels = batch->pixels,
                                 .samples = batch->samples,
                                 .epoch = (int64_t)run->progress.epoch};
    const VitInput input = {.images = batch->count,
                            .sample = batch->samples,
                            .label = batch->labels,
                            .load = run_load,
                            .context = &context};
    const VitHooks hooks = {.ready = on_ready, .progress = on_progress, .context = run};
    VitSums mine;
    watchdog_alive("step", run->progress.step, run->saved_step);
    gradient_exchange_start(run->exchange, run->gradient);
    vit_train(run->vit, run->weights, run->progress.step, &input, 1.0f / (float)batch->images,
              run->gradient, NULL, &hooks, &mine);
    phase_begin(PHASE_EXCHANGE);
    run->progress.sums.wait_seconds += gradient_exchange_wait(run->exchange);
    const StepReport total = gather_reports(run, &mine, batch->images);
    *stop = total.stop != 0;

    phase_begin(PHASE_ADAMW);
    const char *culprit = NULL;
    const double norm = gradient_norm(run, &culprit);
    const double loss = total.sums.loss / (double)batch->images;
    run->progress.step++;
    run->progress.position += batch->images;
    if (run->ranks->rank == 0 &&
        history_add_step(&run->history, (StepRow){.step = run->progress.step,
                                                  .loss = loss,
                                                  .gradient_norm = norm,
                                                  .learning_rate = run->job.learning_rate}))
        log_warning("%s", status_message());
    /* Written so that a norm that is not a number is refused too. */
    if (!isfinite(loss) || !(norm <= largest_norm))
        return skip_step(run, culprit);
    run->bad_steps = 0;
    add_to_epoch(&run->progress.sums, &total.sums, batch->images);
    update_weights(run, norm);
    phase_begin(PHASE_OTHER);
    return STATUS_OK;
}
