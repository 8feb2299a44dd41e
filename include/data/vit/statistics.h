#ifndef VIT_STATISTICS_H
#define VIT_STATISTICS_H

#include "vit/data_file.h"
#include "vit/moments.h"

/* Means and variances that a data file tells, against those of its training images. Local. */

/* STATUS_DATA when they cannot belong together: in some channel, pictures normalized with the
 * file's would have a mean farther from 0 than 1, or a variance outside 1/4 to 4 (pixels 0 to 1
 * instead of 0 to 255, standard deviations instead of variances, another file's). Otherwise *same
 * tells whether they are equal but for rounding: to a hundredth of the standard deviation and of
 * the variance; other ones may be meant, as those of the pictures that weights were trained on. */
Status statistics_check(const char *path, const DataHeader *header, const Moments *moments,
                        bool *same);

/* "129.3040 124.0700 112.4336", for messages. Returns text. */
enum { STATISTICS_TEXT = PICTURE_CHANNELS_MAX * 32 };
const char *statistics_text(size_t channels, const double *values,
                            char text[static STATISTICS_TEXT]);

#endif
