#include "matrix_picture.h"

#include "canvas.h"
#include "font.h"
#include "vit/size.h"
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum {
    EDGE = 32,
    SPACE = 8,
    SIDE_WANTED = 1400, /* of the cells together */
    CELL_MOST = 40,
    CELL_COUNTED = 28, /* cells of this side have their number of images in them */
    CELL_APART = 6,    /* cells of this side have a line between them */
    NAME_MOST = 24,    /* characters of a name */
    TITLE_SCALE = 2,
    TITLE_HEIGHT = FONT_ROWS * TITLE_SCALE,
    NOTE_HEIGHT = FONT_ROWS + 1,
    BAR_STEPS = 256, /* of the scale, a pixel each */
    BAR_HEIGHT = 16
};

static const Ink paper = {{255, 255, 255}}, line = {{228, 228, 232}}, ink = {{30, 30, 34}};

/* Where everything is. */
typedef struct Matrix {
    const ClassResults *results;
    const ClassNames *names;
    size_t cell;      /* pixels */
    bool named;       /* classes have their names beside them, */
    size_t step;      /* else every so many their numbers */
    size_t scale;     /* of this text */
    size_t room;      /* for the longest of them, pixels */
    size_t left, top; /* of the cells */
    size_t side;      /* of all cells */
    Canvas canvas;
    char title[96];
} Matrix;

/* ---- layout ---- */

/* The least of 1, 5, 10, 50, ... classes beside which a line of text has room. */
static size_t step_for(size_t cell) {
    size_t step = 1;
    for (size_t times = 5; step * cell < FONT_ROWS + 1; times = 10 / times)
        step *= times;
    return step;
}

/* What stands beside a class, and how many characters of it. */
static const char *label_of(const Matrix *matrix, size_t class,
                            char number[static CLASS_NUMBER_TEXT], size_t *count) {
    const ClassNames none = {0};
    const char *text = class_name(matrix->named ? matrix->names : &none, class, number);
    *count = size_smaller(strlen(text), NAME_MOST);
    return text;
}

static size_t longest_label(const Matrix *matrix) {
    char number[CLASS_NUMBER_TEXT];
    size_t longest = 0, count;
    for (size_t c = 0; c < matrix->results->classes; c += matrix->step) {
        label_of(matrix, c, number, &count);
        longest = size_larger(longest, canvas_text_width(count, matrix->scale));
    }
    return longest;
}

static void lay_out(Matrix *matrix) {
    const size_t classes = matrix->results->classes;
    uint64_t images = 0;
    for (size_t c = 0; c < classes; c++)
        images += matrix->results->class[c].images;
    snprintf(matrix->title, sizeof matrix->title,
             "%" PRIu64 " images: rows are labels, columns answers", images);
    matrix->cell = size_larger(size_smaller(SIDE_WANTED / size_larger(classes, 1), CELL_MOST), 1);
    matrix->step = step_for(matrix->cell);
    matrix->named = matrix->step == 1;
    matrix->scale = matrix->cell >= 2 * (FONT_ROWS + 1) ? 2 : 1;
    matrix->room = longest_label(matrix);
    matrix->side = classes * matrix->cell;
    matrix->left = EDGE + matrix->room + SPACE;
    matrix->top = EDGE + TITLE_HEIGHT + 2 * SPACE + matrix->room + SPACE;
}

static Status make_canvas(Matrix *matrix) {
    const size_t title = canvas_text_width(strlen(matrix->title), TITLE_SCALE);
    const size_t width =
        size_larger(matrix->left + size_larger(matrix->side, BAR_STEPS), EDGE + title) + EDGE;
    const size_t height =
        matrix->top + matrix->side + 3 * SPACE + BAR_HEIGHT + SPACE + 2 * NOTE_HEIGHT + EDGE;
    return canvas_init(&matrix->canvas, width, height, paper);
}

/* ---- drawing ---- */

/* From light to dark, of one hue, so that it can be read in grey, too. */
static Ink shade(double darkness) {
    static const uint8_t stop[3][3] = {{226, 236, 247}, {66, 146, 198}, {8, 40, 96}};
    const size_t from = darkness >= 0.5;
    const double part = 2.0 * darkness - (double)from;
    Ink found;
    for (size_t c = 0; c < 3; c++)
        found.channel[c] = (uint8_t)lround(stop[from][c] * (1.0 - part) + stop[from + 1][c] * part);
    return found;
}

/* The root, since what is confused is rare, and must be seen. */
static double darkness_of(double share) {
    return sqrt(share);
}

static void draw_square(Canvas *canvas, size_t x, size_t y, size_t side, Ink colour) {
    canvas_image(canvas, x, y, side, colour.channel, 1, 1, 1);
}

