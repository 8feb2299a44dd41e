#include "vit/crop.h"

#include "vit/random.h"
#include "vit/size.h"
#include <string.h>

static ptrdiff_t shift(size_t padding, uint32_t high, uint32_t low) {
    return (ptrdiff_t)random_below(high, low, 2 * padding + 1) - (ptrdiff_t)padding;
}

CropDraw crop_draw(size_t padding, uint64_t seed, uint64_t epoch, uint64_t sample) {
    uint32_t words[4];
    random_block(random_stream(seed, RANDOM_CROP, epoch, sample, 0), 0, words);
    return (CropDraw){.down = shift(padding, words[0], words[1]),
                      .right = shift(padding, words[2], words[3])};
}

/* Of a side whose window begins at `begin`: [*first, *first + the result) of it are of the picture.
 */
static size_t seen(ptrdiff_t begin, size_t side, size_t *first) {
    const size_t distance = (size_t)(begin < 0 ? -begin : begin);
    *first = begin < 0 ? size_smaller(distance, side) : 0;
    return side - size_smaller(distance, side);
}

static void mirror_row(uint8_t *row, size_t width, size_t channels) {
    for (size_t left = 0; left < width / 2; left++) {
        uint8_t *a = row + left * channels, *b = row + (width - 1 - left) * channels;
        for (size_t c = 0; c < channels; c++) {
            const uint8_t kept = a[c];
            a[c] = b[c];
            b[c] = kept;
        }
    }
}

void crop_picture(Picture picture, CropDraw draw, bool mirror, const uint8_t *pixels,
                  uint8_t *out) {
    size_t top, left;
    const size_t row_bytes = picture.width * picture.channels;
    const size_t rows = seen(draw.down, picture.height, &top);
    const size_t columns = seen(draw.right, picture.width, &left);
    const size_t from_top = draw.down > 0 ? (size_t)draw.down : 0;
    const size_t from_left = draw.right > 0 ? (size_t)draw.right : 0;
    memset(out, 0, picture_bytes(picture));
    if (columns == 0)
        return;
    for (size_t y = 0; y < rows; y++) {
        uint8_t *row = out + (top + y) * row_bytes;
        memcpy(row + left * picture.channels,
               pixels + (from_top + y) * row_bytes + from_left * picture.channels,
               columns * picture.channels);
        if (mirror)
            mirror_row(row, picture.width, picture.channels);
    }
}
