#include "rand_operation.h"

#include <math.h>

/* Places are whole numbers, in units of 2^-32 pixels, and weights of neighbours in units of 2^-12:
 * sums of these are exact, so that a byte is the same on every processor. */
enum { PLACE_BITS = 32, WEIGHT_BITS = 12 };

/* From a pixel of `out`, counted from the centre, to its place in `in`, likewise: x' = xx x + xy y
 * + x0, y' = yx x + yy y + y0. */
typedef struct Map {
    double xx, xy, x0, yx, yy, y0;
} Map;

/* The same for twice the distances from the centre, which are whole numbers, to places counted from
 * the first pixel. */
typedef struct Places {
    int64_t xx, xy, x0, yx, yy, y0;
} Places;

static int64_t whole(double pixels, int bits) {
    return llrint(ldexp(pixels, bits));
}

static Places places_of(Picture picture, const Map *map) {
    const double centre_x = (double)(picture.width - 1) / 2, half_weight = 0x1p-13;
    const double centre_y = (double)(picture.height - 1) / 2;
    return (Places){.xx = whole(map->xx, PLACE_BITS - 1),
                    .xy = whole(map->xy, PLACE_BITS - 1),
                    .yx = whole(map->yx, PLACE_BITS - 1),
                    .yy = whole(map->yy, PLACE_BITS - 1),
                    .x0 = whole(map->x0 + centre_x + half_weight, PLACE_BITS),
                    .y0 = whole(map->y0 + centre_y + half_weight, PLACE_BITS)};
}

/* The upper bits of the fraction, what the pixel after the place counts. */
static uint32_t weight_after(int64_t place) {
    return (uint32_t)place >> (PLACE_BITS - WEIGHT_BITS);
}

static const uint8_t *pixel_or_fill(const RandAugment *augment, const uint8_t *in, int64_t y,
                                    int64_t x) {
    const Picture *picture = &augment->picture;
    const bool inside = (uint64_t)y < picture->height && (uint64_t)x < picture->width;
    return inside ? in + ((size_t)y * picture->width + (size_t)x) * picture->channels
                  : augment->fill;
}

/* out[channels] = what is at place (x, y). */
static void look_up(const RandAugment *augment, const uint8_t *in, int64_t y, int64_t x,
                    uint8_t *out) {
    const uint32_t one = 1u << WEIGHT_BITS, half = 1u << (2 * WEIGHT_BITS - 1);
    const uint32_t right = weight_after(x), left = one - right;
    const uint32_t lower = weight_after(y), upper = one - lower;
    const int64_t row = y >> PLACE_BITS, column = x >> PLACE_BITS;
    const uint8_t *a = pixel_or_fill(augment, in, row, column);
    const uint8_t *b = pixel_or_fill(augment, in, row, column + 1);
    const uint8_t *c = pixel_or_fill(augment, in, row + 1, column);
    const uint8_t *d = pixel_or_fill(augment, in, row + 1, column + 1);
    for (size_t i = 0; i < augment->picture.channels; i++)
        out[i] = (uint8_t)((upper * (left * a[i] + right * b[i]) +
                            lower * (left * c[i] + right * d[i]) + half) >>
                           (2 * WEIGHT_BITS));
}

static void resample(const RandAugment *augment, Map map, const uint8_t *in, uint8_t *out) {
    const Picture *picture = &augment->picture;
    const Places places = places_of(*picture, &map);
    const int64_t height = (int64_t)picture->height, width = (int64_t)picture->width;
    for (int64_t row = 0; row < height; row++) {
        const int64_t down = 2 * row - (height - 1);
        int64_t x = places.xx * (1 - width) + places.xy * down + places.x0;
        int64_t y = places.yx * (1 - width) + places.yy * down + places.y0;
        for (int64_t column = 0; column < width; column++) {
            look_up(augment, in, y, x, out);
            out += picture->channels;
            x += 2 * places.xx;
            y += 2 * places.yx;
        }
    }
}

void rand_rotate(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    const double angle = amount * (3.14159265358979323846 / 180.0);
    const double c = cos(angle), s = sin(angle);
    resample(augment, (Map){.xx = c, .xy = -s, .yx = s, .yy = c}, in, out);
}

void rand_shear_x(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    resample(augment, (Map){.xx = 1.0, .xy = amount, .yy = 1.0}, in, out);
}

void rand_shear_y(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    resample(augment, (Map){.xx = 1.0, .yx = amount, .yy = 1.0}, in, out);
}

void rand_translate_x(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    const double pixels = amount * (double)augment->picture.width;
    resample(augment, (Map){.xx = 1.0, .yy = 1.0, .x0 = pixels}, in, out);
}

void rand_translate_y(const RandAugment *augment, double amount, const uint8_t *in, uint8_t *out) {
    const double pixels = amount * (double)augment->picture.height;
    resample(augment, (Map){.xx = 1.0, .yy = 1.0, .y0 = pixels}, in, out);
}
