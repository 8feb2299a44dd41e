#ifndef TOOLS_TILE_H
#define TOOLS_TILE_H

#include "canvas.h"
#include "font.h"
#include "vit/data_file.h"

/* What sheets are made of: pictures of one size with text below. */

enum {
    TILE_SIDE = 160, /* an image is enlarged, or shrunk, by a whole number to fit into it */
    MARGIN = 32,
    GAP = 18,
    TEXT_SCALE = 2,
    LINE_HEIGHT = (FONT_ROWS + 1) * TEXT_SCALE,
    TITLE_SCALE = 3,
    TITLE_HEIGHT = FONT_ROWS * TITLE_SCALE + LINE_HEIGHT + MARGIN
};

/* On the dim one white pixels show. */
extern const Ink tile_paper, tile_dim_paper, tile_black, tile_grey;

/* Which channel is drawn as red, green or blue: one or two are drawn as grey by the first, of four
 * the first three are drawn. The others (opacity, infrared, ...) are not shown. */
size_t tile_channel(const Picture *picture, size_t colour);

/* An image in the middle of the tile whose top left corner is at (x, y). */
void tile_image(Canvas *canvas, size_t x, size_t y, const Picture *picture, const uint8_t *image);

/* Text centred on a tile's width, broken at spaces and underscores, on at most `lines` lines from y
 * on. Returns how many it took. */
size_t tile_text(Canvas *canvas, size_t x, size_t y, size_t lines, const char *text);

/* A sheet's title, and what is said below it. */
void tile_title(Canvas *canvas, const char *title, const char *below);

#endif
