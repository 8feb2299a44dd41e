#ifndef VIT_AUGMENT_H
#define VIT_AUGMENT_H

#include "vit/crop.h"
#include "vit/data_file.h"
#include "vit/erase.h"
#include "vit/job.h"
#include "vit/kernels.h"
#include "vit/rand_augment.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* From stored pixels to the model's input, planes [channels, size, size]: normalization and
 * resizing, and in training, in this order, what the job asks for of: crop and flip, RandAugment
 * (both on bytes); normalization; resizing; flip (if it was not before), rotation and zoom;
 * erasing. */

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
    size_t crop;
    bool flip, flip_bytes; /* flip_bytes: with the crop, where crop or RandAugment is on */
    RandAugment rand;
    double rotation, zoom, erasing;
    bool unresized; /* planes have the stored picture's sides, and need not be resized */
    uint64_t seed;
    const Kernels *kernels;
    float normalized[PICTURE_CHANNELS_MAX][256]; /* (pixel - mean) / sqrt(variance) */
    AugmentSide rows, columns;
} Augment;

/* What happens to one picture. {.zoom_height = 1, .zoom_width = 1}: nothing. */
typedef struct AugmentDraw {
    bool flip;
    double angle;                   /* radians */
    double zoom_height, zoom_width; /* factors; above 1 shows more of the scene */
    CropDraw crop;
    RandDraw rand;
    EraseDraw erase;
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
 * normalization and resizing only. A flip that is not of the bytes, the rotation about the centre
 * and the zoom of Keras's RandomFlip, RandomRotation and RandomZoom, in this order, are composed
 * into one affine resampling of the resized picture: bilinear, outside filled by reflection (d c b
 * a | a b c d | d c b a). Keras resamples once a layer, which blurs a little more. */
void augment_image(const Augment *augment, const uint8_t *pixels, const AugmentDraw *draw,
                   float *scratch, float *planes);

#endif
