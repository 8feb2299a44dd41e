#include "rand_level.h"
#include "rand_operation.h"

#include <math.h>
#include <string.h>

/* ITU-R BT.601, as Pillow's conversion to 'L'. */
static const double red_part = 0.299, green_part = 0.587, blue_part = 0.114;

/* other + (value - other) (1 + amount). */
static float blend(float other, float value, float factor) {
    return other + (value - other) * factor;
}

void rand_color(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    const float factor = (float)(1.0 + amount);
    const float red = (float)red_part, green = (float)green_part, blue = (float)blue_part;
    const size_t bytes = picture_bytes(augment->picture);
    if (augment->picture.channels != 3) {
        memcpy(out, in, bytes);
        return;
    }
    for (size_t i = 0; i < bytes; i += 3) {
        const float grey = red * (float)in[i] + green * (float)in[i + 1] + blue * (float)in[i + 2];
        for (size_t c = 0; c < 3; c++)
            out[i + c] = level_of(blend(grey, (float)in[i + c], factor));
    }
}

static void blend_levels(float other, float factor, Levels *levels) {
    for (size_t level = 0; level < 256; level++)
        levels->of[level] = level_of(blend(other, (float)level, factor));
}

/* Of each channel; of a colour picture, that of its grey. */
static void middles(Picture picture, const uint8_t *in, double middle[PICTURE_CHANNELS_MAX]) {
    uint64_t sum[PICTURE_CHANNELS_MAX] = {0};
    const double pixels = (double)(picture.height * picture.width);
    for (size_t i = 0; i < picture_bytes(picture); i += picture.channels)
        for (size_t c = 0; c < picture.channels; c++)
            sum[c] += in[i + c];
    for (size_t c = 0; c < picture.channels; c++)
        middle[c] = (double)sum[c] / pixels;
    if (picture.channels == 3)
        middle[0] = middle[1] = middle[2] =
            red_part * middle[0] + green_part * middle[1] + blue_part * middle[2];
}

void rand_contrast(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    double middle[PICTURE_CHANNELS_MAX];
    middles(augment->picture, in, middle);
    for (size_t c = 0; c < augment->picture.channels; c++) {
        Levels levels;
        blend_levels((float)rint(middle[c]), (float)(1.0 + amount), &levels);
        levels_map_channel(augment->picture, c, &levels, in, out);
    }
}

void rand_brightness(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    Levels levels;
    blend_levels(0.0f, (float)(1.0 + amount), &levels);
    levels_map(augment->picture, &levels, in, out);
}

/* A row of three neighbouring values of one channel. */
static int three(const uint8_t *middle, size_t channels) {
    return middle[0] + *(middle - channels) + middle[channels];
}

/* Smoothed by 1 1 1 | 1 5 1 | 1 1 1 over 13 (Pillow's SMOOTH), which leaves the picture's border as
 * it is. */
void rand_sharpness(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    const Picture *picture = &augment->picture;
    const size_t channels = picture->channels, row = picture->width * channels;
    const float factor = (float)(1.0 + amount);
    memcpy(out, in, picture_bytes(*picture));
    for (size_t y = 1; y + 1 < picture->height; y++)
        for (size_t i = y * row + channels; i + channels < (y + 1) * row; i++) {
            const int sum = three(in + i - row, channels) + three(in + i, channels) + 4 * in[i] +
                            three(in + i + row, channels);
            out[i] = level_of(blend((float)sum / 13.0f, (float)in[i], factor));
        }
}
