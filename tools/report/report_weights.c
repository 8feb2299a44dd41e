#include "vit_report.h"

#include "components.h"
#include "inline_image.h"
#include "vit/memory.h"
#include "vit/size.h"
#include <math.h>
#include <string.h>

enum {
    COMPONENTS = 28,     /* as many as figure 7 of the ViT paper shows */
    FILTER_COLUMNS = 14, /* of a sheet of filters */
    FILTERS_MOST = 128,
    TILES_MOST = 16, /* a side, of the positions' tiles */
    SHEET_WIDTH = 420
};

/* ---- filters ---- */

/* A filter [side, side, channels] as a picture: grey is 0, and its largest value black or white. */
static void draw_filter(InlineImage *image, size_t x, size_t y, size_t side, size_t channels,
                        const double *filter) {
    double largest = 0.0;
    for (size_t i = 0; i < side * side * channels; i++)
        largest = fmax(largest, fabs(filter[i]));
    for (size_t i = 0; i < side * side; i++)
        for (size_t c = 0; c < 3; c++) {
            const double value = filter[i * channels + (channels < 3 ? 0 : c)];
            const double part = largest > 0.0 ? value / largest : 0.0;
            inline_image_pixel(image, x + i % side, y + i / side)[c] =
                (uint8_t)lrint(127.5 * (1.0 + part));
        }
}

/* filter [count, side, side, channels]. */
static Status write_sheet(Html *html, size_t count, size_t side, size_t channels,
                          const double *filter, const char *description) {
    const size_t columns = size_smaller(count, FILTER_COLUMNS);
    const size_t rows = size_groups(count, FILTER_COLUMNS), pace = side + 1;
    InlineImage image;
    STATUS_TRY(inline_image_init(&image, columns * pace - 1, rows * pace - 1));
    memset(image.pixels, 255, 3 * image.width * image.height);
    for (size_t i = 0; i < count; i++)
        draw_filter(&image, i % FILTER_COLUMNS * pace, i / FILTER_COLUMNS * pace, side, channels,
                    filter + i * side * side * channels);
    inline_image_add(html, &image, size_larger(SHEET_WIDTH, image.width), description);
    inline_image_free(&image);
    return STATUS_OK;
}

/* filter [COMPONENTS, patch_values]. */
static Status find_components(const TrainedModel *model, size_t count, double *filter,
                              double *whole) {
    double share[COMPONENTS];
    const ModelShape *s = &model->shape;
    STATUS_TRY(components_find(s->patch_values, s->D, model->weights + model->table.patch_kernel,
                               count, filter, share));
    *whole = 0.0;
    for (size_t i = 0; i < count; i++)
        *whole += share[i];
    return STATUS_OK;
}

static Status write_components(Html *html, const TrainedModel *model) {
    const ModelShape *s = &model->shape;
    const size_t count = size_smaller(COMPONENTS, size_smaller(s->patch_values, s->D));
    double *filter = NULL, whole;
    STATUS_TRY(memory_allocate(&filter, count * s->patch_values, sizeof *filter, "filters"));
    Status status = find_components(model, count, filter, &whole);
    if (status == STATUS_OK) {
        html_raw(html, "<figure>");
        status = write_sheet(html, count, s->patch_size, s->channels, filter,
                             "Principal components of the patch embedding");
        html_raw(html,
                 "<figcaption><small>The first %zu principal components of the %zu filters "
                 "that make a token of a patch, strongest first: they hold %.0f%% of the "
                 "filters' variance.</small></figcaption></figure>\n",
                 count, s->D, 100.0 * whole);
    }
    memory_free(filter);
    return status;
}

static Status write_kernels(Html *html, const TrainedModel *model) {
    const ModelShape *s = &model->shape;
    const float *kernel = model->weights + model->table.convolution_kernel[0];
    const size_t out = model_convolution_width(s, 1), values = 9 * s->channels;
    const size_t count = size_smaller(out, FILTERS_MOST);
    double *filter = NULL;
    STATUS_TRY(memory_allocate(&filter, count * values, sizeof *filter, "filters"));
    for (size_t i = 0; i < count * values; i++)
        filter[i] = (double)kernel[i % values * out + i / values];
    html_raw(html, "<figure>");
    const Status status =
        write_sheet(html, count, 3, s->channels, filter, "Kernels of the first convolution");
    html_raw(html,
             "<figcaption><small>%s%zu kernels of the first convolution, 3 x 3 pixels each; "
             "grey is 0.</small></figcaption></figure>\n",
             count < out ? "The first " : "The ", count);
    memory_free(filter);
    return status;
}

/* ---- positions ---- */

static double similarity(size_t count, const float *a, const float *b) {
    double both = 0.0, one = 0.0, other = 0.0;
    for (size_t i = 0; i < count; i++) {
        both += (double)a[i] * (double)b[i];
        one += (double)a[i] * (double)a[i];
        other += (double)b[i] * (double)b[i];
    }
    return one > 0.0 && other > 0.0 ? both / sqrt(one * other) : 0.0;
}

/* The tile of a token at (row, column) of the grid, with its top left corner at (x, y). */
static void draw_tile(InlineImage *image, size_t x, size_t y, const ModelShape *s,
                      const float *position, size_t token) {
    for (size_t i = 0; i < s->grid * s->grid; i++) {
        const double cosine = similarity(s->D, position + token * s->D, position + i * s->D);
        inline_image_heat(0.5 * (1.0 + cosine),
                          inline_image_pixel(image, x + i % s->grid, y + i / s->grid));
    }
}

static Status draw_positions(Html *html, const TrainedModel *model, size_t apart) {
    const ModelShape *s = &model->shape;
    const float *position = model->weights + model->table.position;
    const size_t tiles = size_groups(s->grid, apart), pace = s->grid + 1;
    InlineImage image;
    STATUS_TRY(inline_image_init(&image, tiles * pace - 1, tiles * pace - 1));
    memset(image.pixels, 255, 3 * image.width * image.height);
    for (size_t i = 0; i < tiles * tiles; i++)
        draw_tile(&image, i % tiles * pace, i / tiles * pace, s, position,
                  i / tiles * apart * s->grid + i % tiles * apart);
    html_raw(html, "<figure>");
    inline_image_add(html, &image, size_larger(SHEET_WIDTH, image.width),
                     "Tiles of similarities between positions");
    inline_image_free(&image);
    return STATUS_OK;
}

static Status write_positions(Html *html, const TrainedModel *model) {
    const ModelShape *s = &model->shape;
    const size_t apart = size_groups(s->grid, TILES_MOST);
    html_heading(html, "Similarity of positions");
    if (s->position != POSITION_LEARNED) {
        html_raw(html, "<p class=dim>Left out: the model %s.</p>\n",
                 s->position == POSITION_SINE ? "has sines as positions, and learns none"
                                              : "has no positions");
        return STATUS_OK;
    }
    STATUS_TRY(draw_positions(html, model, apart));
    html_raw(html,
             "<figcaption><small>A tile for %s token of the grid: the cosine between what "
             "the model has learned of its position and of all others, from -1 (dark) to 1 "
             "(light).</small></figcaption></figure>\n",
             apart > 1 ? "some" : "each");
    return STATUS_OK;
}

Status report_weights(Html *html, const ReportRun *run) {
    const bool patches = run->model.shape.tokenizer == TOKENIZER_PATCH;
    STATUS_TRY(write_positions(html, &run->model));
    html_heading(html, "Filters");
    return patches ? write_components(html, &run->model) : write_kernels(html, &run->model);
}
