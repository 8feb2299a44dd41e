#define _GNU_SOURCE /* major() */
#include "run.h"

#include "vit/cpu.h"
#include "vit/gemm.h"
#include "vit/log.h"
#include "vit/size.h"
#include "vit/version.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 30 };

/* Seconds between two lines, and between two drawings of the bar. */
static const double line_interval = 30.0, bar_interval = 0.1;

/* Whether standard output ends on a terminal. mpirun gives its ranks a pseudo-terminal whatever its
 * own output is, so that there the launcher's has to be looked at; it is the parent on the first
 * node. */
static bool on_terminal(void) {
    if (!isatty(STDOUT_FILENO))
        return false;
    if (!getenv("OMPI_COMM_WORLD_RANK"))
        return true;
    char path[64];
    struct stat output;
    snprintf(path, sizeof path, "/proc/%ld/fd/1", (long)getppid());
    if (stat(path, &output) != 0 || !S_ISCHR(output.st_mode))
        return false;
    const unsigned device = major(output.st_rdev);
    return device == 4 || (device >= 136 && device <= 143); /* tty, pts */
}

void display_start(const Run *run) {
    bool terminal = run->job.progress == PROGRESS_BAR;
    if (run->job.progress == PROGRESS_AUTO)
        terminal = on_terminal();
    log_start(run->ranks->rank == 0, terminal);
}

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

static void display_model(const Run *run) {
    const ModelShape *shape = &run->shape;
    char mlp[128], head[128], number[32];
    list_text(&shape->mlp, mlp, sizeof mlp);
    list_text(&shape->head, head, sizeof head);
    log_info(
        "  model       %zux%zu pixels, patches of %zu: %zu tokens of %zu; %zu blocks, %zu heads "
        "of %zu, MLP %s",
        shape->image_size, shape->image_size, shape->patch_size, shape->T, shape->D, shape->depth,
        shape->H, shape->K, mlp);
    log_info("              %s, head %s, %zu classes",
             shape->pool == POOL_FLATTEN ? "flatten" : "mean pooling", head, shape->classes);
    log_info("  parameters  %s", grouped(run->table.trainable, number));
    log_info("  arithmetic  %.4g GFLOP a training image (forward %.4g)",
             1e-9 * model_training_flops(shape), 1e-9 * model_forward_flops(shape));
    if (model_folds_attention(shape))
        log_info("              attention folded: %.4g of them are executed",
                 1e-9 * model_executed_flops(shape));
}

/* What a rank holds, in bytes. */
static double memory_bytes(const Run *run, const ExchangeCost *cost) {
    const VitOptions options = run_vit_options(run);
    size_t vit;
    if (vit_bytes(&run->shape, &run->table, &options, &vit) != STATUS_OK)
        log_warning("%s", status_message());
    const size_t ranks = (size_t)run->ranks->size, block = run->table.floats * sizeof(float);
    const size_t images = run->data.images[SPLIT_TRAIN] + run->data.images[SPLIT_TEST];
    return cost->memory + (double)(block + 2 * run->partition.own_floats * sizeof(float) + vit +
                                   images / ranks * (DATA_IMAGE_BYTES + sizeof(uint16_t)) +
                                   run->train_images * sizeof *run->order);
}

/* The images that a rank sends a step, on average over the ranks, in bytes. */
static double sample_bytes(const Run *run) {
    const double ranks = (double)run->ranks->size;
    return (double)run->job.batch_size / ranks * (DATA_IMAGE_BYTES + sizeof(uint16_t)) *
           (ranks - 1.0) / ranks;
}

/* How the gradients come about, and what that costs. */
static void display_exchange(const Run *run) {
    static const char *const treatment[] = {"summed, updated by all", "summed, divided",
                                            "from factors, divided"};
    const ExchangeOptions options = run_exchange_options(run);
    ExchangeCost cost;
    char number[32];
    if (exchange_cost(run->ranks, &run->partition, &run->shape, &run->table, &options, &cost) !=
        STATUS_OK) {
        log_warning("%s", status_message());
        return;
    }
    for (size_t g = 0; g < run->partition.regions; g++) {
        const Region *region = &run->partition.region[g];
        const char *name = run->table.entry[run->partition.piece[region->first_piece].entry].name;
        log_info("  %s %s: %s values, %s", g ? "           " : "gradients  ",
                 g ? name : "all but the head's kernels", grouped(region->floats, number),
                 treatment[region->treatment]);
    }
    const double samples = sample_bytes(run);
    const double memory = memory_bytes(run, &cost);
    const double snapshot = (double)(SNAPSHOT_BLOCKS * run->table.floats * sizeof(float));
    log_info("  a rank      %.2f GB of memory (rank 0, with a checkpoint's snapshot, %.2f); sends "
             "%.1f MB a step: sums %.1f, factors %.1f, weights %.1f, images %.1f",
             1e-9 * memory, 1e-9 * (memory + snapshot),
             1e-6 * (cost.sums + cost.factors + cost.weights + samples), 1e-6 * cost.sums,
             1e-6 * cost.factors, 1e-6 * cost.weights, 1e-6 * samples);
}

