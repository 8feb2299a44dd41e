#include "canvas.h"
#include "tile.h"
#include "vit/size.h"
#include "vit_data.h"
#include <stdio.h>
#include <string.h>

enum {
    TILES = 100, /* on a sheet, or a few more where there are more classes */
    TILE_COLUMNS = 10,
    NAME_LINES = 2,
    /* The reference model's view: 72 x 72 pixels in patches of 6 x 6. */
    VIEW_SIDE = 72,
    PATCH_SIDE = 6,
    VIEW_SCALE = 8,
    PATCH_GAP = 6
};

static const char *class_name(const DataSet *set, size_t class) {
    return set->names.text + class * set->names.width;
}

/* ---- contact sheet ---- */

/* The row of the nth training image of a class; false when there are not so many. */
static bool find_image(const DataRows *rows, size_t class, size_t nth, size_t *row) {
    for (*row = 0; *row < rows->count; ++*row)
        if (rows->labels[*row] == class && nth-- == 0)
            return true;
    return false;
}

/* Tiles are in the order of classes, equally many a class. */
static void draw_tiles(Canvas *canvas, const DataSet *set, size_t tiles, size_t per_class) {
    const DataRows *rows = &set->split[SPLIT_TRAIN];
    for (size_t tile = 0; tile < tiles; tile++) {
        size_t class = tile / per_class, row;
        size_t x = MARGIN + tile % TILE_COLUMNS * (TILE_SIDE + GAP);
        size_t y = MARGIN + TITLE_HEIGHT +
                   tile / TILE_COLUMNS * (TILE_SIDE + NAME_LINES * LINE_HEIGHT + GAP);
        if (!find_image(rows, class, tile % per_class, &row))
            continue;
        tile_image(canvas, x, y, &set->picture, rows->images + row * picture_bytes(set->picture));
        tile_text(canvas, x, y + TILE_SIDE + GAP / 3, NAME_LINES, class_name(set, class));
    }
}

static Status draw_sheet(Canvas *canvas, const DataSet *set) {
    size_t classes = set->names.count < TILES ? set->names.count : TILES;
    size_t per_class = TILES / classes, tiles = classes * per_class;
    size_t rows = (tiles + TILE_COLUMNS - 1) / TILE_COLUMNS;
    size_t width = 2 * MARGIN + TILE_COLUMNS * (TILE_SIDE + GAP) - GAP;
    size_t height =
        2 * MARGIN + TITLE_HEIGHT + rows * (TILE_SIDE + NAME_LINES * LINE_HEIGHT + GAP) - GAP;
    STATUS_TRY(canvas_init(canvas, width, height, tile_paper));
    char title[100];
    snprintf(title, sizeof title, "%zu classes, %zu training and %zu test images", set->names.count,
             set->split[SPLIT_TRAIN].count, set->split[SPLIT_TEST].count);
    tile_title(canvas, title, set->origin.source);
    draw_tiles(canvas, set, tiles, per_class);
    return STATUS_OK;
}

/* ---- patches ---- */

/* The two neighbours of a pixel of the resized image along one axis, and the second one's weight.
 */
static void neighbours(size_t at, size_t side, size_t index[static 2], float *weight) {
    float place = ((float)at + 0.5f) * (float)side / VIEW_SIDE - 0.5f; /* half-pixel centres */
    place = place < 0.0f ? 0.0f : place;
    index[0] = (size_t)place;
    index[1] = index[0] + 1 < side ? index[0] + 1 : index[0];
    *weight = place - (float)index[0];
}

/* Bilinear, as the model's input is resized. */
static void resize(const Picture *picture, const uint8_t *image,
                   uint8_t view[static VIEW_SIDE * VIEW_SIDE * 3]) {
    for (size_t row = 0; row < VIEW_SIDE; row++)
        for (size_t column = 0; column < VIEW_SIDE; column++)
            for (size_t colour = 0; colour < 3; colour++) {
                size_t y[2], x[2];
                float down, right, line[2];
                neighbours(row, picture->height, y, &down);
                neighbours(column, picture->width, x, &right);
                for (int i = 0; i < 2; i++) {
                    const uint8_t *from = image + y[i] * picture->width * picture->channels +
                                          tile_channel(picture, colour);
                    line[i] = (float)from[x[0] * picture->channels] * (1 - right) +
                              (float)from[x[1] * picture->channels] * right;
                }
                view[(row * VIEW_SIDE + column) * 3 + colour] =
                    (uint8_t)(line[0] * (1 - down) + line[1] * down + 0.5f);
            }
}

static Status draw_patches(Canvas *canvas, const DataSet *set) {
    enum {
        COUNT = VIEW_SIDE / PATCH_SIDE,
        WHOLE = VIEW_SIDE * VIEW_SCALE,
        GRID = WHOLE + (COUNT - 1) * PATCH_GAP
    };
    const DataRows *rows = &set->split[SPLIT_TRAIN];
    uint8_t view[VIEW_SIDE * VIEW_SIDE * 3];
    resize(&set->picture, rows->images, view);
    STATUS_TRY(canvas_init(canvas, 3 * MARGIN + WHOLE + GRID, 2 * MARGIN + GRID + TITLE_HEIGHT,
                           tile_dim_paper));
    canvas_image(canvas, MARGIN, MARGIN + (GRID - WHOLE) / 2, VIEW_SCALE, view, VIEW_SIDE,
                 VIEW_SIDE, VIEW_SIDE);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t j = 0; j < COUNT; j++)
            canvas_image(canvas, 2 * MARGIN + WHOLE + j * (PATCH_SIDE * VIEW_SCALE + PATCH_GAP),
                         MARGIN + i * (PATCH_SIDE * VIEW_SCALE + PATCH_GAP), VIEW_SCALE,
                         view + (i * VIEW_SIDE + j) * PATCH_SIDE * 3, PATCH_SIDE, PATCH_SIDE,
                         VIEW_SIDE);
    char text[200];
    int length = snprintf(text, sizeof text,
                          "Image size: %d x %d   Patch size: %d x %d   "
                          "Patches per image: %d   Elements per patch: %zu",
                          VIEW_SIDE, VIEW_SIDE, PATCH_SIDE, PATCH_SIDE, COUNT * COUNT,
                          PATCH_SIDE * PATCH_SIDE * set->picture.channels);
    const char *name = class_name(set, rows->labels[0]);
    canvas_text(canvas, MARGIN, 2 * MARGIN + GRID, TITLE_SCALE, tile_black, name, strlen(name));
    canvas_text(canvas, MARGIN, 2 * MARGIN + GRID + (FONT_ROWS + 2) * TITLE_SCALE, TEXT_SCALE,
                tile_grey, text, (size_t)length);
    return STATUS_OK;
}

Status data_sheet(const char *path, const char *out, bool patches) {
    DataHeader header;
    DataSet set;
    Canvas canvas = {0};
    STATUS_TRY(data_set_read(path, &header, &set));
    const Status status = patches ? draw_patches(&canvas, &set) : draw_sheet(&canvas, &set);
    data_set_free(&set);
    return canvas_finish(&canvas, status, out);
}
