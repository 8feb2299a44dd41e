#include "vit/augment.h"

#include "vit/memory.h"
#include <math.h>
#include <string.h>

/* Bilinear, half-pixel centres: output i looks at source (i + 1/2) * 32 / size - 1/2. */
static void resize_table(Augment *augment) {
    const double ratio = (double)DATA_SIDE / (double)augment->size;
    for (size_t i = 0; i < augment->size; i++) {
        double place = ((double)i + 0.5) * ratio - 0.5;
        place = fmin(fmax(place, 0.0), DATA_SIDE - 1);
        size_t first = (size_t)place;
        if (first > DATA_SIDE - 2)
            first = DATA_SIDE - 2;
        augment->source[i] = first;
        augment->weight[i] = (float)(place - (double)first);
    }
}

Status augment_init(Augment *augment, const Job *job, const DataHeader *header) {
    *augment = (Augment){.size = job->image_size,
                         .patch = job->patch_size,
                         .side = job->image_size / job->patch_size,
                         .flip = job->flip,
                         .rotation = job->rotation,
                         .zoom = job->zoom,
                         .seed = job->seed,
                         .kernels = kernels_best()};
    for (size_t c = 0; c < DATA_CHANNELS; c++)
        for (size_t p = 0; p < 256; p++)
            augment->normalized[c][p] =
                (float)(((double)p - header->mean[c]) / sqrt(header->variance[c]));
    STATUS_TRY(memory_allocate(&augment->source, augment->size, sizeof(size_t), "augmentation"));
    STATUS_TRY(memory_allocate(&augment->weight, augment->size, sizeof(float), "augmentation"));
    resize_table(augment);
    return STATUS_OK;
}

void augment_free(Augment *augment) {
    memory_free(augment->source);
    memory_free(augment->weight);
    *augment = (Augment){0};
}

size_t augment_scratch(const Augment *augment) {
    const size_t size = augment->size;
    return DATA_CHANNELS * (size * size + DATA_SIDE * size + size);
}

AugmentDraw augment_draw(const Augment *augment, uint64_t epoch, uint64_t sample) {
    uint32_t words[4];
    random_block(random_stream(augment->seed, RANDOM_AUGMENT, epoch, sample, 0), 0, words);
    const double turn = 2.0 * 3.14159265358979323846;
    return (AugmentDraw){
        .flip = augment->flip && (words[0] >> 31),
        .angle = (2.0 * (double)random_unit(words[1]) - 1.0) * augment->rotation * turn,
        .zoom_height = 1.0 + (2.0 * (double)random_unit(words[2]) - 1.0) * augment->zoom,
        .zoom_width = 1.0 + (2.0 * (double)random_unit(words[3]) - 1.0) * augment->zoom,
    };
}

/* pixels -> planes [channel][size][size], through rows resized in width only. */
static void resize(const Augment *augment, const uint8_t *pixels, float *wide, float *planes) {
    const size_t size = augment->size;
    for (size_t c = 0; c < DATA_CHANNELS; c++) {
        const float *normalized = augment->normalized[c];
        for (size_t y = 0; y < DATA_SIDE; y++)
            for (size_t x = 0; x < size; x++) {
                const uint8_t *pixel =
                    pixels + (y * DATA_SIDE + augment->source[x]) * DATA_CHANNELS + c;
                const float left = normalized[pixel[0]], right = normalized[pixel[DATA_CHANNELS]];
                wide[y * size + x] = left + (right - left) * augment->weight[x];
            }
        for (size_t y = 0; y < size; y++) {
            const float *upper = wide + augment->source[y] * size, *lower = upper + size;
            const float weight = augment->weight[y];
            for (size_t x = 0; x < size; x++)
                planes[(c * size + y) * size + x] = upper[x] + (lower[x] - upper[x]) * weight;
        }
    }
}

/* The map from output to input coordinates x' = m0 x + m1 y + m2, y' = m3 x + m4 y + m5: an output
 * pixel is looked up by the zoom, then by the rotation, then by the flip, each about the centre. */
static void compose(size_t size, const AugmentDraw *draw, float matrix[static 6]) {
    const double centre = ((double)size - 1.0) / 2.0, mirror = draw->flip ? -1.0 : 1.0;
    const double c = cos(draw->angle), s = sin(draw->angle);
    const double m0 = mirror * c * draw->zoom_width, m1 = -mirror * s * draw->zoom_height;
    const double m3 = s * draw->zoom_width, m4 = c * draw->zoom_height;
    matrix[0] = (float)m0;
    matrix[1] = (float)m1;
    matrix[2] = (float)(centre - (m0 + m1) * centre);
    matrix[3] = (float)m3;
    matrix[4] = (float)m4;
    matrix[5] = (float)(centre - (m3 + m4) * centre);
}

/* One row of the picture, [channel][size], into its places in the patches. */
static void scatter_row(const Augment *augment, size_t y, const float *const channel[static 3],
                        float *patches) {
    const size_t patch = augment->patch;
    const size_t values = patch * patch * DATA_CHANNELS;
    float *target = patches + y / patch * augment->side * values + y % patch * patch * 3;
    for (size_t p = 0; p < augment->side; p++, target += values)
        for (size_t x = 0; x < patch; x++)
            for (size_t c = 0; c < DATA_CHANNELS; c++)
                target[x * DATA_CHANNELS + c] = channel[c][p * patch + x];
}

void augment_image(const Augment *augment, const uint8_t *pixels, const AugmentDraw *draw,
                   float *scratch, float *patches) {
    const size_t size = augment->size, plane = size * size;
    float *planes = scratch, *row = scratch + DATA_CHANNELS * plane;
    float *wide = row + DATA_CHANNELS * size;
    float matrix[6];
    resize(augment, pixels, wide, planes);
    if (draw)
        compose(size, draw, matrix);
    /* What VALID patches cut off is not needed. */
    for (size_t y = 0; y < augment->side * augment->patch; y++) {
        const float *channel[3] = {planes + y * size, planes + plane + y * size,
                                   planes + 2 * plane + y * size};
        if (draw) {
            augment->kernels->resample_row(size, planes, matrix, y, row);
            for (size_t c = 0; c < DATA_CHANNELS; c++)
                channel[c] = row + c * size;
        }
        scatter_row(augment, y, channel, patches);
    }
}
