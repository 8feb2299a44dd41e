#include "vit_report.h"

#include "calibration.h"
#include "chart.h"
#include "class_results.h"
#include "inline_image.h"
#include "mistakes.h"
#include "vit/memory.h"
#include "vit/size.h"
#include <math.h>
#include <stdlib.h>

enum {
    CLASSES_OPEN = 10, /* rows at both ends of the table that are not folded */
    MATRIX_TABLE = 30, /* classes, at most, of a matrix in numbers */
    MATRIX_WIDTH = 420,
    PAIRS = 15,
    MISTAKES = 12,
    MISTAKE_WIDTH = 104
};

typedef struct Results {
    const ReportData *data;
    const Answers *answers;
    ClassResults classes;
} Results;

static const char *name_of(const Results *results, size_t class) {
    return report_data_class(results->data, class);
}

/* ---- classes ---- */

/* A row of the table of classes. */
typedef struct ClassRow {
    size_t class;
    ClassResult result;
} ClassRow;

/* Those without a value are at the end. */
static int by_f1(const void *one, const void *other) {
    const ClassRow *a = one, *b = other;
    const double first = isnan(a->result.f1) ? 2.0 : a->result.f1;
    const double second = isnan(b->result.f1) ? 2.0 : b->result.f1;
    if (first != second)
        return first < second ? -1 : 1;
    return a->class < b->class ? -1 : a->class > b->class;
}

static void write_share(Html *html, double fraction) {
    if (isfinite(fraction))
        html_number(html, "%.1f%%", 100.0 * fraction);
    else
        html_raw(html, "<td></td>");
}

/* Rows [first, end) of the table in its order; called so, unless that is "". */
static void write_classes(Html *html, const Results *results, const ClassRow *order, size_t first,
                          size_t end, const char *caption) {
    html_raw(html, "<div class=wide><table class=names>");
    if (*caption)
        html_element(html, "caption", caption);
    html_raw(html, "<thead><tr><th scope=col>class</th><th scope=col "
                   "class=n>precision</th><th scope=col class=n>recall</th><th scope=col "
                   "class=n>F1</th><th scope=col class=n>images</th></tr></thead><tbody>\n");
    for (size_t i = first; i < end; i++) {
        html_raw(html, "<tr><th scope=row>");
        html_text(html, name_of(results, order[i].class));
        html_raw(html, "</th>");
        write_share(html, order[i].result.precision);
        write_share(html, order[i].result.recall);
        write_share(html, order[i].result.f1);
        html_number(html, "%llu", (unsigned long long)order[i].result.images);
        html_raw(html, "</tr>\n");
    }
    html_raw(html, "</tbody></table></div>\n");
}

static void write_ordered(Html *html, const Results *results, const ClassRow *order) {
    const size_t classes = results->classes.classes;
    if (classes <= 3 * CLASSES_OPEN) {
        write_classes(html, results, order, 0, classes, "");
        return;
    }
    html_raw(html, "<div class=\"charts tables\">");
    write_classes(html, results, order, 0, CLASSES_OPEN, "The worst");
    write_classes(html, results, order, classes - CLASSES_OPEN, classes, "The best");
    html_raw(html, "</div>\n<details><summary>The %zu classes between them</summary>",
             classes - 2 * CLASSES_OPEN);
    write_classes(html, results, order, CLASSES_OPEN, classes - CLASSES_OPEN, "");
    html_raw(html, "</details>\n");
}

static Status write_class_table(Html *html, const Results *results) {
    ClassRow *order = NULL;
    const size_t classes = results->classes.classes;
    STATUS_TRY(memory_allocate(&order, classes, sizeof *order, "a table of classes"));
    for (size_t c = 0; c < classes; c++)
        order[c] = (ClassRow){c, results->classes.class[c]};
    qsort(order, classes, sizeof *order, by_f1);
    html_heading(html, "Classes");
    html_raw(html, "<p>By F1, the harmonic mean of precision (how many of those "
                   "that are called so are so) and recall (how many of them are found).</p>\n");
    write_ordered(html, results, order);
    memory_free(order);
    return STATUS_OK;
}

/* ---- who is taken for whom ---- */

