#ifndef VIT_IMPORT_RESAMPLE_H
#define VIT_IMPORT_RESAMPLE_H

#include "image.h"

/* Antialiased resizing of bytes: Pillow's Image.resize(size, Image.BILINEAR), bit for bit, for 1 to
 * 4 channels, each on its own (Pillow weighs the colours of modes with alpha by it; this does not).
 *
 * Along an axis with n pixels that become m, scale = n / m, the new pixel i is the sum of the old
 * ones j, weighted with
 *     w_ij = max(0, 1 - |j + 1/2 - c_i| / s) / sum_j,   c_i = (i + 1/2) scale,   s = max(scale, 1),
 * a triangle that covers as many pixels as become one; when enlarging, linear interpolation.
 * Weights are computed in double and rounded to 22 binary places. Rows are resized first and
 * rounded to bytes, then columns; an axis whose length stays is left out. */

/* Where the new pixels of an axis come from. */
typedef struct ResampleSpan {
    size_t first, count; /* old pixels */
} ResampleSpan;

typedef struct ResampleAxis {
    size_t from, to, taps; /* the lengths that the tables are for; no span has more than taps */
    ResampleSpan *span;    /* [to] */
    int32_t *weight;       /* [to, taps], in units of 2^-22; of a span's pixels only */
    size_t span_room, weight_room; /* entries */
} ResampleAxis;

/* A thread's own: what is taken for one picture serves the next. All zeros at first. */
typedef struct ResampleScratch {
    ResampleAxis across, down;
    Image middle; /* rows resized, columns not yet */
} ResampleScratch;

/* Leaves it all zeros. */
void resample_scratch_free(ResampleScratch *scratch);

/* Resizes `from`, which is not empty, to height x width > 0 into the other image `to`, whose room
 * grows as needed. Local; errors are STATUS_INTERNAL (memory). */
Status resample(const Image *from, size_t height, size_t width, ResampleScratch *scratch,
                Image *to);

#endif
