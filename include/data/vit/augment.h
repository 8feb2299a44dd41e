#ifndef VIT_AUGMENT_H
#define VIT_AUGMENT_H

#include "vit/data_file.h"
#include "vit/job.h"
#include "vit/kernels.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From stored pixels to the model's input: normalization, resizing, and in training a random flip,
 * rotation and zoom. */

typedef struct Augment {
    size_t size, patch, side; /* pixels, pixels, patches a side */
    bool flip;
    double rotation, zoom;
    uint64_t seed;
    const Kernels *kernels;
    float normalized[DATA_CHANNELS][256]; /* (pixel - mean) / sqrt(variance) */
    size_t *source; /* [size] first of the two source pixels of a resized one */
    float *weight;  /* [size] of the second */
} Augment;

/* What happens to one picture. */
typedef struct AugmentDraw {
    bool flip;
    double angle;                   /* radians */
    double zoom_height, zoom_width; /* factors; above 1 shows more of the scene */
} AugmentDraw;

/* Local. STATUS_INTERNAL: out of memory. */
Status augment_init(Augment *augment, const Job *job, const DataHeader *header);
void augment_free(Augment *augment);

/* Floats of scratch that augment_image needs. */
size_t augment_scratch(const Augment *augment);

/* A function of (seed, epoch, sample) alone. */
AugmentDraw augment_draw(const Augment *augment, uint64_t epoch, uint64_t sample);

/* pixels [DATA_IMAGE_BYTES] -> patches [side^2, patch^2 * 3], each flattened as (row, column,
 * channel). draw NULL: normalization and resizing only. The flip, the rotation about the centre and
 * the zoom of Keras's RandomFlip, RandomRotation and RandomZoom, in this order, composed into one
 * affine resampling of the resized picture: bilinear, outside filled by reflection (d c b a | a b c
 * d | d c b a). Keras resamples once a layer, which blurs a little more. */
void augment_image(const Augment *augment, const uint8_t *pixels, const AugmentDraw *draw,
                   float *scratch, float *patches);

#endif
