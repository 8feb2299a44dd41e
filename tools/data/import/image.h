#ifndef VIT_IMPORT_IMAGE_H
#define VIT_IMPORT_IMAGE_H

#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* A picture in memory, while it is imported, and what is done with one as a whole. All local;
 * errors are STATUS_INTERNAL (memory), after which the image is as it was. An image that is all
 * zeros is empty, and may be used and freed. */

/* pixels: [height, width, channels], bytes. A decoded picture has 1 channel (grey) or 3 (red,
 * green, blue); arrays of other layouts have up to 4. */
typedef struct Image {
    size_t height, width, channels;
    uint8_t *pixels; /* owned */
    size_t room;     /* of pixels, in bytes */
} Image;

/* Gives the image these sizes. Its room grows when it must and never shrinks; pixels are undefined
 * afterwards. */
Status image_resize_room(Image *image, size_t height, size_t width, size_t channels);

/* Leaves an empty image. */
void image_free(Image *image);

/* From 3 channels to 1, in place: (19595 red + 38470 green + 7471 blue) / 65536, rounded to the
 * nearest: Pillow's convert('L'). An image of 1 channel stays as it is. */
void image_to_grey(Image *image);

/* From 1 channel to 3 equal ones. An image of 3 channels stays as it is. */
Status image_to_colour(Image *image);

/* Turns and mirrors the picture as its EXIF orientation says, 1 (stays as it is) to 8: Pillow's
 * ImageOps.exif_transpose. From 5 on, height and width change places. */
Status image_turn(Image *image, unsigned orientation);

#endif
