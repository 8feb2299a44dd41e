#ifndef TOOLS_CANVAS_H
#define TOOLS_CANVAS_H

#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* An RGB picture in memory to draw on. What would fall outside is left out. */

typedef struct Ink {
    uint8_t channel[3];
} Ink;

typedef struct Canvas {
    size_t width, height;
    uint8_t *pixels; /* [height, width, 3] */
} Canvas;

/* Filled with one colour. STATUS_INTERNAL when out of memory. */
Status canvas_init(Canvas *canvas, size_t width, size_t height, Ink background);
void canvas_free(Canvas *canvas);

/* Draws the part [rows, columns] of an RGB image whose rows are `stride` pixels apart, each pixel
 * as a square of scale x scale, with its top left corner at (x, y). */
void canvas_image(Canvas *canvas, size_t x, size_t y, size_t scale, const uint8_t *image,
                  size_t rows, size_t columns, size_t stride);

/* The width in pixels of `count` characters. */
size_t canvas_text_width(size_t count, size_t scale);

/* Draws count characters with the top left corner at (x, y). */
void canvas_text(Canvas *canvas, size_t x, size_t y, size_t scale, Ink ink, const char *text,
                 size_t count);

/* The same turned: read upwards, with its lower left corner, where it begins, at (x, y) and its
 * height in x. */
void canvas_text_up(Canvas *canvas, size_t x, size_t y, size_t scale, Ink ink, const char *text,
                    size_t count);

/* Writes a PNG atomically. On error (STATUS_IO) an older file at path is untouched. */
Status canvas_write_png(const Canvas *canvas, const char *path);

/* The end of a drawing that had the outcome `drawn`: writes it where that is STATUS_OK, says so,
 * and frees the canvas. Returns what failed first. */
Status canvas_finish(Canvas *canvas, Status drawn, const char *path);

#endif
