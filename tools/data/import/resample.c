/* Compiled without fused multiply-add, so that weights are the same on every processor. */
#include "resample.h"

#include "vit/memory.h"
#include "vit/size.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { PLACES = 22, ONE = 1 << PLACES, HALF = ONE / 2, STRIP = 512 };

void resample_scratch_free(ResampleScratch *scratch) {
    for (size_t i = 0; i < 2; i++) {
        memory_free((i ? &scratch->down : &scratch->across)->span);
        memory_free((i ? &scratch->down : &scratch->across)->weight);
    }
    image_free(&scratch->middle);
    *scratch = (ResampleScratch){0};
}

/* ---- weights ---- */

static Status grow(void *array, size_t *room, size_t count, size_t size) {
    void **entries = array;
    if (count <= *room)
        return STATUS_OK;
    memory_free(*entries);
    *room = 0;
    STATUS_TRY(memory_allocate(array, count, size, "the weights for resizing"));
    *room = count;
    return STATUS_OK;
}

static double triangle(size_t pixel, double centre, double narrowing) {
    const double distance = fabs(((double)pixel - centre + 0.5) * narrowing);
    return distance < 1.0 ? 1.0 - distance : 0.0;
}

/* The terms in the order in which Pillow adds them. */
static void weigh(ResampleSpan span, double centre, double narrowing, int32_t *weight) {
    double sum = 0.0;
    for (size_t j = 0; j < span.count; j++)
        sum += triangle(span.first + j, centre, narrowing);
    for (size_t j = 0; j < span.count; j++)
        weight[j] = (int32_t)(0.5 + triangle(span.first + j, centre, narrowing) / sum * ONE);
}

static ResampleSpan span_around(double centre, double support, size_t length) {
    const double first = centre - support + 0.5;
    const size_t begin = first > 0.0 ? (size_t)first : 0;
    return (ResampleSpan){begin, size_smaller((size_t)(centre + support + 0.5), length) - begin};
}

static Status prepare_axis(ResampleAxis *axis, size_t from, size_t to) {
    if (axis->from == from && axis->to == to)
        return STATUS_OK;
    const double scale = (double)from / (double)to, support = scale < 1.0 ? 1.0 : scale;
    const double narrowing = 1.0 / support;
    axis->from = axis->to = 0; /* until the tables are whole */
    axis->taps = (size_t)ceil(support) * 2 + 1;
    STATUS_TRY(grow(&axis->span, &axis->span_room, to, sizeof *axis->span));
    STATUS_TRY(grow(&axis->weight, &axis->weight_room, to * axis->taps, sizeof *axis->weight));
    for (size_t i = 0; i < to; i++) {
        const double centre = ((double)i + 0.5) * scale;
        axis->span[i] = span_around(centre, support, from);
        weigh(axis->span[i], centre, narrowing, axis->weight + i * axis->taps);
    }
    axis->from = from;
    axis->to = to;
    return STATUS_OK;
}

/* ---- pixels ---- */

/* Thousands of weights may together round to a little more than one. */
static inline uint8_t byte_of(int32_t sum) {
    const int32_t value = sum >> PLACES;
    return (uint8_t)(value > 255 ? 255 : value);
}

/* Inlined for each number of channels, so that the sums stay in registers. */
static inline __attribute__((always_inline)) void
resize_row(const ResampleAxis *axis, size_t channels, const uint8_t *from, uint8_t *restrict to) {
    for (size_t x = 0; x < axis->to; x++, to += channels) {
        const ResampleSpan span = axis->span[x];
        const int32_t *weight = axis->weight + x * axis->taps;
        const uint8_t *pixel = from + span.first * channels;
        int32_t sum[4] = {HALF, HALF, HALF, HALF};
        for (size_t j = 0; j < span.count; j++, pixel += channels)
            for (size_t c = 0; c < channels; c++)
                sum[c] += pixel[c] * weight[j];
        for (size_t c = 0; c < channels; c++)
            to[c] = byte_of(sum[c]);
    }
}

static void resize_rows(const ResampleAxis *axis, const Image *from, Image *to) {
    for (size_t y = 0; y < from->height; y++) {
        const uint8_t *in = from->pixels + y * from->width * from->channels;
        uint8_t *out = to->pixels + y * to->width * to->channels;
        switch (from->channels) {
        case 1:
            resize_row(axis, 1, in, out);
            break;
        case 2:
            resize_row(axis, 2, in, out);
            break;
        case 3:
            resize_row(axis, 3, in, out);
            break;
        default:
            resize_row(axis, 4, in, out);
            break;
        }
    }
}

/* `count` neighbouring bytes of a new row, from those below each other in a span of old ones. */
static void resize_strip(ResampleSpan span, const int32_t *weight, size_t count, size_t stride,
                         const uint8_t *from, uint8_t *restrict to) {
    int32_t sum[STRIP];
    for (size_t i = 0; i < count; i++)
        sum[i] = HALF;
    for (size_t j = 0; j < span.count; j++, from += stride)
        for (size_t i = 0; i < count; i++)
            sum[i] += from[i] * weight[j];
    for (size_t i = 0; i < count; i++)
        to[i] = byte_of(sum[i]);
}

static void resize_columns(const ResampleAxis *axis, const Image *from, Image *to) {
    const size_t stride = from->width * from->channels;
    for (size_t y = 0; y < axis->to; y++)
        for (size_t at = 0; at < stride; at += STRIP)
            resize_strip(axis->span[y], axis->weight + y * axis->taps,
                         size_smaller(STRIP, stride - at), stride,
                         from->pixels + axis->span[y].first * stride + at,
                         to->pixels + y * stride + at);
}

Status resample(const Image *from, size_t height, size_t width, ResampleScratch *scratch,
                Image *to) {
    const bool across = width != from->width, down = height != from->height;
    Image *rows = down ? &scratch->middle : to;
    STATUS_TRY(image_resize_room(to, height, width, from->channels));
    if (across) {
        STATUS_TRY(prepare_axis(&scratch->across, from->width, width));
        STATUS_TRY(image_resize_room(rows, from->height, width, from->channels));
        resize_rows(&scratch->across, from, rows);
    }
    if (down) {
        STATUS_TRY(prepare_axis(&scratch->down, from->height, height));
        resize_columns(&scratch->down, across ? rows : from, to);
    }
    if (!across && !down)
        memcpy(to->pixels, from->pixels, height * width * from->channels);
    return STATUS_OK;
}
