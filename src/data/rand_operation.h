#ifndef VIT_RAND_OPERATION_H
#define VIT_RAND_OPERATION_H

#include "vit/rand_augment.h"

/* The operations of RandAugment as pure functions: in -> out [height, width, channels], which do
 * not overlap. What `amount` is stands beside each. */
typedef void RandFunction(const RandAugment *augment, double amount, const uint8_t *in,
                          uint8_t *out);

/* rand_geometry.c: bilinear, about the centre, outside filled. */
RandFunction rand_rotate;      /* degrees */
RandFunction rand_shear_x;     /* pixels that a row moves by, for each row from the centre */
RandFunction rand_shear_y;     /* likewise, columns */
RandFunction rand_translate_x; /* fraction of the width */
RandFunction rand_translate_y; /* fraction of the height */

/* rand_blend.c: the picture's part in a blend with something else is 1 + amount (Pillow's
 * ImageEnhance). */
RandFunction rand_color;      /* with its grey picture */
RandFunction rand_contrast;   /* with the mean of that */
RandFunction rand_brightness; /* with black */
RandFunction rand_sharpness;  /* with itself, smoothed */

/* rand_level.c: each value becomes another one, whatever is beside it (Pillow's ImageOps). */
RandFunction rand_posterize;     /* bits fewer than 4 */
RandFunction rand_solarize;      /* inverted from 256 - amount on */
RandFunction rand_solarize_add;  /* added to values below 128 */
RandFunction rand_invert;        /* amount: not used */
RandFunction rand_auto_contrast; /* not used */
RandFunction rand_equalize;      /* not used */

#endif
