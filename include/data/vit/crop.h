#ifndef VIT_CROP_H
#define VIT_CROP_H

#include "vit/data_file.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stored picture moved within its frame, and mirrored: RECIPES' crop and flip. Local. */

/* Where the window on the picture begins: so many pixels further down and right than the picture,
 * or, below 0, in the padding above and left of it. */
typedef struct CropDraw {
    ptrdiff_t down, right;
} CropDraw;

/* Each way uniform in {-padding, ..., padding}; a function of (seed, epoch, sample). */
CropDraw crop_draw(size_t padding, uint64_t seed, uint64_t epoch, uint64_t sample);

/* pixels -> out [height, width, channels]: the window, then (mirror) left and right exchanged.
 * Outside of the picture is black: zeros. */
void crop_picture(Picture picture, CropDraw draw, bool mirror, const uint8_t *pixels, uint8_t *out);

#endif
