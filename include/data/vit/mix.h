#ifndef VIT_MIX_H
#define VIT_MIX_H

#include "vit/job.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* MixUp (Zhang et al. 2018) and CutMix (Yun et al. 2019): the images of a gradient unit, mixed in
 * pairs, image i with image images - 1 - i, by one draw for all of them. The unit's images are
 * strangers to each other, nothing travels, and no bit depends on who computes what. Local. */

typedef enum MixKind { MIX_NONE, MIX_UP, MIX_CUT } MixKind;

/* What happens to the images of a unit. */
typedef struct MixDraw {
    MixKind kind;
    double share; /* lambda: an image's own part of its target; its partner has the rest */
    size_t top, bottom, left, right; /* of CutMix: the partner's pixels; ends are exclusive */
} MixDraw;

/* Whether a job mixes at all. */
bool mix_is_on(const Job *job);

/* A function of (seed, epoch, sample) alone; sample: the number of the unit's first image in the
 * data set. With mix_probability it mixes: by CutMix with mix_switch where both are on. lambda ~
 * Beta(a, a) with a the key of that kind. CutMix: a box of floor(side sqrt(1 - lambda)) pixels
 * around a uniform pixel, clipped at the edges; then share = 1 - area / side^2. */
MixDraw mix_draw(const Job *job, uint64_t epoch, uint64_t sample);

/* planes [images, channels, size, size], in place; size: [augment] image_size, and images at most
 * unit_images. MixUp: x_i = share x_i + (1 - share) x_partner; CutMix: the box is the partner's. An
 * image that is its own partner stays as it is. */
void mix_planes(const MixDraw *draw, size_t images, size_t channels, size_t size, float *planes);

#endif
