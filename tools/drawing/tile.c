#include "tile.h"

#include "vit/size.h"
#include <string.h>

const Ink tile_paper = {{250, 250, 248}}, tile_dim_paper = {{206, 208, 212}};
const Ink tile_black = {{30, 30, 34}}, tile_grey = {{110, 110, 116}};

/* ---- pictures as RGB ---- */

size_t tile_channel(const Picture *picture, size_t colour) {
    return picture->channels < 3 ? 0 : colour;
}

typedef struct View {
    size_t height, width;
    uint8_t *pixels; /* [height, width, 3] */
} View;

/* The means of down x across pixels; what is left at the lower and right border is left out. */
static void shrink(const Picture *picture, const uint8_t *image, size_t down, size_t across,
                   View *view) {
    const size_t count = down * across;
    for (size_t y = 0; y < view->height; y++)
        for (size_t x = 0; x < view->width; x++)
            for (size_t colour = 0; colour < 3; colour++) {
                size_t sum = 0;
                for (size_t i = 0; i < count; i++) {
                    const size_t row = y * down + i / across, column = x * across + i % across;
                    sum += image[(row * picture->width + column) * picture->channels +
                                 tile_channel(picture, colour)];
                }
                view->pixels[(y * view->width + x) * 3 + colour] =
                    (uint8_t)((float)sum / (float)count + 0.5f);
            }
}

void tile_image(Canvas *canvas, size_t x, size_t y, const Picture *picture, const uint8_t *image) {
    uint8_t pixels[TILE_SIDE * TILE_SIDE * 3];
    const size_t longest = size_larger(picture->height, picture->width);
    const size_t scale = size_larger(TILE_SIDE / longest, 1);
    const size_t step = size_groups(longest, TILE_SIDE);
    const size_t down = size_smaller(step, picture->height);
    const size_t across = size_smaller(step, picture->width);
    View view = {picture->height / down, picture->width / across, pixels};
    shrink(picture, image, down, across, &view);
    canvas_image(canvas, x + (TILE_SIDE - view.width * scale) / 2,
                 y + (TILE_SIDE - view.height * scale) / 2, scale, view.pixels, view.height,
                 view.width, view.width);
}

/* ---- text ---- */

/* How many characters of text go on a line of at most `room`: up to a space or underscore where it
 * must be broken. */
static size_t line_break(const char *text, size_t room) {
    size_t length = strlen(text);
    if (length <= room)
        return length;
    for (size_t end = room; end > 0; end--)
        if (text[end] == ' ' || text[end - 1] == '_')
            return end;
    return room;
}

size_t tile_text(Canvas *canvas, size_t x, size_t y, size_t lines, const char *text) {
    const size_t room = (TILE_SIDE + GAP / 2) / ((FONT_COLUMNS + 1) * TEXT_SCALE);
    size_t line = 0;
    for (; line < lines && *text; line++, y += LINE_HEIGHT) {
        size_t count = line_break(text, room);
        canvas_text(canvas, x + TILE_SIDE / 2 - canvas_text_width(count, TEXT_SCALE) / 2, y,
                    TEXT_SCALE, tile_black, text, count);
        text += count;
        text += strspn(text, " ");
    }
    return line;
}

void tile_title(Canvas *canvas, const char *title, const char *below) {
    canvas_text(canvas, MARGIN, MARGIN, TITLE_SCALE, tile_black, title, strlen(title));
    canvas_text(canvas, MARGIN, MARGIN + (FONT_ROWS + 1) * TITLE_SCALE, TEXT_SCALE, tile_grey,
                below, strlen(below));
}
