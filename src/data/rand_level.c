#include "rand_level.h"

#include "rand_operation.h"
#include "vit/size.h"
#include <math.h>

uint8_t level_of(float value) {
    return (uint8_t)lrintf(fminf(fmaxf(value, 0.0f), 255.0f));
}

void levels_map_channel(Picture picture, size_t channel, const Levels *levels, const uint8_t *in,
                        uint8_t *out) {
    for (size_t i = channel; i < picture_bytes(picture); i += picture.channels)
        out[i] = levels->of[in[i]];
}

void levels_map(Picture picture, const Levels *levels, const uint8_t *in, uint8_t *out) {
    for (size_t i = 0; i < picture_bytes(picture); i++)
        out[i] = levels->of[in[i]];
}

/* ---- the same for all pictures ---- */

void rand_posterize(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    const unsigned lost = 4 + (unsigned)amount; /* bits */
    for (size_t i = 0; i < picture_bytes(augment->picture); i++)
        out[i] = (uint8_t)(in[i] >> lost << lost);
}

void rand_solarize(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    const int from = 256 - (int)amount;
    for (size_t i = 0; i < picture_bytes(augment->picture); i++)
        out[i] = (uint8_t)(in[i] >= from ? 255 - in[i] : in[i]);
}

void rand_solarize_add(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    const int added = (int)amount; /* at most 110: no sum is above 255 */
    for (size_t i = 0; i < picture_bytes(augment->picture); i++)
        out[i] = (uint8_t)(in[i] < 128 ? in[i] + added : in[i]);
}

void rand_invert(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    (void)amount;
    for (size_t i = 0; i < picture_bytes(augment->picture); i++)
        out[i] = (uint8_t)(255 - in[i]);
}

/* ---- by what is in the picture, channel by channel ---- */

/* How often each level occurs in a channel, the lowest and the highest one that does. */
typedef struct Histogram {
    size_t count[256], lowest, highest;
} Histogram;

static void histogram_of(Picture picture, size_t channel, const uint8_t *in, Histogram *histogram) {
    *histogram = (Histogram){.highest = 255};
    for (size_t i = channel; i < picture_bytes(picture); i += picture.channels)
        histogram->count[in[i]]++;
    while (histogram->count[histogram->lowest] == 0)
        histogram->lowest++;
    while (histogram->count[histogram->highest] == 0)
        histogram->highest--;
}

/* The lowest level becomes 0, the highest 255, what is between in proportion. */
static void stretch(const Histogram *histogram, Levels *levels) {
    const size_t lowest = histogram->lowest, range = histogram->highest - lowest;
    for (size_t level = 0; level < 256; level++)
        levels->of[level] = (uint8_t)level;
    for (size_t level = lowest; range > 0 && level <= histogram->highest; level++)
        levels->of[level] = level_of((float)((level - lowest) * 255) / (float)range);
}

/* Pillow's ImageOps.equalize: level l becomes (pixels below l + step / 2) / step, with a step of
 * (pixels below the highest level) / 255, all whole numbers; step 0: nothing changes. */
static void flatten(const Histogram *histogram, size_t pixels, Levels *levels) {
    const size_t step = (pixels - histogram->count[histogram->highest]) / 255;
    size_t sum = step / 2;
    for (size_t level = 0; level < 256; level++) {
        levels->of[level] = (uint8_t)(step ? size_smaller(sum / step, 255) : level);
        sum += histogram->count[level];
    }
}

void rand_auto_contrast(const RandAugment *augment, double amount, const uint8_t *in,
                        uint8_t *out) {
    (void)amount;
    for (size_t c = 0; c < augment->picture.channels; c++) {
        Histogram histogram;
        Levels levels;
        histogram_of(augment->picture, c, in, &histogram);
        stretch(&histogram, &levels);
        levels_map_channel(augment->picture, c, &levels, in, out);
    }
}

void rand_equalize(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    (void)amount;
    for (size_t c = 0; c < augment->picture.channels; c++) {
        Histogram histogram;
        Levels levels;
        histogram_of(augment->picture, c, in, &histogram);
        flatten(&histogram, augment->picture.height * augment->picture.width, &levels);
        levels_map_channel(augment->picture, c, &levels, in, out);
    }
}
