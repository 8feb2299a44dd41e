#ifndef TOOLS_CHART_H
#define TOOLS_CHART_H

#include "html.h"
#include <stdbool.h>

enum { CHART_STYLES = 8 };

/* Line charts as inline SVG, with a legend before and a table of all numbers after it. Lines differ
 * by colour and by the shape of their markers, or by dashes. Local. */

typedef struct ChartSeries {
    const char *name; /* escaped where it is written */
    size_t count;
    const double *x,
        *y;       /* [count]; x: whole numbers that ascend; a y that is not finite is a gap */
    size_t style; /* below CHART_STYLES: colour and marker; lines of one thing share it */
    bool dashed;
} ChartSeries;

typedef struct Chart {
    const char *title;
    const char *about;   /* a sentence for those who do not see it */
    const char *x_name;  /* below its axis; a word without markup */
    bool percent;        /* y are fractions */
    bool zero;           /* the axis of y begins at 0 */
    double x_from, x_to; /* the axis of x holds these; equal: no more than the values */
    size_t count;
    const ChartSeries *series; /* [count] */
} Chart;

/* Where an axis has ticks: at first, first + step, ..., `count` of them. */
typedef struct ChartTicks {
    double first, step;
    size_t count;
} ChartTicks;

/* Round numbers, 1, 2 or 5 times a power of ten apart, of which the first is not above `low` and
 * the last not below `high`, with at most `most` (2 or more) steps between them. Where low is not
 * below high, or by less than a number's label can tell, a range around them. */
ChartTicks chart_ticks(double low, double high, size_t most);

/* How a number is written beside ticks so far apart. */
enum { CHART_LABEL_BYTES = 32 };
void chart_label(double value, double step, bool percent, char label[static CHART_LABEL_BYTES]);

/* Draws it as a <figure>; without a finite value, nothing. Series without one are left out. */
void chart_draw(Html *html, const Chart *chart);

#endif
