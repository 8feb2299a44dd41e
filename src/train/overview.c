#include "overview.h"

#include "vit/alike.h"
#include "vit/cpu.h"
#include "vit/gemm.h"
#include "vit/log.h"
#include "vit/peak.h"
#include "vit/size.h"
#include "vit/version.h"
#include <math.h>
#include <stdio.h>
#include <time.h>

static void list_text(const SizeList *list, char *text, size_t bytes) {
    size_t used = 0;
    snprintf(text, bytes, "none");
    for (size_t i = 0; i < list->count && used < bytes; i++)
        used += (size_t)snprintf(text + used, bytes - used, "%s%zu", i ? "-" : "", list->value[i]);
}

/* 21759012 -> "21,759,012". */
static const char *grouped(size_t value, char text[static 32]) {
    char digits[32];
    const int length = snprintf(digits, sizeof digits, "%zu", value);
    size_t used = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            text[used++] = ',';
        text[used++] = digits[i];
    }
    text[used] = '\0';
    return text;
}

/* "patches of 6", "2 convolutions (64-128)". */
static void tokenizer_text(const ModelShape *shape, char *text, size_t bytes) {
    char list[128];
    if (shape->tokenizer == TOKENIZER_PATCH)
        snprintf(text, bytes, "patches of %zu", shape->patch_size);
    else if (shape->convolutions == 1)
        snprintf(text, bytes, "1 convolution (%zu)", shape->D);
    else {
        list_text(&shape->convolution_widths, list, sizeof list);
        snprintf(text, bytes, "%zu convolutions (%s-%zu)", shape->convolutions, list, shape->D);
    }
}

static void show_model(const Plan *plan) {
    static const char *const pool[] = {[POOL_FLATTEN] = "flatten",
                                       [POOL_MEAN] = "mean pooling",
                                       [POOL_CLASS] = "class token",
                                       [POOL_SEQUENCE] = "sequence pooling"};
    const ModelShape *shape = &plan->shape;
    char tokenizer[192], mlp[128], local[96] = "", head[128], number[32];
    tokenizer_text(shape, tokenizer, sizeof tokenizer);
    list_text(&shape->mlp, mlp, sizeof mlp);
    list_text(&shape->head, head, sizeof head);
    if (shape->mlp_convolution)
        snprintf(local, sizeof local, " with a local %zux%zu convolution", shape->mlp_convolution,
                 shape->mlp_convolution);
    log_info("  model       %zux%zu pixels, %s: %zu tokens of %zu; %zu blocks, %zu heads of %zu, "
             "MLP %s%s",
             shape->image_size, shape->image_size, tokenizer, shape->T, shape->D, shape->depth,
             shape->H, shape->K, mlp, local);
    log_info("              %s, head %s, %zu classes", pool[shape->pool], head, shape->classes);
    log_info("  parameters  %s", grouped(plan->table.trainable, number));
    log_info("  arithmetic  %.4g GFLOP a training image (forward %.4g)",
             1e-9 * model_training_flops(shape), 1e-9 * model_forward_flops(shape));
    if (model_folds_attention(shape))
        log_info("              attention folded: %.4g of them are executed",
                 1e-9 * model_executed_flops(shape));
}

static void show_work(const Plan *plan) {
    const PlanWork work = plan_work(plan);
    log_info("  the job     %.3g PFLOP to train, %.3g to validate and test", 1e-15 * work.training,
             1e-15 * work.evaluation);
}

/* How the gradients come about, and what that costs. */
static void show_gradients(const Plan *plan) {
    static const char *const treatment[] = {"summed, updated by all", "summed, divided",
                                            "rows stay with their owners"};
    PlanCost cost;
    char number[32];
    if (plan_cost(plan, &cost) != STATUS_OK) {
        log_warning("%s", status_message());
        return;
    }
    for (size_t g = 0; g < plan->partition.regions; g++) {
        const Region *region = &plan->partition.region[g];
        const char *name = plan->table.entry[plan->partition.piece[region->first_piece].entry].name;
        log_info("  %s %s: %s values, %s", g ? "           " : "gradients  ",
                 g ? name : "all but the head's kernels", grouped(region->floats, number),
                 treatment[region->treatment]);
    }
    log_info("  a rank      %.2f GB of memory (rank 0, with a checkpoint's snapshot, %.2f); sends "
             "%.1f MB a step: sums %.1f, fat layers %.1f, weights %.1f, images %.1f",
             1e-9 * cost.memory, 1e-9 * (cost.memory + cost.snapshot),
             1e-6 * (cost.sums + cost.layers + cost.weights + cost.images), 1e-6 * cost.sums,
             1e-6 * cost.layers, 1e-6 * cost.weights, 1e-6 * cost.images);
}

