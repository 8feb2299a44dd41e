#include "vit_report.h"

#include <math.h>
#include <stdio.h>

/* ---- texts ---- */

/* 21759012 -> "21,759,012". */
static void write_grouped(Html *html, uint64_t value) {
    char digits[32];
    const int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    for (int i = 0; i < length; i++)
        html_raw(html, "%s%c", i > 0 && (length - i) % 3 == 0 ? "," : "", digits[i]);
}

static void write_duration(Html *html, double seconds) {
    if (seconds >= 3600.0)
        html_raw(html, "%.1f h", seconds / 3600.0);
    else if (seconds >= 60.0)
        html_raw(html, "%.1f min", seconds / 60.0);
    else
        html_raw(html, "%.1f s", seconds);
}

static void write_percent(Html *html, double fraction) {
    if (isfinite(fraction))
        html_raw(html, "%.2f%%", 100.0 * fraction);
}

/* ---- figures of a run ---- */

static double training_seconds(const ReportRun *run) {
    double seconds = 0.0;
    for (size_t i = 0; i < run->history.epochs; i++)
        seconds += run->history.epoch[i].seconds;
    return seconds;
}

static const EpochRow *last_epoch(const ReportRun *run) {
    return run->history.epochs ? &run->history.epoch[run->history.epochs - 1] : NULL;
}

static void state(Html *html, const ReportRun *run) {
    html_raw(html, run->progress.finished ? "finished" : "not finished");
}

static void test_accuracy(Html *html, const ReportRun *run) {
    write_percent(html, run->progress.test_accuracy);
}

static void test_top5(Html *html, const ReportRun *run) {
    write_percent(html, run->progress.test_top5_accuracy);
}

static void test_loss(Html *html, const ReportRun *run) {
    if (isfinite(run->progress.test_accuracy)) /* it was tested */
        report_loss(html, run->progress.test_loss);
}

static void best_validation(Html *html, const ReportRun *run) {
    write_percent(html, run->progress.best_val_accuracy);
    if (run->progress.best_epoch)
        html_raw(html, " (epoch %llu)", (unsigned long long)run->progress.best_epoch);
}

static void last_training(Html *html, const ReportRun *run) {
    const EpochRow *row = last_epoch(run);
    if (!row)
        return;
    write_percent(html, row->accuracy);
    html_raw(html, ", loss ");
    report_loss(html, row->loss);
}

static void epochs(Html *html, const ReportRun *run) {
    html_raw(html, "%llu of %zu, ", (unsigned long long)run->progress.epoch, run->model.job.epochs);
    write_grouped(html, run->progress.step);
    html_raw(html, " steps");
}

static void model(Html *html, const ReportRun *run) {
    static const char *const pool[] = {[POOL_FLATTEN] = "all tokens to the head",
                                       [POOL_MEAN] = "mean of the tokens",
                                       [POOL_CLASS] = "class token",
                                       [POOL_SEQUENCE] = "sequence pooling"};
    const ModelShape *s = &run->model.shape;
    if (s->tokenizer == TOKENIZER_PATCH)
        html_raw(html, "patches of %zu pixels", s->patch_size);
    else
        html_raw(html, "%zu convolution%s", s->convolutions, s->convolutions == 1 ? "" : "s");
    html_raw(html,
             " of %zu x %zu; %zu tokens of %zu; %zu block%s, %zu head%s of %zu; %s; %zu "
             "classes",
             s->image_size, s->image_size, s->T, s->D, s->depth, s->depth == 1 ? "" : "s", s->H,
             s->H == 1 ? "" : "s", s->K, pool[s->pool], s->classes);
}

static void parameters(Html *html, const ReportRun *run) {
    write_grouped(html, run->model.table.trainable);
}

static void arithmetic(Html *html, const ReportRun *run) {
    const ModelShape *s = &run->model.shape;
    html_raw(html, "%.4g GFLOP a training image (forward %.4g)", 1e-9 * model_training_flops(s),
             1e-9 * model_forward_flops(s));
}

static void machine(Html *html, const ReportRun *run) {
    const BuildInfo *build = &run->model.build;
    html_raw(html, "%llu rank%s x %llu thread%s; ", (unsigned long long)build->ranks,
             build->ranks == 1 ? "" : "s", (unsigned long long)build->threads,
             build->threads == 1 ? "" : "s");
    html_text(html, build->host);
}

static void program(Html *html, const ReportRun *run) {
    const BuildInfo *build = &run->model.build;
    const char *const parts[] = {build->version, build->kernels, build->gemm, build->compiler};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        html_raw(html, "%s", i ? "; " : "vit_mpi ");
        html_text(html, parts[i]);
    }
}

