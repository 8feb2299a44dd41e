#ifndef VIT_IMPORT_RESAMPLE_AXIS_H
#define VIT_IMPORT_RESAMPLE_AXIS_H

#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* What pixels along an axis become when n of them become m, as in Pillow: with scale = n / m, the
 * new pixel i is the sum of the old ones j, weighted with w_ij = max(0, 1 - |j + 1/2 - c_i| / s) /
 * sum_j,   c_i = (i + 1/2) scale,   s = max(scale, 1), a triangle that covers as many pixels as
 * become one; when enlarging, linear interpolation. Weights are computed in double and rounded to
 * 22 binary places. */

enum { RESAMPLE_PLACES = 22 };

/* Where a new pixel comes from. */
typedef struct ResampleSpan {
    size_t first, count; /* old pixels */
} ResampleSpan;

/* All zeros at first. */
typedef struct ResampleAxis {
    size_t from, to;               /* the lengths n and m that the tables are for */
    size_t taps;                   /* even; no span has more */
    ResampleSpan *span;            /* [to] */
    int32_t *weight;               /* [to, taps], in units of 2^-22; zero after a span's end */
    size_t span_room, weight_room; /* entries */
} ResampleAxis;

/* Makes the tables for from pixels that become to, both above 0, unless they are there. Local;
 * errors are STATUS_INTERNAL (memory). */
Status resample_axis_prepare(ResampleAxis *axis, size_t from, size_t to);

/* Leaves all zeros. */
void resample_axis_free(ResampleAxis *axis);

#endif
