#ifndef VIT_MOMENTS_H
#define VIT_MOMENTS_H

#include "vit/picture.h"
#include <stdint.h>

/* Mean and population variance of the channels of some pictures, from exact integer sums: the same
 * in whatever parts and order the pictures come. At most 2^63 / 255^2 pixels. Local. */
typedef struct Moments {
    uint64_t pixels;
    uint64_t sum[PICTURE_CHANNELS_MAX], squares[PICTURE_CHANNELS_MAX]; /* of each channel */
} Moments;

/* images [count, picture_bytes]. */
void moments_add(Moments *moments, Picture picture, const uint8_t *images, size_t count);

/* Of the first `channels` channels; there is a pixel. */
void moments_get(const Moments *moments, size_t channels, double *mean, double *variance);

#endif
