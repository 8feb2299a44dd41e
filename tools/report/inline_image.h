#ifndef TOOLS_INLINE_IMAGE_H
#define TOOLS_INLINE_IMAGE_H

#include "html.h"
#include "vit/picture.h"

/* Pictures inside a page, as PNG in data: addresses. Local. */

typedef struct InlineImage {
    size_t width, height;
    uint8_t *pixels; /* [height, width, 3] */
} InlineImage;

/* Black. STATUS_INTERNAL: out of memory; inline_image_free accepts what is left. */
Status inline_image_init(InlineImage *image, size_t width, size_t height);
void inline_image_free(InlineImage *image);

/* The three bytes of a pixel. */
uint8_t *inline_image_pixel(const InlineImage *image, size_t x, size_t y);

/* A stored picture, [height, width, channels], with its top left corner at (x, y): one or two
 * channels as grey, of four the first three. */
void inline_image_draw(InlineImage *image, size_t x, size_t y, Picture picture,
                       const uint8_t *pixels);

/* The colour of a value: dark blue for 0, over green, to yellow for 1, ever lighter. */
void inline_image_heat(double value, uint8_t pixel[static 3]);

/* Adds it as <img>, shown `width` pixels wide, with a description for those who do not see it.
 * What fails is the page's status. */
void inline_image_add(Html *html, const InlineImage *image, size_t width, const char *description);

#endif
