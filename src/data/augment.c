#include "vit/augment.h"

#include "vit/memory.h"
#include "vit/size.h"
#include <math.h>

/* ---- start and end ---- */

/* Bilinear, half-pixel centres: output i looks at source (i + 1/2) * pixels / size - 1/2. */
static Status side_init(AugmentSide *side, size_t pixels, size_t size) {
    const double ratio = (double)pixels / (double)size, last = (double)pixels - 1.0;
    side->next = pixels > 1;
    STATUS_TRY(memory_allocate(&side->source, size, sizeof *side->source, "augmentation"));
    STATUS_TRY(memory_allocate(&side->weight, size, sizeof *side->weight, "augmentation"));
    for (size_t i = 0; i < size; i++) {
        const double place = fmin(fmax(((double)i + 0.5) * ratio - 0.5, 0.0), last);
        side->source[i] = size_smaller((size_t)place, pixels - 1 - side->next);
        side->weight[i] = (float)(place - (double)side->source[i]);
    }
    return STATUS_OK;
}

static void side_free(AugmentSide *side) {
    memory_free(side->source);
    memory_free(side->weight);
}

static void rand_init(RandAugment *augment, const Job *job, const DataHeader *header) {
    *augment = (RandAugment){
        .picture = header->picture, .steps = job->randaugment, .magnitude = job->magnitude};
    for (size_t c = 0; c < header->picture.channels; c++)
        augment->fill[c] = (uint8_t)lrint(fmin(fmax(header->mean[c], 0.0), 255.0));
}

/* Resizing to the same sides changes nothing but the last row and column, by rounding. Jobs that
 * have none of these keys do it all the same: their results stay what they were. */
static bool need_not_resize(const Job *job, Picture picture) {
    const bool newer = job->crop > 0 || job->randaugment > 0 || job->erasing > 0.0;
    return newer && picture.height == job->image_size && picture.width == job->image_size;
}

Status augment_init(Augment *augment, const Job *job, const DataHeader *header) {
    *augment = (Augment){.picture = header->picture,
                         .size = job->image_size,
                         .crop = job->crop,
                         .flip = job->flip,
                         .flip_bytes = job->crop > 0 || job->randaugment > 0,
                         .rotation = job->rotation,
                         .zoom = job->zoom,
                         .erasing = job->erasing,
                         .unresized = need_not_resize(job, header->picture),
                         .seed = job->seed,
                         .kernels = kernels_best()};
    rand_init(&augment->rand, job, header);
    for (size_t c = 0; c < augment->picture.channels; c++)
        for (size_t p = 0; p < 256; p++)
            augment->normalized[c][p] =
                (float)(((double)p - header->mean[c]) / sqrt(header->variance[c]));
    STATUS_TRY(side_init(&augment->rows, augment->picture.height, augment->size));
    return side_init(&augment->columns, augment->picture.width, augment->size);
}

void augment_free(Augment *augment) {
    side_free(&augment->rows);
    side_free(&augment->columns);
    *augment = (Augment){0};
}

/* Scratch: rows resized in width [height, size]; planes [channels, size, size]; two pictures of
 * bytes. */
static float *scratch_planes(const Augment *augment, float *scratch) {
    return scratch + augment->picture.height * augment->size;
}

static uint8_t *scratch_bytes(const Augment *augment, float *scratch) {
    const size_t planes = augment->picture.channels * augment->size * augment->size;
    return (uint8_t *)(scratch_planes(augment, scratch) + planes);
}

size_t augment_scratch(Picture picture, size_t size) {
    return picture.height * size + picture.channels * size * size +
           size_groups(2 * picture_bytes(picture), sizeof(float));
}

/* ---- what happens to a picture ---- */

AugmentDraw augment_draw(const Augment *augment, uint64_t epoch, uint64_t sample) {
    uint32_t words[4];
    random_block(random_stream(augment->seed, RANDOM_AUGMENT, epoch, sample, 0), 0, words);
    const double turn = 2.0 * 3.14159265358979323846;
    AugmentDraw draw = {
        .flip = augment->flip && (words[0] >> 31),
        .angle = (2.0 * (double)random_unit(words[1]) - 1.0) * augment->rotation * turn,
        .zoom_height = 1.0 + (2.0 * (double)random_unit(words[2]) - 1.0) * augment->zoom,
        .zoom_width = 1.0 + (2.0 * (double)random_unit(words[3]) - 1.0) * augment->zoom,
    };
    if (augment->crop > 0)
        draw.crop = crop_draw(augment->crop, augment->seed, epoch, sample);
    if (augment->rand.steps > 0)
        draw.rand = rand_augment_draw(&augment->rand, augment->seed, epoch, sample);
    if (augment->erasing > 0.0)
        draw.erase = erase_draw(augment->erasing, augment->size, augment->seed, epoch, sample);
    return draw;
}

