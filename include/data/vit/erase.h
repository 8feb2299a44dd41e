#ifndef VIT_ERASE_H
#define VIT_ERASE_H

#include "vit/random.h"
#include <stddef.h>
#include <stdint.h>

/* Random erasing (Zhong et al. 2020; timm's RandomErasing, mode 'pixel'): a rectangle of what the
 * model sees is replaced by noise. Local. */

typedef struct EraseDraw {
    size_t top, left, height, width; /* pixels; nothing is erased where one side is 0 */
    RandomStream noise;
} EraseDraw;

/* For planes of side^2 pixels, with that probability: of area a uniform in [0.02, 1/3] and aspect
 * ratio r log-uniform in [0.3, 1/0.3] the sides h = sqrt(a r) and w = sqrt(a / r), each at most
 * 0.97, of the planes' side; placed uniformly, not rounded: pixels i with t <= i < t + h. A
 * function of (seed, epoch, sample). */
EraseDraw erase_draw(double probability, size_t side, uint64_t seed, uint64_t epoch,
                     uint64_t sample);

/* The rectangle of planes [channels, side, side] becomes N(0, 1). */
void erase_planes(const EraseDraw *draw, size_t channels, size_t side, float *planes);

#endif