static void write_matrix_table(Html *html, const Results *results) {
    const size_t classes = results->classes.classes;
    html_raw(html, "<p>A row for each class, a column for each answer.</p>\n<div class=wide>"
                   "<table class=names><thead><tr><td></td>");
    for (size_t c = 0; c < classes; c++) {
        html_raw(html, "<th scope=col class=n>");
        html_text(html, name_of(results, c));
        html_raw(html, "</th>");
    }
    html_raw(html, "</tr></thead><tbody>\n");
    for (size_t label = 0; label < classes; label++) {
        html_raw(html, "<tr><th scope=row>");
        html_text(html, name_of(results, label));
        html_raw(html, "</th>");
        for (size_t answer = 0; answer < classes; answer++)
            html_raw(html, label == answer ? "<td class=n><b>%u</b></td>" : "<td class=n>%u</td>",
                     class_results_count(&results->classes, label, answer));
        html_raw(html, "</tr>\n");
    }
    html_raw(html, "</tbody></table></div>\n");
}

static Status write_matrix_map(Html *html, const Results *results) {
    const size_t classes = results->classes.classes;
    InlineImage image;
    STATUS_TRY(inline_image_init(&image, classes, classes));
    for (size_t i = 0; i < classes * classes; i++) {
        const uint64_t images = results->classes.class[i / classes].images;
        const double share = images ? (double)results->classes.matrix[i] / (double)images : 0.0;
        inline_image_heat(sqrt(share), inline_image_pixel(&image, i % classes, i / classes));
    }
    html_raw(html, "<figure>");
    inline_image_add(html, &image, size_larger(MATRIX_WIDTH / classes, 1) * classes,
                     "Confusion matrix; the table of the most confused pairs has its largest "
                     "numbers");
    html_raw(html, "<figcaption><small>A row for each class, a column for each answer, both in the "
                   "order of the data file: what part of a class got the answer, from 0 (dark) to "
                   "all of it (light), by its square root. The diagonal is what is right."
                   "</small></figcaption></figure>\n");
    inline_image_free(&image);
    return STATUS_OK;
}

static void write_pairs(Html *html, const Results *results) {
    const size_t pairs = size_smaller(results->classes.pairs, PAIRS);
    html_heading(html, "Most confused");
    if (pairs == 0) {
        html_raw(html, "<p>No class was taken for another.</p>\n");
        return;
    }
    html_raw(html, "<div class=wide><table class=names><thead><tr><th scope=col>is</th><th "
                   "scope=col>was taken "
                   "for</th><th scope=col class=n>images</th><th scope=col class=n>of its "
                   "class</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < pairs; i++) {
        const ClassPair *pair = &results->classes.pair[i];
        html_raw(html, "<tr>");
        html_element(html, "td", name_of(results, pair->label));
        html_element(html, "td", name_of(results, pair->answer));
        html_number(html, "%u", pair->images);
        write_share(html,
                    (double)pair->images / (double)results->classes.class[pair->label].images);
        html_raw(html, "</tr>\n");
    }
    html_raw(html, "</tbody></table></div>\n");
}

static Status write_confusion(Html *html, const Results *results) {
    Status status = STATUS_OK;
    html_heading(html, "Confusion matrix");
    if (results->classes.classes > MATRIX_TABLE)
        status = write_matrix_map(html, results);
    else
        write_matrix_table(html, results);
    write_pairs(html, results);
    return status;
}

/* ---- how sure it is ---- */

