#include "vit_report.h"

#include "chart.h"
#include "forward.h"
#include "inline_image.h"
#include "rollout.h"
#include "vit/memory.h"
#include "vit/size.h"
#include "vit/team.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PICTURES = 12, SHOWN_WIDTH = 104, PATCHES_WIDTH = 330 };

/* What the model makes of some test pictures. */
typedef struct Sight {
    const TrainedModel *model;
    const ReportData *data;
    size_t count, number[PICTURES];
    uint8_t *pixels;              /* [count, picture_bytes] */
    float *planes;                /* [count, channels, image_size, image_size] */
    double *map;                  /* [count, grid^2]: rollout */
    double *distance;             /* [count, depth, H] */
    size_t answer[PICTURES];      /* the likeliest class */
    double probability[PICTURES]; /* of it */
    Status status[PICTURES];
} Sight;

static size_t plane_values(const ModelShape *shape) {
    return shape->channels * shape->image_size * shape->image_size;
}

static const uint8_t *pixels_of(const Sight *sight, size_t i) {
    return sight->pixels + i * picture_bytes(sight->data->header.picture);
}

static Status sight_init(Sight *sight) {
    const ModelShape *s = &sight->model->shape;
    const size_t bytes = picture_bytes(sight->data->header.picture);
    const char *what = "test pictures";
    sight->count = report_data_choose(sight->data, s->classes, PICTURES, sight->number);
    const size_t count = sight->count;
    STATUS_TRY(memory_allocate(&sight->pixels, count * bytes, 1, what));
    STATUS_TRY(memory_allocate(&sight->planes, count * plane_values(s), sizeof(float), what));
    STATUS_TRY(memory_allocate(&sight->map, count * s->grid * s->grid, sizeof(double), what));
    STATUS_TRY(memory_allocate(&sight->distance, count * s->depth * s->H, sizeof(double), what));
    for (size_t i = 0; i < count; i++)
        STATUS_TRY(report_data_picture(sight->data, sight->number[i], sight->pixels + i * bytes,
                                       sight->planes + i * plane_values(s)));
    return STATUS_OK;
}

static void sight_free(Sight *sight) {
    memory_free(sight->pixels);
    memory_free(sight->planes);
    memory_free(sight->map);
    memory_free(sight->distance);
}

/* ---- through the model ---- */

static void note_answer(Sight *sight, size_t i, const double *logits) {
    const size_t classes = sight->model->shape.classes;
    size_t best = 0;
    double sum = 0.0;
    for (size_t c = 1; c < classes; c++)
        best = logits[c] > logits[best] ? c : best;
    for (size_t c = 0; c < classes; c++)
        sum += exp(logits[c] - logits[best]);
    sight->answer[i] = best;
    sight->probability[i] = 1.0 / sum;
}

static Status look(Sight *sight, size_t i) {
    const ModelShape *s = &sight->model->shape;
    const size_t heads = s->depth * s->H;
    Forward forward;
    Status status = forward_run(&forward, s, &sight->model->table, sight->model->weights,
                                sight->planes + i * plane_values(s));
    if (status == STATUS_OK)
        status = rollout_map(s, forward.probability, sight->map + i * s->grid * s->grid);
    for (size_t h = 0; status == STATUS_OK && h < heads; h++)
        sight->distance[i * heads + h] = rollout_distance(s, forward.probability + h * s->T * s->T);
    if (status == STATUS_OK)
        note_answer(sight, i, forward.logits);
    forward_free(&forward);
    return status;
}

static Status look_at_all(Sight *sight) {
#pragma omp parallel
    {
        const TeamThread thread = team_enter(PHASE_WAIT);
#pragma omp for schedule(dynamic) nowait
        for (size_t i = 0; i < sight->count; i++)
            sight->status[i] = look(sight, i);
        team_leave(thread);
    }
    for (size_t i = 0; i < sight->count; i++)
        STATUS_TRY(sight->status[i]);
    return STATUS_OK;
}

/* ---- the patches of a picture ---- */

/* A picture as the model gets it, in bytes: planes -> [image_size, image_size, channels]. */
static uint8_t level(const Sight *sight, size_t i, size_t y, size_t x, size_t channel) {
    const ModelShape *s = &sight->model->shape;
    const DataHeader *header = &sight->data->header;
    const float value =
        sight->planes[i * plane_values(s) + (channel * s->image_size + y) * s->image_size + x];
    const double back = (double)value * sqrt(header->variance[channel]) + header->mean[channel];
    return (uint8_t)lrint(fmin(fmax(back, 0.0), 255.0));
}

/* So many white pixels between patches that they are told apart. */
static size_t gap_of(const ModelShape *s) {
    return size_larger(1, s->patch_size / 4);
}

