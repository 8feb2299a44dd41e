#include "canvas.h"

#include "font.h"
#include "vit/file.h"
#include "vit/log.h"
#include "vit/memory.h"
#include <errno.h>
#include <png.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

Status canvas_init(Canvas *canvas, size_t width, size_t height, Ink background) {
    *canvas = (Canvas){.width = width, .height = height};
    STATUS_TRY(memory_allocate(&canvas->pixels, width * height, 3, "the sheet"));
    for (size_t i = 0; i < width * height; i++)
        memcpy(canvas->pixels + 3 * i, background.channel, 3);
    return STATUS_OK;
}

void canvas_free(Canvas *canvas) {
    memory_free(canvas->pixels);
    canvas->pixels = NULL;
}

static void fill_square(Canvas *canvas, size_t x, size_t y, size_t side, const uint8_t *channel) {
    for (size_t row = y; row < y + side && row < canvas->height; row++)
        for (size_t column = x; column < x + side && column < canvas->width; column++)
            memcpy(canvas->pixels + 3 * (row * canvas->width + column), channel, 3);
}

void canvas_image(Canvas *canvas, size_t x, size_t y, size_t scale, const uint8_t *image,
                  size_t rows, size_t columns, size_t stride) {
    for (size_t row = 0; row < rows; row++)
        for (size_t column = 0; column < columns; column++)
            fill_square(canvas, x + column * scale, y + row * scale, scale,
                        image + 3 * (row * stride + column));
}

size_t canvas_text_width(size_t count, size_t scale) {
    return count ? (count * (FONT_COLUMNS + 1) - 1) * scale : 0;
}

void canvas_text(Canvas *canvas, size_t x, size_t y, size_t scale, Ink ink, const char *text,
                 size_t count) {
    for (size_t i = 0; i < count; i++, x += (FONT_COLUMNS + 1) * scale) {
        const uint8_t *glyph = font_glyph(text[i]);
        for (size_t row = 0; row < FONT_ROWS; row++)
            for (size_t column = 0; column < FONT_COLUMNS; column++)
                if (glyph[row] >> (FONT_COLUMNS - 1 - column) & 1)
                    fill_square(canvas, x + column * scale, y + row * scale, scale, ink.channel);
    }
}

void canvas_text_up(Canvas *canvas, size_t x, size_t y, size_t scale, Ink ink, const char *text,
                    size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint8_t *glyph = font_glyph(text[i]);
        for (size_t row = 0; row < FONT_ROWS; row++)
            for (size_t column = 0; column < FONT_COLUMNS; column++) {
                const size_t along = (i * (FONT_COLUMNS + 1) + column + 1) * scale;
                if (glyph[row] >> (FONT_COLUMNS - 1 - column) & 1 && along <= y)
                    fill_square(canvas, x + row * scale, y - along, scale, ink.channel);
            }
    }
}

static Status write_png(const Canvas *canvas, const char *path) {
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)canvas->width,
                       .height = (png_uint_32)canvas->height,
                       .format = PNG_FORMAT_RGB};
    FILE *stream = fopen(path, "wb");
    if (!stream)
        return status_fail(STATUS_IO, "%s: cannot be created: %s", path, strerror(errno));
    errno = 0;
    bool written = png_image_write_to_stdio(&image, stream, 0, canvas->pixels, 0, NULL) != 0;
    int reason = errno;
    if (fclose(stream) != 0 && written) {
        written = false;
        reason = errno;
    }
    if (written)
        return STATUS_OK;
    return status_fail(STATUS_IO, "%s: cannot be written: %s", path,
                       reason ? strerror(reason) : image.message);
}

Status canvas_write_png(const Canvas *canvas, const char *path) {
    char temporary[FILE_PATH_MAX];
    STATUS_TRY(file_temporary(path, temporary));
    Status status = write_png(canvas, temporary);
    if (status == STATUS_OK)
        return file_commit(temporary, path);
    unlink(temporary);
    return status;
}

Status canvas_finish(Canvas *canvas, Status drawn, const char *path) {
    const Status status = drawn == STATUS_OK ? canvas_write_png(canvas, path) : drawn;
    if (status == STATUS_OK)
        log_info("%s: %zu x %zu pixels.", path, canvas->width, canvas->height);
    canvas_free(canvas);
    return status;
}