static void write_sureness(Html *html, const Results *results) {
    const Answers *answers = results->answers;
    const Calibration found =
        calibration_of(answers->images, answers->classes, answers->logits, answers->label);
    double percent[CALIBRATION_PARTS];
    for (size_t p = 0; p < CALIBRATION_PARTS; p++)
        percent[p] = (100.0 * (double)p + 50.0) / CALIBRATION_PARTS;
    const ChartSeries series[] = {
        {.name = "right", .count = CALIBRATION_PARTS, .x = percent, .y = found.right, .style = 0},
        {.name = "as sure as this",
         .count = CALIBRATION_PARTS,
         .x = percent,
         .y = found.sure,
         .style = 1,
         .dashed = true}};
    const Chart chart = {.title = "How often it is right, by how sure it is",
                         .about = "Of the answers with about that probability, how many are right.",
                         .x_name = "probability of the answer, %",
                         .percent = true,
                         .zero = true,
                         .x_to = 100.0,
                         .count = 2,
                         .series = series};
    html_heading(html, "How sure it is");
    if (isnan(found.error)) {
        html_raw(html, "<p class=dim>No answer is a finite number.</p>\n");
        return;
    }
    html_raw(html,
             "<p>Where it is right more often than it is sure it doubts too much, and the "
             "other way round. The mean distance (expected calibration error) is %.2f%%."
             "</p>\n<div class=charts>\n",
             100.0 * found.error);
    chart_draw(html, &chart);
    html_raw(html, "</div>\n");
}

/* ---- mistakes ---- */

static Status write_mistake(Html *html, const Results *results, const Mistake *mistake,
                            uint8_t *pixels) {
    const Picture picture = results->data->header.picture;
    const size_t label = results->answers->label[mistake->image];
    InlineImage image;
    STATUS_TRY(report_data_picture(results->data, mistake->image, pixels, NULL));
    STATUS_TRY(inline_image_init(&image, picture.width, picture.height));
    inline_image_draw(&image, 0, 0, picture, pixels);
    html_raw(html, "<figure>");
    inline_image_add(html, &image, MISTAKE_WIDTH, name_of(results, label));
    inline_image_free(&image);
    html_raw(html, "<figcaption>");
    html_text(html, name_of(results, label));
    html_raw(html, "<br><small>taken for ");
    html_text(html, name_of(results, mistake->answer.class));
    html_raw(html, ", %.1f%%</small></figcaption></figure>\n", 100.0 * mistake->answer.probability);
    return STATUS_OK;
}

static Status write_mistakes(Html *html, const Results *results) {
    Mistake mistakes[MISTAKES];
    uint8_t *pixels = NULL;
    const Answers *answers = results->answers;
    const size_t count = mistakes_find(answers->images, answers->classes, answers->logits,
                                       answers->label, MISTAKES, mistakes);
    if (count == 0)
        return STATUS_OK;
    STATUS_TRY(
        memory_allocate(&pixels, picture_bytes(results->data->header.picture), 1, "a picture"));
    html_heading(html, "The surest mistakes");
    html_raw(html, "<p>Where the model gave a wrong answer the "
                   "highest probability: labels may be wrong, or pictures odd.</p>\n<div "
                   "class=\"tiles small\">\n");
    Status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = write_mistake(html, results, &mistakes[i], pixels);
    html_raw(html, "</div>\n");
    memory_free(pixels);
    return status;
}

/* ---- the section ---- */

static void write_figures(Html *html, const Results *results, const ReportRun *run) {
    const Answers *answers = results->answers;
    html_raw(html, "<p>%zu images of ", answers->images);
    html_text(html, results->data->path);
    html_raw(html, ", with the weights of %s: loss ", output_file_name(run->weights));
    report_loss(html, answers->loss);
    html_raw(html, ", accuracy %.2f%%, top 5 accuracy %.2f%%.</p>\n", 100.0 * answers->accuracy,
             100.0 * answers->top5_accuracy);
    if (results->data->is_other)
        html_raw(html, "<p>This is not the data file that the run was trained on.</p>\n");
}

static Status write_results(Html *html, const Results *results, const ReportRun *run) {
    write_figures(html, results, run);
    STATUS_TRY(write_class_table(html, results));
    STATUS_TRY(write_confusion(html, results));
    write_sureness(html, results);
    return write_mistakes(html, results);
}

void report_no_results(Html *html, const char *why) {
    html_raw(html, "<p class=dim>Missing: ");
    html_text(html, why);
    html_raw(html, ".</p>\n");
}

Status report_results(Html *html, const ReportRun *run, const ReportData *data,
                      const Answers *answers) {
    Results results = {.data = data, .answers = answers};
    Status status = class_results_init(&results.classes, answers->images, answers->classes,
                                       answers->logits, answers->label);
    if (status == STATUS_OK)
        status = write_results(html, &results, run);
    class_results_free(&results.classes);
    return status;
}
