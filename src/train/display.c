#define _GNU_SOURCE /* major() */
#include "display.h"

#include "vit/log.h"
#include "vit/output_file.h"
#include "vit/size.h"
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

void display_start(const Plan *plan) {
    bool terminal = plan->job.progress == PROGRESS_BAR;
    if (plan->job.progress == PROGRESS_AUTO)
        terminal = on_terminal();
    log_start(plan->ranks->rank == 0, terminal);
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

void display_ready(const Display *display) {
    const double seconds = display->plan->ranks->rank == 0 ? process_seconds() : NAN;
    if (!isnan(seconds))
        log_info("The first step begins %.2f s after the program did", seconds);
}

/* "1:52", "2:03:11"; "?" where nobody knows, as long as no step has counted. */
static const char *duration(double seconds, char text[static 32]) {
    if (!isfinite(seconds) || seconds >= 1e8)
        return "?";
    const long s = lround(seconds);
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

void display_step(Display *display, const Progress *progress, const EpochRow *row) {
    const Plan *plan = display->plan;
    const ProgressKind kind = plan->job.progress;
    const bool lines = kind == PROGRESS_LINES || (kind == PROGRESS_AUTO && !log_on_terminal());
    const double now = MPI_Wtime(), interval = lines ? line_interval : bar_interval;
    if (plan->ranks->rank != 0 || kind == PROGRESS_NONE || now - display->step_shown_at < interval)
        return;
    display->step_shown_at = now;
    const double left = (double)(plan->train_images - progress->position) / row->images_per_second;
    const size_t step = size_groups(progress->position, plan->job.batch_size);
    const size_t steps = plan_epoch_steps(plan);
    char remaining[32], bar[BAR_WIDTH + 1], text[512];
    bar_text(step, steps, bar);
    snprintf(
        text, sizeof text,
        "Epoch %llu/%zu  %zu/%zu [%s] - ETA %s - %.1f images/s - loss: %.4f - accuracy: %.4f - "
        "learning_rate: %.4g",
        (unsigned long long)row->epoch, plan->job.epochs, step, steps, bar,
        duration(left, remaining), row->images_per_second, row->loss, row->accuracy,
        row->learning_rate);
    if (lines)
        log_info("%s", text);
    else
        log_transient("%s", text);
}

/* s that training stood still, and in % of a step. */
static const char *stall_text(double stall, const StepTimes *times, char text[static 128]) {
    if (times->count)
        snprintf(text, 128, "training stood still for %.0f ms, %.1f %% of a step", 1e3 * stall,
                 100.0 * stall * (double)times->count / times->seconds);
    else
        snprintf(text, 128, "training stood still for %.0f ms, before the first step", 1e3 * stall);
    return text;
}

void display_save(Display *display, uint64_t step, double seconds, double stall,
                  const StepTimes *times) {
    char text[128];
    const double now = MPI_Wtime();
    if (display->plan->job.progress == PROGRESS_NONE ||
        now - display->save_shown_at < line_interval)
        return;
    display->save_shown_at = now;
    log_info("Saved %s after step %llu in %.2f s; %s", output_file_name(OUTPUT_LAST),
             (unsigned long long)step, seconds, stall_text(stall, times, text));
}

void display_saves(size_t count, double seconds, double stall, const StepTimes *times) {
    char text[128];
    log_info("Saved %s %zu time%s, in %.2f s on average; %s", output_file_name(OUTPUT_LAST), count,
             count == 1 ? "" : "s", seconds, stall_text(stall, times, text));
}

/* " (waiting 3.1 %: ...)" */
static void waiting_text(const EpochRow *row, char text[static 128]) {
    const double percent = 100.0 / row->seconds;
    snprintf(text, 128,
             " (waiting %.1f %%: samples %.1f, gradients %.1f, ranks %.1f, weights %.1f)",
             percent * row->wait_seconds, percent * row->wait.samples,
             percent * row->wait.gradients, percent * row->wait.ranks, percent * row->wait.weights);
}

void display_epoch(const Display *display, const Progress *progress, const EpochRow *row,
                   const char *paces) {
    char validation[160] = "", waiting[128] = "", skipped[96] = "";
    const uint64_t lost = progress->position - progress->sums.samples;
    if (lost)
        snprintf(skipped, sizeof skipped, " - skipped: %llu images of steps that were not finite",
                 (unsigned long long)lost);
    if (!isnan(row->val_loss))
        snprintf(validation, sizeof validation,
                 " - val_loss: %.4f - val_accuracy: %.4f - val_top5_accuracy: %.4f", row->val_loss,
                 row->val_accuracy, row->val_top5_accuracy);
    if (display->plan->ranks->size > 1)
        waiting_text(row, waiting);
    log_info("Epoch %llu/%zu - %.1f s - %.1f images/s%s - loss: %.4f - accuracy: %.4f - "
             "top5_accuracy: %.4f%s - learning_rate: %.4g%s%s%s",
             (unsigned long long)row->epoch, display->plan->job.epochs, row->seconds,
             row->images_per_second, waiting, row->loss, row->accuracy, row->top5_accuracy,
             validation, row->learning_rate, skipped, paces[0] ? " - " : "", paces);
}

void display_test(double loss, double accuracy, double top5_accuracy) {
    log_info("Test loss: %.4f", loss);
    log_info("Test accuracy: %.2f%%", 100.0 * accuracy);
    log_info("Test top 5 accuracy: %.2f%%", 100.0 * top5_accuracy);
}
