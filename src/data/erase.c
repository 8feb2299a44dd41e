#include "vit/erase.h"

#include "vit/size.h"
#include <math.h>

static const double area_least = 0.02, area_most = 1.0 / 3.0;
static const double aspect_most = 1.0 / 0.3; /* and 0.3 at least */
static const double side_most = 0.97;

/* The site of the stream. */
enum { ERASE_RECTANGLE, ERASE_NOISE };

/* The pixels [*first, *first + *count) within a length that begins at the share `place` of the room
 * that it leaves. */
static void pixels_within(double length, double place, size_t side, size_t *first, size_t *count) {
    const double begin = place * ((double)side - length);
    *first = (size_t)ceil(begin);
    *count = (size_t)ceil(begin + length) - *first;
}

EraseDraw erase_draw(double probability, size_t side, uint64_t seed, uint64_t epoch,
                     uint64_t sample) {
    const RandomStream stream = random_stream(seed, RANDOM_ERASING, epoch, sample, ERASE_RECTANGLE);
    EraseDraw draw = {.noise = random_stream(seed, RANDOM_ERASING, epoch, sample, ERASE_NOISE)};
    uint32_t size[4], place[4];
    random_block(stream, 0, size);
    random_block(stream, 1, place);
    if ((double)random_unit(size[0]) >= probability)
        return draw;
    const double area = area_least + (double)random_unit(size[1]) * (area_most - area_least);
    const double aspect = pow(aspect_most, 2.0 * (double)random_unit(size[2]) - 1.0);
    const double height = fmin(sqrt(area * aspect), side_most) * (double)side;
    const double width = fmin(sqrt(area / aspect), side_most) * (double)side;
    pixels_within(height, (double)random_unit(place[0]), side, &draw.top, &draw.height);
    pixels_within(width, (double)random_unit(place[1]), side, &draw.left, &draw.width);
    return draw;
}

void erase_planes(const EraseDraw *draw, size_t channels, size_t side, float *planes) {
    uint32_t block = 0;
    for (size_t c = 0; c < channels; c++)
        for (size_t y = draw->top; y < draw->top + draw->height; y++) {
            float *row = planes + (c * side + y) * side + draw->left;
            for (size_t x = 0; x < draw->width; x += 4, block++) {
                double normal[4];
                random_normals(draw->noise, block, normal);
                for (size_t i = 0; i < size_smaller(4, draw->width - x); i++)
                    row[x + i] = (float)normal[i];
            }
        }
}
