#ifndef VIT_AUGMENT_H
#define VIT_AUGMENT_H

#include "vit/data_file.h"
#include "vit/job.h"
#include "vit/kernels.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From stored pixels to the model's input, planes [channels, size, size]: normalization, resizing,
 * and in training a random flip, rotation and zoom. */

/* Along one side of a picture: resized pixel i lies between the pixels source[i] and source[i] +
 * next. */
typedef struct AugmentSide {
    size_t *source; /* [size] */
    float *weight;  /* [size] of the second pixel */
    size_t next;    /* 1; 0 where the side is one pixel long */
} AugmentSide;

typedef struct Augment {
    Picture picture;
    size_t size; /* pixels a side of the planes: [augment] image_size */
    bool flip;
    double rotation, zoom;
    uint64_t seed;
    const Kernels *kernels;
    float normalized[PICTURE_CHANNELS_MAX][256]; /* (pixel - mean) / sqrt(variance) */
    AugmentSide rows, columns;
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

/* Floats of scratch that augment_image needs for pictures of that form and planes of size^2. */
size_t augment_scratch(Picture picture, size_t size);

/* A function of (seed, epoch, sample) alone. */
AugmentDraw augment_draw(const Augment *augment, uint64_t epoch, uint64_t sample);

/* pixels [height, width, channels] -> planes [channels, size, size]. Height and width are each
 * stretched or shrunk to size: bilinear, half-pixel centres, no antialiasing. draw NULL:
 * normalization and resizing only. The flip, the rotation about the centre and the zoom of Keras's
 * RandomFlip, RandomRotation and RandomZoom, in this order, are composed into one affine resampling
 * of the resized picture: bilinear, outside filled by reflection (d c b a | a b c d | d c b a).
 * Keras resamples once a layer, which blurs a little more. */
void augment_image(const Augment *augment, const uint8_t *pixels, const AugmentDraw *draw,
                   float *scratch, float *planes);

#endif