static void draw_patches(const Sight *sight, InlineImage *image) {
    const ModelShape *s = &sight->model->shape;
    const size_t whole = s->grid * s->patch_size, pace = s->patch_size + gap_of(s);
    memset(image->pixels, 255, 3 * image->width * image->height);
    for (size_t i = 0; i < whole * whole; i++) {
        const size_t y = i / whole, x = i % whole;
        uint8_t *pixel = inline_image_pixel(image, x / s->patch_size * pace + x % s->patch_size,
                                            y / s->patch_size * pace + y % s->patch_size);
        for (size_t c = 0; c < 3; c++)
            pixel[c] = level(sight, 0, y, x, s->channels < 3 ? 0 : c);
    }
}

static Status write_patches(Html *html, const Sight *sight) {
    const ModelShape *s = &sight->model->shape;
    InlineImage image;
    html_heading(html, "The patches of a picture");
    if (s->tokenizer != TOKENIZER_PATCH) {
        html_raw(html,
                 "<p class=dim>None: convolutions make this model's tokens, %zu x %zu of a "
                 "picture, each from an overlapping part of it.</p>\n",
                 s->grid, s->grid);
        return STATUS_OK;
    }
    const size_t side = s->grid * (s->patch_size + gap_of(s)) - gap_of(s);
    STATUS_TRY(inline_image_init(&image, side, side));
    draw_patches(sight, &image);
    html_raw(html, "<figure>");
    inline_image_add(html, &image, size_larger(PATCHES_WIDTH, side),
                     "A test picture cut into its patches");
    html_raw(html, "<figcaption><small>What the model gets of a picture of ");
    html_text(html, report_data_class(sight->data, sight->data->label[sight->number[0]]));
    html_raw(html,
             ": %zu x %zu patches of %zu x %zu pixels, each of which becomes a token."
             "</small></figcaption></figure>\n",
             s->grid, s->grid, s->patch_size, s->patch_size);
    inline_image_free(&image);
    return STATUS_OK;
}

/* ---- rollout ---- */

/* The map at a place of the picture, (0, 0) to (1, 1), bilinear between the tokens' middles. */
static double map_at(const double *map, size_t grid, double y, double x) {
    const double last = (double)grid - 1.0;
    const double row = fmin(fmax(y * (double)grid - 0.5, 0.0), last);
    const double column = fmin(fmax(x * (double)grid - 0.5, 0.0), last);
    const size_t r = (size_t)row, c = (size_t)column;
    const size_t below = size_smaller(r + 1, grid - 1), right = size_smaller(c + 1, grid - 1);
    const double down = row - (double)r, across = column - (double)c;
    return (1.0 - down) * ((1.0 - across) * map[r * grid + c] + across * map[r * grid + right]) +
           down * ((1.0 - across) * map[below * grid + c] + across * map[below * grid + right]);
}

/* A picture as dark as the model takes little of it: from a tenth of its light at the map's least
 * value to all of it at its largest. */
static void shade(const Sight *sight, size_t i, InlineImage *image) {
    const size_t grid = sight->model->shape.grid;
    const double *map = sight->map + i * grid * grid;
    double low = INFINITY, high = -INFINITY;
    for (size_t t = 0; t < grid * grid; t++) {
        low = fmin(low, map[t]);
        high = fmax(high, map[t]);
    }
    for (size_t p = 0; p < image->width * image->height; p++) {
        const size_t row = p / image->width, column = p % image->width;
        const double y = ((double)row + 0.5) / (double)image->height;
        const double x = ((double)column + 0.5) / (double)image->width;
        const double part = high > low ? (map_at(map, grid, y, x) - low) / (high - low) : 1.0;
        for (size_t c = 0; c < 3; c++)
            image->pixels[3 * p + c] =
                (uint8_t)lrint((0.1 + 0.9 * part) * (double)image->pixels[3 * p + c]);
    }
}

static Status write_tile(Html *html, const Sight *sight, size_t i) {
    const Picture picture = sight->data->header.picture;
    const size_t truth = sight->data->label[sight->number[i]];
    InlineImage image;
    STATUS_TRY(inline_image_init(&image, picture.width, picture.height));
    inline_image_draw(&image, 0, 0, picture, pixels_of(sight, i));
    html_raw(html, "<figure><div class=pair>");
    inline_image_add(html, &image, SHOWN_WIDTH, report_data_class(sight->data, truth));
    shade(sight, i, &image);
    inline_image_add(html, &image, SHOWN_WIDTH, "The same, light where the model looks");
    html_raw(html, "</div><figcaption>");
    html_text(html, report_data_class(sight->data, truth));
    html_raw(html, "<br><small>%s: ", sight->answer[i] == truth ? "right" : "wrong");
    html_text(html, report_data_class(sight->data, sight->answer[i]));
    html_raw(html, ", %.0f%%</small></figcaption></figure>\n", 100.0 * sight->probability[i]);
    inline_image_free(&image);
    return STATUS_OK;
}