static void draw_count(Matrix *matrix, size_t x, size_t y, uint32_t images, bool dark) {
    char text[16];
    const size_t count = (size_t)snprintf(text, sizeof text, "%" PRIu32, images);
    const size_t width = canvas_text_width(count, 1);
    if (matrix->cell >= CELL_COUNTED && width < matrix->cell)
        canvas_text(&matrix->canvas, x + (matrix->cell - width) / 2,
                    y + (matrix->cell - FONT_ROWS) / 2, 1, dark ? paper : ink, text, count);
}

static void draw_cell(Matrix *matrix, size_t label, size_t answer) {
    const ClassResults *results = matrix->results;
    const uint32_t images = class_results_count(results, label, answer);
    const size_t x = matrix->left + answer * matrix->cell, y = matrix->top + label * matrix->cell;
    const bool apart = matrix->cell >= CELL_APART;
    const double darkness =
        images ? darkness_of((double)images / (double)results->class[label].images) : 0.0;
    if (apart)
        draw_square(&matrix->canvas, x, y, matrix->cell, line);
    draw_square(&matrix->canvas, x, y, matrix->cell - apart,
                images            ? shade(darkness)
                : label == answer ? line
                                  : paper);
    if (images)
        draw_count(matrix, x, y, images, darkness > 0.5);
}

static void draw_labels(Matrix *matrix) {
    char number[CLASS_NUMBER_TEXT];
    const size_t height = FONT_ROWS * matrix->scale;
    for (size_t c = 0; c < matrix->results->classes; c += matrix->step) {
        size_t count;
        const char *text = label_of(matrix, c, number, &count);
        const size_t along =
            c * matrix->cell + (matrix->cell > height ? (matrix->cell - height) / 2 : 0);
        canvas_text(&matrix->canvas, matrix->left - SPACE - canvas_text_width(count, matrix->scale),
                    matrix->top + along, matrix->scale, ink, text, count);
        canvas_text_up(&matrix->canvas, matrix->left + along, matrix->top - SPACE, matrix->scale,
                       ink, text, count);
    }
}

/* Which share is how dark. */
static void draw_scale(Matrix *matrix) {
    static const struct {
        double share;
        const char *text;
    } marks[] = {{0.01, "1%"}, {0.1, "10%"}, {0.5, "50%"}, {1.0, "100%"}};
    static const char note[] = "of a label's images";
    const size_t y = matrix->top + matrix->side + 3 * SPACE, below = y + BAR_HEIGHT + SPACE / 2;
    for (size_t i = 0; i < BAR_STEPS; i++)
        for (size_t row = 0; row < BAR_HEIGHT; row++)
            draw_square(&matrix->canvas, matrix->left + i, y + row, 1,
                        shade((double)i / (BAR_STEPS - 1)));
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const size_t count = strlen(marks[i].text), width = canvas_text_width(count, 1);
        const size_t at = (size_t)(darkness_of(marks[i].share) * (BAR_STEPS - 1));
        const size_t x = size_smaller(at - size_smaller(width / 2, at), BAR_STEPS - width);
        canvas_text(&matrix->canvas, matrix->left + x, below, 1, ink, marks[i].text, count);
    }
    canvas_text(&matrix->canvas, matrix->left, below + NOTE_HEIGHT + SPACE / 2, 1, ink, note,
                strlen(note));
}

static void draw(Matrix *matrix) {
    const size_t classes = matrix->results->classes;
    canvas_text(&matrix->canvas, EDGE, EDGE, TITLE_SCALE, ink, matrix->title,
                strlen(matrix->title));
    for (size_t label = 0; label < classes; label++)
        for (size_t answer = 0; answer < classes; answer++)
            draw_cell(matrix, label, answer);
    draw_labels(matrix);
    draw_scale(matrix);
}

Status matrix_picture_check(const char *path, size_t classes) {
    if (classes > MATRIX_PICTURE_CLASSES)
        return status_fail(STATUS_DATA,
                           "%s: %zu classes are too many for a picture, which takes %d; a table "
                           "(.csv) takes all",
                           path, classes, MATRIX_PICTURE_CLASSES);
    return STATUS_OK;
}

Status matrix_picture_write(const char *path, const ClassResults *results,
                            const ClassNames *names) {
    Matrix matrix = {.results = results, .names = names};
    STATUS_TRY(matrix_picture_check(path, results->classes));
    lay_out(&matrix);
    const Status made = make_canvas(&matrix);
    if (made == STATUS_OK)
        draw(&matrix);
    return canvas_finish(&matrix.canvas, made, path);
}
