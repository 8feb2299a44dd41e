#include "chart.h"

#include <math.h>
#include <stdio.h>

/* Of the drawing, in its own units, which are about a pixel of a phone. */
enum {
    WIDTH = 400,
    HEIGHT = 240,
    LEFT = 54,
    RIGHT = 16,
    TOP = 12,
    BOTTOM = 36,
    X_STEPS = 6,
    Y_STEPS = 6,
    MARKERS = 8,
    DIGITS_MOST = 9,
    ROWS_MOST = 200 /* of a table */
};

typedef struct Axis {
    ChartTicks ticks;
    double from, to; /* where its ends are drawn */
} Axis;

/* ---- ticks ---- */

ChartTicks chart_ticks(double low, double high, size_t most) {
    static const double nice[] = {1.0, 2.0, 5.0};
    if (!(high - low > 1e-5 * fmax(fabs(low), fabs(high)))) {
        const double around = low != 0.0 ? fabs(low) * 0.5 : 1.0;
        high += around;
        low -= around;
    }
    double power = pow(10.0, floor(log10((high - low) / (double)most)));
    for (size_t i = 0;; i = (i + 1) % 3) {
        const double step = nice[i] * power, first = floor(low / step + 1e-9) * step;
        const double steps = ceil((high - first) / step - 1e-9);
        if (steps <= (double)most)
            return (ChartTicks){first, step, (size_t)steps + 1};
        if (i == 2)
            power *= 10.0;
    }
}

void chart_label(double value, double step, bool percent, char label[static CHART_LABEL_BYTES]) {
    const double scale = percent ? 100.0 : 1.0, shown = value * scale;
    const double digits = -floor(log10(step * scale) + 1e-9);
    if (fabs(shown) < 1e-9 * step * scale)
        snprintf(label, CHART_LABEL_BYTES, "0%s", percent ? "%" : "");
    else if (digits > 3 || fabs(shown) >= 1e6)
        snprintf(label, CHART_LABEL_BYTES, "%.*g%s",
                 (int)fmin(fmax(floor(log10(fabs(shown)) + 1e-9) + digits + 1.0, 1.0), DIGITS_MOST),
                 shown, percent ? "%" : "");
    else
        snprintf(label, CHART_LABEL_BYTES, "%.*f%s", digits > 0 ? (int)digits : 0, shown,
                 percent ? "%" : "");
}

/* ---- axes ---- */

static double axis_end(const Axis *axis) {
    return axis->ticks.first + (double)(axis->ticks.count - 1) * axis->ticks.step;
}

static double axis_place(const Axis *axis, double value) {
    const double part = (value - axis->ticks.first) / (axis_end(axis) - axis->ticks.first);
    return axis->from + part * (axis->to - axis->from);
}

static bool is_shown(const ChartSeries *series, size_t i) {
    return isfinite(series->x[i]) && isfinite(series->y[i]);
}

static bool is_empty(const ChartSeries *series) {
    size_t i = 0;
    while (i < series->count && !is_shown(series, i))
        i++;
    return i == series->count;
}

/* Of whole numbers: none between them. */
static ChartTicks whole_ticks(double low, double high) {
    ChartTicks ticks = chart_ticks(low, high, X_STEPS);
    if (ticks.step < 1.0) {
        const double end = ticks.first + (double)(ticks.count - 1) * ticks.step;
        ticks.first = floor(ticks.first + 1e-9);
        ticks.count = (size_t)(ceil(end - 1e-9) - ticks.first) + 1;
        ticks.step = 1.0;
    }
    return ticks;
}

/* False where nothing is to be shown. */
static bool find_axes(const Chart *chart, Axis *x, Axis *y) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (size_t s = 0; s < chart->count; s++)
        for (size_t i = 0; i < chart->series[s].count; i++) {
            const double at[2] = {chart->series[s].x[i], chart->series[s].y[i]};
            for (size_t k = 0; k < 2 && is_shown(&chart->series[s], i); k++) {
                low[k] = fmin(low[k], at[k]);
                high[k] = fmax(high[k], at[k]);
            }
        }
    if (low[0] > high[0])
        return false;
    if (chart->zero)
        low[1] = fmin(low[1], 0.0);
    if (chart->x_from < chart->x_to) {
        low[0] = fmin(low[0], chart->x_from);
        high[0] = fmax(high[0], chart->x_to);
    }
    *x = (Axis){whole_ticks(low[0], high[0]), LEFT, WIDTH - RIGHT};
    *y = (Axis){chart_ticks(low[1], high[1], Y_STEPS), HEIGHT - BOTTOM, TOP};
    return true;
}

