#include "inline_image.h"

#include "tile.h"
#include "vit/memory.h"
#include <math.h>
#include <png.h>
#include <string.h>

Status inline_image_init(InlineImage *image, size_t width, size_t height) {
    *image = (InlineImage){.width = width, .height = height};
    return memory_allocate(&image->pixels, width * height, 3, "a picture of the page");
}

void inline_image_free(InlineImage *image) {
    memory_free(image->pixels);
    *image = (InlineImage){0};
}

uint8_t *inline_image_pixel(const InlineImage *image, size_t x, size_t y) {
    return image->pixels + 3 * (y * image->width + x);
}

void inline_image_draw(InlineImage *image, size_t x, size_t y, Picture picture,
                       const uint8_t *pixels) {
    for (size_t i = 0; i < picture.height * picture.width; i++)
        for (size_t colour = 0; colour < 3; colour++)
            inline_image_pixel(image, x + i % picture.width, y + i / picture.width)[colour] =
                pixels[i * picture.channels + tile_channel(&picture, colour)];
}

/* Between five colours of which each is lighter than the one before, so that it is also read by
 * those who see no colours. */
void inline_image_heat(double value, uint8_t pixel[static 3]) {
    static const double colours[5][3] = {
        {32, 18, 77}, {56, 76, 142}, {32, 144, 140}, {96, 200, 96}, {250, 232, 60}};
    const double place = 4.0 * fmin(fmax(value, 0.0), 1.0);
    const size_t at = place < 4.0 ? (size_t)place : 3;
    const double part = place - (double)at;
    for (size_t c = 0; c < 3; c++)
        pixel[c] = (uint8_t)lrint(colours[at][c] + part * (colours[at + 1][c] - colours[at][c]));
}

/* Returns the bytes of a PNG in new memory, or NULL when there is none left. */
static uint8_t *encode(const InlineImage *image, size_t *bytes) {
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)image->width,
                     .height = (png_uint_32)image->height,
                     .format = PNG_FORMAT_RGB};
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
    uint8_t *encoded = NULL;
    if (memory_allocate(&encoded, size, 1, "a picture of the page") == STATUS_OK &&
        png_image_write_to_memory(&png, encoded, &size, 0, image->pixels, 0, NULL)) {
        *bytes = size;
        return encoded;
    }
    memory_free(encoded);
    return NULL;
}

void inline_image_add(Html *html, const InlineImage *image, size_t width, const char *description) {
    size_t bytes = 0;
    uint8_t *encoded = encode(image, &bytes);
    if (!encoded) {
        html->status = status_fail(STATUS_INTERNAL, "a picture of %zu x %zu pixels cannot be made",
                                   image->width, image->height);
        return;
    }
    html_raw(html, "<img width=%zu height=%zu alt=\"", width, image->height * width / image->width);
    html_text(html, description);
    html_raw(html, "\" src=\"data:image/png;base64,");
    html_base64(html, encoded, bytes);
    html_raw(html, "\">");
    memory_free(encoded);
}