/* "2.9 h", "4 min". */
static const char *long_duration(double seconds, char text[static 32]) {
    if (seconds >= 3600.0)
        snprintf(text, 32, "%.1f h", seconds / 3600.0);
    else
        snprintf(text, 32, "%.0f min", ceil(seconds / 60.0));
    return text;
}

/* "2 x 8 threads", "2 x 1 to 7 threads". */
static void show_ranks(const Plan *plan) {
    const Placement *placement = &plan->placement;
    char processor[128], threads[64];
    cpu_model(processor, sizeof processor);
    if (placement->least_threads == placement->most_threads)
        snprintf(threads, sizeof threads, "%zu", placement->most_threads);
    else
        snprintf(threads, sizeof threads, "%zu to %zu", placement->least_threads,
                 placement->most_threads);
    log_info("  ranks       %d x %s thread%s on %zu node%s; %s", plan->ranks->size, threads,
             placement->most_threads == 1 ? "" : "s", placement->nodes,
             placement->nodes == 1 ? "" : "s", processor);
    for (size_t i = 0; i < placement->lines; i++)
        log_info("  %s", placement->line[i]);
}

/* The time limit in force, if there is one. */
static void show_limit(const Plan *plan) {
    char text[32] = "?", duration[32];
    struct tm local;
    if (plan->limit_unknown)
        log_warning("Slurm does not say when this job ends (no answer from squeue, no "
                    "time that lies ahead in SLURM_JOB_END_TIME): without a signal before (sbatch "
                    "--signal=B:USR1@120) or "
                    "[run] time_limit = MINUTES what comes after the last save would be lost");
    if (!isfinite(plan->deadline))
        return;
    const time_t end = (time_t)plan->deadline;
    if (localtime_r(&end, &local))
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
    log_info("  time limit  %s (%s), %s from now; saves and stops before it", text,
             plan->job.time_limit == JOB_TIME_LIMIT_AUTO ? "Slurm's" : "[run] time_limit",
             long_duration(fmax(0.0, plan->deadline - (double)time(NULL)), duration));
}

void overview_show_advice(const Plan *plan) {
    for (size_t i = 0; i < plan->placement.advices; i++)
        log_warning("%s", plan->placement.advice[i]);
}

static void show_data(const Plan *plan) {
    char training[32], validation[32], test[32];
    const bool stratified = plan->job.validation == VALIDATION_STRATIFIED;
    log_info("  data        %s: %s training, %s validation%s, %s test images", plan->job.data_file,
             grouped(plan->train_images, training), grouped(plan->validation_images, validation),
             plan->validation_of == SPLIT_VALIDATION ? " (of their own)"
             : stratified                            ? " (the last of each class)"
                                                     : "",
             grouped(plan->data.images[SPLIT_TEST], test));
}

void overview_show(const Plan *plan) {
    const size_t units = size_groups(plan->job.batch_size, plan->job.unit_images);
    const size_t threads = plan->placement.all_threads;
    log_info("vit_mpi %s: job %s, output %s", version_text, plan->job.name, plan->job.output);
    show_model(plan);
    show_data(plan);
    log_info("  batch       %zu images, %zu steps an epoch, %zu epochs", plan->job.batch_size,
             plan_epoch_steps(plan), plan->job.epochs);
    show_work(plan);
    show_ranks(plan);
    log_info("  kernels     %s; products through %s", cpu_level_name(kernels_best()->level),
             gemm_description());
    alike_say(&plan->arithmetic);
    show_gradients(plan);
    show_limit(plan);
    if (gemm_warning())
        log_warning("%s", gemm_warning());
    if (plan->lost_classes)
        log_warning("%s", plan->lost_classes);
    overview_show_advice(plan);
    if (units < threads)
        log_warning("%zu of %zu threads will idle: a batch of %zu images has %zu units of "
                    "[train] unit_images = %zu",
                    threads - units, threads, plan->job.batch_size, units, plan->job.unit_images);
}

void overview_show_time(const Plan *plan) {
    static const double share = 0.7; /* that well-chosen sizes reach: tools/README.md */
    const PlanWork work = plan_work(plan);
    double mine, peak = 0.0;
    char duration[32];
    MPI_Barrier(plan->ranks->comm);
    mine = peak_flops_quick(plan->threads);
    MPI_Reduce(&mine, &peak, 1, MPI_DOUBLE, MPI_SUM, 0, plan->ranks->comm);
    log_info(
        "  time        about %s, an estimate: at %.0f %% of a peak of %.0f GFLOP/s, as measured "
        "just now on %zu thread%s",
        long_duration((work.training + work.evaluation) / (share * peak), duration), 100.0 * share,
        1e-9 * peak, plan->placement.all_threads, plan->placement.all_threads == 1 ? "" : "s");
}