static void draw_axes(Html *html, const Chart *chart, const Axis *x, const Axis *y) {
    char label[CHART_LABEL_BYTES];
    html_raw(html, "<g class=axis>");
    for (size_t i = 0; i < y->ticks.count; i++) {
        const double value = y->ticks.first + (double)i * y->ticks.step;
        const double at = axis_place(y, value);
        chart_label(value, y->ticks.step, chart->percent, label);
        html_raw(html, "<path d=\"M%d %.1fH%d\"/>", LEFT, at, WIDTH - RIGHT);
        html_raw(html, "<text x=\"%d\" y=\"%.1f\" class=e>%s</text>", LEFT - 6, at + 4.0, label);
    }
    for (size_t i = 0; i < x->ticks.count; i++) {
        const double value = x->ticks.first + (double)i * x->ticks.step;
        const double at = axis_place(x, value);
        chart_label(value, x->ticks.step, false, label);
        html_raw(html, "<path d=\"M%.1f %dv5\"/>", at, HEIGHT - BOTTOM);
        html_raw(html, "<text x=\"%.1f\" y=\"%d\" class=m>%s</text>", at, HEIGHT - BOTTOM + 17,
                 label);
    }
    html_raw(html, "<text x=\"%d\" y=\"%d\" class=m>%s</text></g>", (LEFT + WIDTH - RIGHT) / 2,
             HEIGHT - 4, chart->x_name);
}

/* ---- lines ---- */

static void draw_marker(Html *html, size_t style, double x, double y) {
    switch (style) {
    case 0:
        html_raw(html, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\"/>", x, y);
        break;
    case 1:
        html_raw(html, "<path d=\"M%.1f %.1fh6v6h-6z\"/>", x - 3.0, y - 3.0);
        break;
    case 2:
        html_raw(html, "<path d=\"M%.1f %.1fl4 7h-8z\"/>", x, y - 4.0);
        break;
    case 3:
        html_raw(html, "<path d=\"M%.1f %.1fl4 4l-4 4l-4 -4z\"/>", x, y - 4.0);
        break;
    case 4:
        html_raw(html, "<path d=\"M%.1f %.1fh8l-4 7z\"/>", x - 4.0, y - 3.0);
        break;
    case 5:
        html_raw(html, "<path class=x d=\"M%.1f %.1fl6 6m0 -6l-6 6\"/>", x - 3.0, y - 3.0);
        break;
    case 6:
        html_raw(html, "<path class=x d=\"M%.1f %.1fv8m-4 -4h8\"/>", x, y - 4.0);
        break;
    default:
        html_raw(html, "<path class=x d=\"M%.1f %.1fv8\"/>", x, y - 4.0);
    }
}

/* Which no line leads to or from, so that only a marker shows it. */
static bool is_alone(const ChartSeries *series, size_t i) {
    return (i == 0 || !is_shown(series, i - 1)) &&
           (i + 1 == series->count || !is_shown(series, i + 1));
}

static void draw_line(Html *html, const ChartSeries *series, const Axis *x, const Axis *y) {
    bool pen = false;
    html_raw(html, "<g class=\"s%zu%s\"><path class=l d=\"", series->style,
             series->dashed ? " d" : "");
    for (size_t i = 0; i < series->count; i++) {
        const bool shown = is_shown(series, i);
        if (shown)
            html_raw(html, "%s%.1f %.1f", pen ? "L" : "M", axis_place(x, series->x[i]),
                     axis_place(y, series->y[i]));
        pen = shown;
    }
    html_raw(html, "\"/>");
    const size_t apart = series->count / MARKERS + 1;
    for (size_t i = 0; i < series->count; i++)
        if (is_shown(series, i) && (i % apart == series->style % apart || is_alone(series, i)))
            draw_marker(html, series->style, axis_place(x, series->x[i]),
                        axis_place(y, series->y[i]));
    html_raw(html, "</g>");
}