/* "2 x 8 threads", "2 x 1 to 7 threads". */
static void display_ranks(const Run *run) {
    const Placement *placement = &run->placement;
    char processor[128], threads[64];
    cpu_model(processor, sizeof processor);
    if (placement->least_threads == placement->most_threads)
        snprintf(threads, sizeof threads, "%zu", placement->most_threads);
    else
        snprintf(threads, sizeof threads, "%zu to %zu", placement->least_threads,
                 placement->most_threads);
    log_info("  ranks       %d x %s thread%s on %zu node%s; %s", run->ranks->size, threads,
             placement->most_threads == 1 ? "" : "s", placement->nodes,
             placement->nodes == 1 ? "" : "s", processor);
    for (size_t i = 0; i < placement->lines; i++)
        log_info("  %s", placement->line[i]);
}

void display_advice(const Run *run) {
    for (size_t i = 0; i < run->placement.advices; i++)
        log_warning("%s", run->placement.advice[i]);
}

void display_plan(const Run *run) {
    char training[32], validation[32], test[32];
    const size_t units = size_groups(run->job.batch_size, run->job.unit_images);
    const size_t threads = run->placement.all_threads;
    log_info("vit_mpi %s: job %s, output %s", version_text, run->job.name, run->job.output);
    display_model(run);
    log_info("  data        %s: %s training, %s validation, %s test images", run->job.data_file,
             grouped(run->train_images, training), grouped(run->validation_images, validation),
             grouped(run->data.images[SPLIT_TEST], test));
    log_info("  batch       %zu images, %zu steps an epoch, %zu epochs", run->job.batch_size,
             run_epoch_steps(run), run->job.epochs);
    display_ranks(run);
    log_info("  kernels     %s; products through %s", cpu_level_name(kernels_best()->level),
             gemm_description());
    display_exchange(run);
    if (gemm_warning())
        log_warning("%s", gemm_warning());
    display_advice(run);
    if (units < threads)
        log_warning("%zu of %zu threads will idle: a batch of %zu images has %zu units of "
                    "[train] unit_images = %zu",
                    threads - units, threads, run->job.batch_size, units, run->job.unit_images);
}

/* Seconds since this process began, from Linux; NaN elsewhere. */
static double process_seconds(void) {
    FILE *file = fopen("/proc/self/stat", "r");
    struct timespec now;
    char text[1024] = "";
    double ticks = NAN;
    if (file && fgets(text, sizeof text, file)) {
        /* The second field, in brackets, may hold anything; the 22nd is the start since boot. */
        const char *rest = strrchr(text, ')');
        for (int field = 2; rest && field < 22; field++)
            rest = strchr(rest + 1, ' ');
        ticks = rest ? strtod(rest, NULL) : NAN;
    }
    if (file)
        fclose(file);
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec - ticks / (double)sysconf(_SC_CLK_TCK);
}

void display_ready(const Run *run) {
    const double seconds = run->ranks->rank == 0 ? process_seconds() : NAN;
    if (!isnan(seconds))
        log_info("The first step begins %.2f s after the program did", seconds);
}

/* "1:52", "2:03:11". */
static const char *duration(double seconds, char text[static 32]) {
    const long s = isfinite(seconds) && seconds < 1e8 ? lround(seconds) : 0;
    if (s >= 3600)
        snprintf(text, 32, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        snprintf(text, 32, "%ld:%02ld", s / 60, s % 60);
    return text;
}

static void bar_text(size_t done, size_t all, char bar[static BAR_WIDTH + 1]) {
    const size_t filled = all ? done * BAR_WIDTH / all : 0;
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '=', filled);
    if (filled < BAR_WIDTH)
        bar[filled] = '>';
    bar[BAR_WIDTH] = '\0';
}

