#include "vit_report.h"

#include "chart.h"
#include "vit/memory.h"
#include <stdio.h>

/* A chart of columns of the epochs' rows: one line a run and column, training ones dashed. */
typedef struct Curve {
    const char *title, *about;
    bool percent, zero;
    double (*training)(const EpochRow *row);
    double (*validation)(const EpochRow *row); /* or NULL */
} Curve;

#define COLUMN(name)                                                                               \
    static double column_##name(const EpochRow *row) {                                             \
        return row->name;                                                                          \
    }
COLUMN(loss)
COLUMN(accuracy)
COLUMN(top5_accuracy)
COLUMN(val_loss)
COLUMN(val_accuracy)
COLUMN(val_top5_accuracy)
COLUMN(learning_rate)
COLUMN(images_per_second)
#undef COLUMN

enum { LINES_MOST = 2 * CHART_STYLES, NAME = FILE_PATH_MAX + 16 };

typedef struct Lines {
    size_t count;
    ChartSeries series[LINES_MOST];
    char name[LINES_MOST][NAME];
    double *values; /* x, then y, of each line */
} Lines;

static size_t epochs_of_all(const ReportRun *runs, size_t count) {
    size_t epochs = 0;
    for (size_t i = 0; i < count; i++)
        epochs += runs[i].history.epochs;
    return epochs;
}

/* *values: where the line's numbers go; moved behind them. */
static void add_line(Lines *lines, const ReportRun *run, size_t style, bool dashed,
                     double (*column)(const EpochRow *row), double **values) {
    const size_t epochs = run->history.epochs;
    double *x = *values, *y = x + epochs;
    for (size_t i = 0; i < epochs; i++) {
        x[i] = (double)run->history.epoch[i].epoch;
        y[i] = column(&run->history.epoch[i]);
    }
    *values = y + epochs;
    lines->series[lines->count] = (ChartSeries){.name = lines->name[lines->count],
                                                .count = epochs,
                                                .x = x,
                                                .y = y,
                                                .style = style,
                                                .dashed = dashed};
    lines->count++;
}

/* One run has a colour for each line, several a colour for each run. */
static void add_run(Lines *lines, const Curve *curve, const ReportRun *run, size_t number,
                    bool several, double **values) {
    if (curve->validation) {
        snprintf(lines->name[lines->count], NAME, "%s%svalidation", several ? run->title : "",
                 several ? ", " : "");
        add_line(lines, run, several ? number : 0, false, curve->validation, values);
        snprintf(lines->name[lines->count], NAME, "%s%straining", several ? run->title : "",
                 several ? ", " : "");
        add_line(lines, run, several ? number : 1, true, curve->training, values);
        return;
    }
    snprintf(lines->name[lines->count], NAME, "%s", run->title);
    add_line(lines, run, number, false, curve->training, values);
}

static void draw_curve(Html *html, const Curve *curve, const ReportRun *runs, size_t count,
                       Lines *lines) {
    double *values = lines->values;
    lines->count = 0;
    for (size_t i = 0; i < count; i++)
        add_run(lines, curve, &runs[i], i, count > 1, &values);
    const Chart chart = {.title = curve->title,
                         .about = curve->about,
                         .x_name = "epoch",
                         .percent = curve->percent,
                         .zero = curve->zero,
                         .count = lines->count,
                         .series = lines->series};
    chart_draw(html, &chart);
}

Status report_curves(Html *html, const ReportRun *runs, size_t count) {
    static const Curve curves[] = {
        {"Loss", "Training and validation loss over the epochs.", false, false, column_loss,
         column_val_loss},
        {"Accuracy", "Training and validation accuracy over the epochs.", true, true,
         column_accuracy, column_val_accuracy},
        {"Top 5 accuracy",
         "How often the right class is among the five likeliest, over the epochs.", true, true,
         column_top5_accuracy, column_val_top5_accuracy},
        {"Learning rate", "The learning rate at the end of each epoch.", false, true,
         column_learning_rate, NULL},
        {"Images per second", "The speed of training in each epoch.", false, true,
         column_images_per_second, NULL}};
    const size_t epochs = epochs_of_all(runs, count);
    Lines *lines = NULL;
    report_section(html, "curves", "Curves");
    if (epochs == 0) {
        html_raw(html, "<p class=dim>No epoch is completed yet.</p>\n");
        return STATUS_OK;
    }
    STATUS_TRY(memory_allocate(&lines, 1, sizeof *lines, "curves"));
    Status status = memory_allocate(&lines->values, 4 * epochs, sizeof(double), "curves");
    html_raw(html, "<p>Training values are means over an epoch, with dropout and augmentation on; "
                   "validation follows it without them.</p>\n<div class=charts>\n");
    for (size_t i = 0; i < sizeof curves / sizeof *curves && status == STATUS_OK; i++)
        draw_curve(html, &curves[i], runs, count, lines);
    html_raw(html, "</div>\n");
    memory_free(lines->values);
    memory_free(lines);
    return status;
}
