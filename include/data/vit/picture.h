#ifndef VIT_PICTURE_H
#define VIT_PICTURE_H

#include <stddef.h>

enum { PICTURE_SIDE_MAX = 4096, PICTURE_CHANNELS_MAX = 4 };

/* The form of an image, a byte a value: [height, width, channels], 1 to PICTURE_SIDE_MAX, the same,
 * 1 to PICTURE_CHANNELS_MAX. Three channels are red, green and blue; one is grey. */
typedef struct Picture {
    size_t height, width, channels;
} Picture;

static inline size_t picture_bytes(Picture picture) {
    return picture.height * picture.width * picture.channels;
}

#endif