void display_step(Run *run) {
    const size_t steps = run_epoch_steps(run);
    const bool lines = run->job.progress == PROGRESS_LINES ||
                       (run->job.progress == PROGRESS_AUTO && !log_on_terminal());
    const double now = MPI_Wtime(), interval = lines ? line_interval : bar_interval;
    if (run->ranks->rank != 0 || run->job.progress == PROGRESS_NONE ||
        now - run->shown_at < interval)
        return;
    run->shown_at = now;
    const EpochRow row = run_epoch_row(run);
    const double left =
        (double)(run->train_images - run->progress.position) / row.images_per_second;
    const size_t step = size_groups(run->progress.position, run->job.batch_size);
    char remaining[32], bar[BAR_WIDTH + 1], text[512];
    bar_text(step, steps, bar);
    snprintf(text, sizeof text,
             "Epoch %llu/%zu  %zu/%zu [%s] - ETA %s - %.1f images/s - loss: %.4f - accuracy: %.4f",
             (unsigned long long)row.epoch, run->job.epochs, step, steps, bar,
             duration(left, remaining), row.images_per_second, row.loss, row.accuracy);
    if (lines)
        log_info("%s", text);
    else
        log_transient("%s", text);
}

/* s that training stood still, and in % of a step. */
static void stall_text(const Run *run, double stall, char *text, size_t bytes) {
    if (run->steps.count)
        snprintf(text, bytes, "training stood still for %.0f ms, %.1f %% of a step", 1e3 * stall,
                 100.0 * stall * (double)run->steps.count / run->steps.seconds);
    else
        snprintf(text, bytes, "training stood still for %.0f ms, before the first step",
                 1e3 * stall);
}

void display_save(Run *run) {
    char stall[128];
    const double now = MPI_Wtime();
    if (run->job.progress == PROGRESS_NONE || now - run->save_shown_at < line_interval)
        return;
    run->save_shown_at = now;
    stall_text(run, run->save_stall, stall, sizeof stall);
    log_info("Saved last.h5 after step %llu in %.2f s; %s", (unsigned long long)run->saved_step,
             run->save_seconds, stall);
}

void display_saves(const Run *run) {
    char stall[128];
    const double count = (double)run->saves.count;
    if (run->ranks->rank != 0 || run->saves.count == 0)
        return;
    stall_text(run, run->saves.stall / count, stall, sizeof stall);
    log_info("Saved last.h5 %zu time%s, in %.2f s on average; %s", run->saves.count,
             run->saves.count == 1 ? "" : "s", run->saves.seconds / count, stall);
}

void display_epoch(const Run *run, const EpochRow *row, const char *paces) {
    char validation[160] = "", waiting[128] = "", skipped[96] = "";
    const uint64_t lost = run->progress.position - run->progress.sums.samples;
    if (lost)
        snprintf(skipped, sizeof skipped, " - skipped: %llu images of steps that were not finite",
                 (unsigned long long)lost);
    if (!isnan(row->val_loss))
        snprintf(validation, sizeof validation,
                 " - val_loss: %.4f - val_accuracy: %.4f - val_top5_accuracy: %.4f", row->val_loss,
                 row->val_accuracy, row->val_top5_accuracy);
    if (run->ranks->size > 1)
        snprintf(waiting, sizeof waiting,
                 " (waiting %.1f %%: samples %.1f, gradients %.1f, ranks %.1f, weights %.1f)",
                 100.0 * row->wait_seconds / row->seconds, 100.0 * row->wait.samples / row->seconds,
                 100.0 * row->wait.gradients / row->seconds, 100.0 * row->wait.ranks / row->seconds,
                 100.0 * row->wait.weights / row->seconds);
    log_info("Epoch %llu/%zu - %.1f s - %.1f images/s%s - loss: %.4f - accuracy: %.4f - "
             "top5_accuracy: %.4f%s%s%s%s",
             (unsigned long long)row->epoch, run->job.epochs, row->seconds, row->images_per_second,
             waiting, row->loss, row->accuracy, row->top5_accuracy, validation, skipped,
             paces[0] ? " - " : "", paces);
}

void display_test(const Evaluation *test) {
    log_info("Test loss: %.4f", test->loss);
    log_info("Test accuracy: %.2f%%", 100.0 * test->accuracy);
    log_info("Test top 5 accuracy: %.2f%%", 100.0 * test->top5_accuracy);
}
