#ifndef VIT_RAND_AUGMENT_H
#define VIT_RAND_AUGMENT_H

#include "vit/data_file.h"
#include <stddef.h>
#include <stdint.h>

/* RandAugment (Cubuk et al. 2019; timm's 'rand-m9-mstd0.5-inc1'): operations on a stored picture,
 * drawn at random. Values are clipped and rounded to bytes after each; a byte does not depend on
 * the instruction set. Local. */

/* In the order of timm's list as recipe.py has it. Numbers are part of every result. */
typedef enum RandOperation {
    RAND_ROTATE,
    RAND_SHEAR_X,
    RAND_SHEAR_Y,
    RAND_TRANSLATE_X,
    RAND_TRANSLATE_Y,
    RAND_COLOR,
    RAND_CONTRAST,
    RAND_BRIGHTNESS,
    RAND_SHARPNESS,
    RAND_POSTERIZE,
    RAND_SOLARIZE,
    RAND_SOLARIZE_ADD,
    RAND_INVERT,
    RAND_AUTO_CONTRAST,
    RAND_EQUALIZE,
    RAND_OPERATIONS
} RandOperation;

enum { RAND_STEPS_MAX = 16 }; /* the most that a job may ask for */

/* An operation with its strength s u in [-1, 1]: the sign counts where the operation has two
 * directions. */
typedef struct RandStep {
    RandOperation operation;
    double strength;
} RandStep;

/* What is carried out, in order. */
typedef struct RandDraw {
    size_t count;
    RandStep step[RAND_STEPS_MAX];
} RandDraw;

/* What all pictures have in common. */
typedef struct RandAugment {
    Picture picture;
    size_t steps;                       /* drawn for an image; 0: off */
    double magnitude;                   /* 0 to 10, on average */
    uint8_t fill[PICTURE_CHANNELS_MAX]; /* outside of a picture that is moved: the mean colour */
} RandAugment;

/* As RandAugment, for error messages and sheets: "Rotate". */
const char *rand_augment_name(RandOperation operation);

/* `steps` operations, uniform and with replacement, each carried out with probability 1/2; u = m /
 * 10 with m ~ N(magnitude, 0.5), clipped to [0, 10]. A function of (seed, epoch, sample). */
RandDraw rand_augment_draw(const RandAugment *augment, uint64_t seed, uint64_t epoch,
                           uint64_t sample);

/* in -> out [height, width, channels], which do not overlap. With one channel grey is the channel
 * itself; with two or four each channel is treated as a grey picture. Color does nothing then. */
void rand_augment_apply(const RandAugment *augment, RandStep step, const uint8_t *in, uint8_t *out);

#endif
