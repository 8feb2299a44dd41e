#ifndef VIT_IMPORT_RESAMPLE_H
#define VIT_IMPORT_RESAMPLE_H

#include "image.h"
#include "resample_axis.h"

/* Antialiased resizing of bytes: Pillow's Image.resize(size, Image.BILINEAR), bit for bit, for 1 to
 * 4 channels, each on its own (Pillow weighs the colours of modes with alpha by it; this does not).
 * A new pixel is a weighted sum of old ones (resample_axis.h). Rows are resized first and rounded
 * to bytes, then columns; an axis whose length stays is left out. Sums are of whole numbers: the
 * same on every processor. */

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
