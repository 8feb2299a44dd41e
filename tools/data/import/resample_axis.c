/* Compiled without fused multiply-add, so that weights are the same on every processor. */
#include "resample_axis.h"

#include "vit/memory.h"
#include "vit/size.h"
#include <math.h>

#define ONE ((double)(1 << RESAMPLE_PLACES))

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
static void weigh(ResampleSpan span, double centre, double narrowing, size_t taps,
                  int32_t *weight) {
    double sum = 0.0;
    for (size_t j = 0; j < span.count; j++)
        sum += triangle(span.first + j, centre, narrowing);
    for (size_t j = 0; j < span.count; j++)
        weight[j] = (int32_t)(0.5 + triangle(span.first + j, centre, narrowing) / sum * ONE);
    for (size_t j = span.count; j < taps; j++)
        weight[j] = 0;
}

static ResampleSpan span_around(double centre, double support, size_t length) {
    const double first = centre - support + 0.5;
    const size_t begin = first > 0.0 ? (size_t)first : 0;
    return (ResampleSpan){begin, size_smaller((size_t)(centre + support + 0.5), length) - begin};
}

Status resample_axis_prepare(ResampleAxis *axis, size_t from, size_t to) {
    if (axis->from == from && axis->to == to)
        return STATUS_OK;
    const double scale = (double)from / (double)to, support = scale < 1.0 ? 1.0 : scale;
    const double narrowing = 1.0 / support;
    axis->from = axis->to = 0; /* until the tables are whole */
    axis->taps = (size_t)ceil(support) * 2 + 2;
    STATUS_TRY(grow(&axis->span, &axis->span_room, to, sizeof *axis->span));
    STATUS_TRY(grow(&axis->weight, &axis->weight_room, to * axis->taps, sizeof *axis->weight));
    for (size_t i = 0; i < to; i++) {
        const double centre = ((double)i + 0.5) * scale;
        axis->span[i] = span_around(centre, support, from);
        weigh(axis->span[i], centre, narrowing, axis->taps, axis->weight + i * axis->taps);
    }
    axis->from = from;
    axis->to = to;
    return STATUS_OK;
}

void resample_axis_free(ResampleAxis *axis) {
    memory_free(axis->span);
    memory_free(axis->weight);
    *axis = (ResampleAxis){0};
}