static Status write_rollout(Html *html, const Sight *sight) {
    html_heading(html, "Attention rollout");
    html_raw(html,
             "<p>Beside each test picture the same one, lit where the model takes its answer from: "
             "the product over all blocks of half the heads' mean attention and half of what "
             "passes it by (%s), from its least value, dark, to its largest. Below it, what the "
             "picture shows, and the model's answer.</p>\n<div class=tiles>\n",
             sight->model->shape.class_tokens ? "the class token's row"
                                              : "the mean of all tokens' rows, since there is no "
                                                "class token");
    for (size_t i = 0; i < sight->count; i++)
        STATUS_TRY(write_tile(html, sight, i));
    html_raw(html, "</div>\n");
    return STATUS_OK;
}

/* ---- distance ---- */

enum { HEADS_SHOWN = CHART_STYLES };

/* distance [depth, H]: the mean over the pictures, in place of the first one's. */
static void mean_distances(Sight *sight) {
    const size_t heads = sight->model->shape.depth * sight->model->shape.H;
    for (size_t h = 0; h < heads; h++) {
        double sum = 0.0;
        for (size_t i = 0; i < sight->count; i++)
            sum += sight->distance[i * heads + h];
        sight->distance[h] = sum / (double)sight->count;
    }
}

/* Line number `line` of a block: a head's distance or, of many heads, the least, the mean, the
 * largest. */
static double distance_of(const ModelShape *s, const double *heads, size_t line) {
    double least = INFINITY, most = -INFINITY, sum = 0.0;
    if (s->H <= HEADS_SHOWN)
        return heads[line];
    for (size_t h = 0; h < s->H; h++) {
        least = fmin(least, heads[h]);
        most = fmax(most, heads[h]);
        sum += heads[h];
    }
    return line == 0 ? least : line == 1 ? sum / (double)s->H : most;
}

static void draw_distances(Html *html, const Sight *sight, double *values) {
    static const char *const of_many[] = {"the nearest head", "mean of the heads",
                                          "the farthest head"};
    const ModelShape *s = &sight->model->shape;
    ChartSeries series[HEADS_SHOWN];
    char name[HEADS_SHOWN][32];
    const size_t lines = s->H <= HEADS_SHOWN ? s->H : 3;
    for (size_t b = 0; b < s->depth; b++)
        values[b] = (double)b + 1.0;
    for (size_t l = 0; l < lines; l++) {
        double *y = values + (l + 1) * s->depth;
        for (size_t b = 0; b < s->depth; b++)
            y[b] = distance_of(s, sight->distance + b * s->H, l);
        snprintf(name[l], sizeof name[l], "head %zu", l + 1);
        series[l] = (ChartSeries){.name = s->H <= HEADS_SHOWN ? name[l] : of_many[l],
                                  .count = s->depth,
                                  .x = values,
                                  .y = y,
                                  .style = l};
    }
    const Chart chart = {.title = "Mean attention distance, in pixels",
                         .about = "How far away the tokens look in each block, head by head.",
                         .x_name = "block",
                         .zero = true,
                         .count = lines,
                         .series = series};
    chart_draw(html, &chart);
}

static Status write_distances(Html *html, Sight *sight) {
    double *values = NULL;
    const size_t depth = sight->model->shape.depth;
    STATUS_TRY(memory_allocate(&values, (HEADS_SHOWN + 1) * depth, sizeof *values, "a chart"));
    mean_distances(sight);
    html_heading(html, "How far it looks");
    html_raw(html,
             "<p>For each block and head, how far from a token "
             "lies what it takes, itself included, weighted with how much it takes; the mean over "
             "the tokens of these pictures. Heads that look near do as convolutions do."
             "</p>\n<div class=charts>\n");
    draw_distances(html, sight, values);
    html_raw(html, "</div>\n");
    memory_free(values);
    return STATUS_OK;
}

/* ---- the section ---- */

static Status write_sight(Html *html, Sight *sight) {
    STATUS_TRY(sight_init(sight));
    STATUS_TRY(look_at_all(sight));
    STATUS_TRY(write_patches(html, sight));
    STATUS_TRY(write_rollout(html, sight));
    return write_distances(html, sight);
}

Status report_sight(Html *html, const ReportRun *run, const ReportData *data) {
    Sight sight = {.model = &run->model, .data = data};
    if (data->missing[0]) {
        html_raw(html, "<p class=dim>No test pictures to show it: ");
        html_text(html, data->missing);
        html_raw(html, ".</p>\n");
        return STATUS_OK;
    }
    const Status status = write_sight(html, &sight);
    sight_free(&sight);
    return status;
}