/* ---- what is around ---- */

static void draw_legend(Html *html, const Chart *chart) {
    if (chart->count < 2)
        return;
    html_raw(html, "<ul class=legend>");
    for (size_t s = 0; s < chart->count; s++) {
        const ChartSeries *series = &chart->series[s];
        if (is_empty(series))
            continue;
        html_raw(html,
                 "<li><svg viewBox=\"0 0 34 12\" aria-hidden=true><g class=\"s%zu%s\">"
                 "<path class=l d=\"M1 6H33\"/>",
                 series->style, series->dashed ? " d" : "");
        draw_marker(html, series->style, 17.0, 6.0);
        html_raw(html, "</g></svg> ");
        html_text(html, series->name);
        html_raw(html, "</li>");
    }
    html_raw(html, "</ul>");
}

/* The row of a series at x, or its count. */
static size_t find_row(const ChartSeries *series, double x) {
    size_t i = 0;
    while (i < series->count && series->x[i] != x)
        i++;
    return i;
}

static void draw_row(Html *html, const Chart *chart, double x) {
    html_raw(html, "<tr><th scope=row>%.10g</th>", x);
    for (size_t s = 0; s < chart->count; s++) {
        const ChartSeries *series = &chart->series[s];
        const size_t i = find_row(series, x);
        if (is_empty(series))
            continue;
        if (i == series->count || !isfinite(series->y[i]))
            html_raw(html, "<td></td>");
        else if (chart->percent)
            html_number(html, "%.2f%%", 100.0 * series->y[i]);
        else
            html_number(html, "%.4g", series->y[i]);
    }
    html_raw(html, "</tr>\n");
}

/* The least x of all series above `after`; infinite when there is none. */
static double next_x(const Chart *chart, double after) {
    double next = INFINITY;
    for (size_t s = 0; s < chart->count; s++)
        for (size_t i = 0; i < chart->series[s].count; i++)
            if (chart->series[s].x[i] > after)
                next = fmin(next, chart->series[s].x[i]);
    return next;
}

static void draw_table(Html *html, const Chart *chart) {
    size_t rows = 0, number = 0;
    for (double x = next_x(chart, -INFINITY); isfinite(x); x = next_x(chart, x))
        rows++;
    const size_t apart = rows / ROWS_MOST + 1;
    html_raw(html,
             "<details><summary>The numbers%s</summary><div class=wide><table><thead><tr>"
             "<th scope=col>%s</th>",
             apart > 1 ? ", some of them" : "", chart->x_name);
    for (size_t s = 0; s < chart->count; s++) {
        if (is_empty(&chart->series[s]))
            continue;
        html_raw(html, "<th scope=col class=n>");
        html_text(html, chart->series[s].name);
        html_raw(html, "</th>");
    }
    html_raw(html, "</tr></thead><tbody>\n");
    for (double x = next_x(chart, -INFINITY); isfinite(x); x = next_x(chart, x), number++)
        if (number % apart == 0 || number + 1 == rows)
            draw_row(html, chart, x);
    html_raw(html, "</tbody></table></div></details>");
}

void chart_draw(Html *html, const Chart *chart) {
    Axis x, y;
    if (!find_axes(chart, &x, &y))
        return;
    const size_t id = html->ids++;
    html_raw(html, "<figure class=chart><figcaption>");
    html_text(html, chart->title);
    html_raw(html, "</figcaption>");
    draw_legend(html, chart);
    html_raw(html,
             "<svg viewBox=\"0 0 %d %d\" role=img aria-labelledby=\"t%zu d%zu\"><title "
             "id=\"t%zu\">",
             WIDTH, HEIGHT, id, id, id);
    html_text(html, chart->title);
    html_raw(html, "</title><desc id=\"d%zu\">", id);
    html_text(html, chart->about);
    html_raw(html, "</desc>");
    draw_axes(html, chart, &x, &y);
    for (size_t s = 0; s < chart->count; s++)
        if (!is_empty(&chart->series[s]))
            draw_line(html, &chart->series[s], &x, &y);
    html_raw(html, "</svg>\n");
    draw_table(html, chart);
    html_raw(html, "</figure>\n");
}
