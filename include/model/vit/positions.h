#ifndef VIT_POSITIONS_H
#define VIT_POSITIONS_H

#include "vit/status.h"
#include <stddef.h>

/* Learned positions for another grid of tokens: from [from, from, D], row by row, to [to, to, D],
 * with as little change of what they mean as a picture that is resized has. As timm's
 * resample_abs_pos_embed does it, and Pillow: bicubic (Keys 1981, a = -1/2), where the grid shrinks
 * wider by the same factor (antialiased), in double precision:
 *
 *   s = max(from / to, 1),  centre c_i = (i + 1/2) from / to - 1/2
 *   new_i = sum_j w((j - c_i) / s) old_j / sum_j w((j - c_i) / s),  over the old positions j,
 *
 * along both axes. Local. STATUS_INTERNAL: out of memory. */
Status positions_resize(size_t from, size_t to, size_t D, const float *old_positions,
                        float *new_positions);

#endif