/* ---- on bytes ---- */

/* Crop, flip and RandAugment; -> one of the two pictures of `bytes`. */
static const uint8_t *change_bytes(const Augment *augment, const AugmentDraw *draw,
                                   const uint8_t *pixels, uint8_t *bytes) {
    uint8_t *now = bytes, *next = bytes + picture_bytes(augment->picture);
    crop_picture(augment->picture, draw->crop, draw->flip, pixels, now);
    for (size_t i = 0; i < draw->rand.count; i++) {
        uint8_t *const before = now;
        rand_augment_apply(&augment->rand, draw->rand.step[i], before, next);
        now = next;
        next = before;
    }
    return now;
}

/* ---- normalization and resizing ---- */

/* pixels -> planes of the same sides. */
static void normalize(const Augment *augment, const uint8_t *pixels, float *planes) {
    const size_t channels = augment->picture.channels, plane = augment->size * augment->size;
    for (size_t c = 0; c < channels; c++)
        for (size_t i = 0; i < plane; i++)
            planes[c * plane + i] = augment->normalized[c][pixels[i * channels + c]];
}

/* One channel of pixels -> wide [height, size], rows resized in width only. */
static void resize_rows(const Augment *augment, size_t channel, const uint8_t *pixels,
                        float *wide) {
    const AugmentSide *columns = &augment->columns;
    const size_t size = augment->size, width = augment->picture.width;
    const size_t channels = augment->picture.channels;
    const float *normalized = augment->normalized[channel];
    for (size_t y = 0; y < augment->picture.height; y++)
        for (size_t x = 0; x < size; x++) {
            const uint8_t *pixel = pixels + (y * width + columns->source[x]) * channels + channel;
            const float left = normalized[pixel[0]];
            const float right = normalized[pixel[columns->next * channels]];
            wide[y * size + x] = left + (right - left) * columns->weight[x];
        }
}

/* pixels -> planes; wide: scratch [height, size]. */
static void resize(const Augment *augment, const uint8_t *pixels, float *wide, float *planes) {
    const AugmentSide *rows = &augment->rows;
    const size_t size = augment->size;
    if (augment->unresized) {
        normalize(augment, pixels, planes);
        return;
    }
    for (size_t c = 0; c < augment->picture.channels; c++) {
        float *plane = planes + c * size * size;
        resize_rows(augment, c, pixels, wide);
        for (size_t y = 0; y < size; y++) {
            const float *upper = wide + rows->source[y] * size, *lower = upper + rows->next * size;
            const float weight = rows->weight[y];
            for (size_t x = 0; x < size; x++)
                plane[y * size + x] = upper[x] + (lower[x] - upper[x]) * weight;
        }
    }
}

/* ---- flip, rotation and zoom of planes ---- */

/* Resampling would give the same planes, to the bit: weights are 1 and 0, places whole numbers. */
static bool changes_nothing(const AugmentDraw *draw, bool flip) {
    return !flip && draw->angle == 0.0 && draw->zoom_height == 1.0 && draw->zoom_width == 1.0;
}

/* The map from output to input coordinates x' = m0 x + m1 y + m2, y' = m3 x + m4 y + m5: an output
 * pixel is looked up by the zoom, then by the rotation, then by the flip, each about the centre. */
static void compose(size_t size, const AugmentDraw *draw, bool flip, float matrix[static 6]) {
    const double centre = ((double)size - 1.0) / 2.0, mirror = flip ? -1.0 : 1.0;
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

/* pixels -> planes, resized and then moved. */
static void resize_and_move(const Augment *augment, const AugmentDraw *draw, const uint8_t *pixels,
                            float *scratch, float *planes) {
    const bool flip = draw->flip && !augment->flip_bytes;
    float *resized = scratch_planes(augment, scratch), matrix[6];
    if (changes_nothing(draw, flip)) {
        resize(augment, pixels, scratch, planes);
        return;
    }
    resize(augment, pixels, scratch, resized);
    compose(augment->size, draw, flip, matrix);
    for (size_t y = 0; y < augment->size; y++)
        augment->kernels->resample_row(augment->picture.channels, augment->size, resized, matrix, y,
                                       planes);
}

void augment_image(const Augment *augment, const uint8_t *pixels, const AugmentDraw *draw,
                   float *scratch, float *planes) {
    if (!draw) {
        resize(augment, pixels, scratch, planes);
        return;
    }
    if (augment->flip_bytes)
        pixels = change_bytes(augment, draw, pixels, scratch_bytes(augment, scratch));
    resize_and_move(augment, draw, pixels, scratch, planes);
    erase_planes(&draw->erase, augment->picture.channels, augment->size, planes);
}
