#include "image.h"

#include "vit/memory.h"
#include <stdbool.h>
#include <string.h>

static Status grow(Image *image, size_t bytes) {
    uint8_t *pixels;
    STATUS_TRY(memory_allocate(&pixels, bytes, 1, "an imported picture"));
    memory_free(image->pixels);
    image->pixels = pixels;
    image->room = bytes;
    return STATUS_OK;
}

Status image_resize_room(Image *image, size_t height, size_t width, size_t channels) {
    size_t bytes;
    if (__builtin_mul_overflow(height, width, &bytes) ||
        __builtin_mul_overflow(bytes, channels, &bytes))
        bytes = SIZE_MAX; /* which is refused */
    if (bytes > image->room || !image->pixels)
        STATUS_TRY(grow(image, bytes));
    image->height = height;
    image->width = width;
    image->channels = channels;
    return STATUS_OK;
}

void image_free(Image *image) {
    memory_free(image->pixels);
    *image = (Image){0};
}

void image_to_grey(Image *image) {
    if (image->channels != 3)
        return;
    const size_t count = image->height * image->width;
    const uint8_t *from = image->pixels;
    for (size_t i = 0; i < count; i++, from += 3)
        image->pixels[i] =
            (uint8_t)((19595u * from[0] + 38470u * from[1] + 7471u * from[2] + 32768u) >> 16);
    image->channels = 1;
}

Status image_to_colour(Image *image) {
    if (image->channels != 1)
        return STATUS_OK;
    Image colour = {0};
    STATUS_TRY(image_resize_room(&colour, image->height, image->width, 3));
    const size_t count = image->height * image->width;
    for (size_t i = 0; i < count; i++)
        memset(colour.pixels + 3 * i, image->pixels[i], 3);
    image_free(image);
    *image = colour;
    return STATUS_OK;
}

/* How the turned picture's rows and columns lie in the stored one: first they change places, then
 * each counts from its other end. */
typedef struct Turn {
    bool exchanged, rows_back, columns_back;
} Turn;

static const Turn turns[9] = {
    [2] = {false, false, true}, [3] = {false, true, true}, [4] = {false, true, false},
    [5] = {true, false, false}, [6] = {true, true, false}, [7] = {true, true, true},
    [8] = {true, false, true},
};

static void copy_turned(const Image *from, Turn turn, Image *to) {
    const size_t channels = from->channels;
    uint8_t *out = to->pixels;
    for (size_t y = 0; y < to->height; y++)
        for (size_t x = 0; x < to->width; x++, out += channels) {
            size_t row = turn.exchanged ? x : y, column = turn.exchanged ? y : x;
            if (turn.rows_back)
                row = from->height - 1 - row;
            if (turn.columns_back)
                column = from->width - 1 - column;
            memcpy(out, from->pixels + (row * from->width + column) * channels, channels);
        }
}

Status image_turn(Image *image, unsigned orientation) {
    if (orientation < 2 || orientation > 8)
        return STATUS_OK;
    const Turn turn = turns[orientation];
    Image turned = {0};
    STATUS_TRY(image_resize_room(&turned, turn.exchanged ? image->width : image->height,
                                 turn.exchanged ? image->height : image->width, image->channels));
    copy_turned(image, turn, &turned);
    image_free(image);
    *image = turned;
    return STATUS_OK;
}