static void speed(Html *html, const ReportRun *run) {
    double images = 0.0, seconds = 0.0;
    for (size_t i = 0; i < run->history.epochs; i++) {
        const EpochRow *row = &run->history.epoch[i];
        if (!isfinite(row->images_per_second))
            continue;
        images += row->images_per_second * row->seconds;
        seconds += row->seconds;
    }
    if (seconds > 0.0)
        html_raw(html, "%.1f images/s, %.1f GFLOP/s", images / seconds,
                 1e-9 * images / seconds * model_training_flops(&run->model.shape));
}

static void time_taken(Html *html, const ReportRun *run) {
    write_duration(html, training_seconds(run));
    html_raw(html, " of training");
}

static void waiting(Html *html, const ReportRun *run) {
    const double seconds = training_seconds(run);
    Waits sum = {0};
    double whole = 0.0;
    for (size_t i = 0; i < run->history.epochs; i++) {
        const EpochRow *row = &run->history.epoch[i];
        whole += row->wait_seconds;
        sum.samples += row->wait.samples;
        sum.gradients += row->wait.gradients;
        sum.ranks += row->wait.ranks;
        sum.weights += row->wait.weights;
    }
    if (!(seconds > 0.0) || !isfinite(whole))
        return;
    const double percent = 100.0 / seconds;
    html_raw(html, "%.2f%% of the time", percent * whole);
    if (isfinite(waits_total(&sum)))
        html_raw(html, ": samples %.2f, gradients %.2f, other ranks %.2f, weights %.2f",
                 percent * sum.samples, percent * sum.gradients, percent * sum.ranks,
                 percent * sum.weights);
}

static void write_times(Html *html, const char *what, size_t count) {
    html_raw(html, "; %s %zu time%s", what, count, count == 1 ? "" : "s");
}

static void life(Html *html, const ReportRun *run) {
    const ReportLog *log = &run->log;
    if (!log->is_there) {
        html_raw(html, "no log.txt in the folder");
        return;
    }
    html_text(html, log->begin);
    html_raw(html, " to ");
    html_text(html, log->end);
    write_times(html, "started", log->starts);
    write_times(html, "went on", log->resumes);
    write_times(html, "stopped", log->stops);
    write_times(html, "saved", log->saves);
    html_raw(html, "; %zu warning%s, %zu error%s", log->warnings, log->warnings == 1 ? "" : "s",
             log->errors, log->errors == 1 ? "" : "s");
}

static void data(Html *html, const ReportRun *run) {
    html_text(html, run->model.job.data_file);
}

static void folder(Html *html, const ReportRun *run) {
    html_text(html, run->folder);
    html_raw(html, ": weights of %s%s", output_file_name(run->weights),
             run->model.averaged ? ", averaged" : "");
}

typedef struct Figure {
    const char *name;
    void (*write)(Html *html, const ReportRun *run);
} Figure;

static void write_figures(Html *html, const ReportRun *runs, size_t count, const Figure *figures,
                          size_t rows) {
    html_raw(html, "<div class=wide><table class=facts>");
    report_run_columns(html, runs, count);
    html_raw(html, "<tbody>\n");
    for (size_t i = 0; i < rows; i++) {
        html_raw(html, "<tr><th scope=row>%s</th>", figures[i].name);
        for (size_t r = 0; r < count; r++) {
            html_raw(html, "<td>");
            figures[i].write(html, &runs[r]);
            html_raw(html, "</td>");
        }
        html_raw(html, "</tr>\n");
    }
    html_raw(html, "</tbody></table></div>\n");
}

void report_summary(Html *html, const ReportRun *runs, size_t count) {
    static const Figure figures[] = {{"State", state},
                                     {"Test accuracy", test_accuracy},
                                     {"Test top 5 accuracy", test_top5},
                                     {"Test loss", test_loss},
                                     {"Best validation accuracy", best_validation},
                                     {"Training accuracy at the end", last_training},
                                     {"Epochs", epochs},
                                     {"Model", model},
                                     {"Parameters", parameters},
                                     {"Arithmetic", arithmetic},
                                     {"Ranks, threads, host", machine},
                                     {"Program", program},
                                     {"Speed", speed},
                                     {"Time", time_taken},
                                     {"Waiting", waiting},
                                     {"Life", life},
                                     {"Data", data},
                                     {"Folder", folder}};
    report_section(html, "summary", "Summary");
    write_figures(html, runs, count, figures, sizeof figures / sizeof *figures);
}
