/* The window of a crop and its mirror image, against a picture with its padding around; where
 * windows are. */

#include "check.h"
#include "vit/crop.h"

/* What the padded picture has at (y, x), counted from the picture's first pixel. */
static uint8_t padded(Picture picture, const uint8_t *pixels, ptrdiff_t y, ptrdiff_t x, size_t c) {
    if (y < 0 || x < 0 || y >= (ptrdiff_t)picture.height || x >= (ptrdiff_t)picture.width)
        return 0;
    return pixels[((size_t)y * picture.width + (size_t)x) * picture.channels + c];
}

static void check_window(Picture picture, CropDraw draw, bool mirror) {
    const size_t bytes = picture_bytes(picture), width = picture.width;
    uint8_t *pixels = test_array(bytes, 1), *out = test_array(bytes, 1);
    for (size_t i = 0; i < bytes; i++) {
        pixels[i] = (uint8_t)(1 + i % 255);
        out[i] = 77; /* nothing that was there before counts */
    }
    crop_picture(picture, draw, mirror, pixels, out);
    for (size_t i = 0; i < bytes; i++) {
        const size_t c = i % picture.channels, pixel = i / picture.channels;
        const size_t x = mirror ? width - 1 - pixel % width : pixel % width;
        assert_int_equal(out[i], padded(picture, pixels, (ptrdiff_t)(pixel / width) + draw.down,
                                        (ptrdiff_t)x + draw.right, c));
    }
    memory_free(pixels);
    memory_free(out);
}

/* Also windows beyond the picture, with nothing of it in them. */
static void windows_of_any_pictures(void **state) {
    (void)state;
    static const Picture list[] = {{5, 7, 3}, {8, 6, 1}, {1, 1, 4}, {4, 9, 2}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        for (ptrdiff_t down = -10; down <= 10; down += 2)
            for (ptrdiff_t right = -10; right <= 10; right++)
                for (int mirror = 0; mirror < 2; mirror++)
                    check_window(list[i], (CropDraw){down, right}, mirror != 0);
}

/* Every one of (2 p + 1)^2 places equally often: five standard deviations. */
static void places_are_uniform(void **state) {
    (void)state;
    enum { PADDING = 3, SIDE = 2 * PADDING + 1, COUNT = 49 * 1000 };
    size_t hits[SIDE][SIDE] = {{0}};
    for (uint64_t sample = 0; sample < COUNT; sample++) {
        const CropDraw draw = crop_draw(PADDING, 1, 2, sample);
        assert_in_range(draw.down + PADDING, 0, SIDE - 1);
        assert_in_range(draw.right + PADDING, 0, SIDE - 1);
        hits[draw.down + PADDING][draw.right + PADDING]++;
    }
    for (size_t down = 0; down < SIDE; down++)
        for (size_t right = 0; right < SIDE; right++)
            assert_true(fabs((double)hits[down][right] - 1000.0) < 5.0 * sqrt(1000.0));
}

static bool same(CropDraw a, CropDraw b) {
    return a.down == b.down && a.right == b.right;
}

static void places_depend_on_seed_epoch_and_sample(void **state) {
    (void)state;
    const CropDraw draw = crop_draw(1000, 1, 2, 3);
    assert_true(same(draw, crop_draw(1000, 1, 2, 3)));
    assert_false(same(draw, crop_draw(1000, 2, 2, 3)));
    assert_false(same(draw, crop_draw(1000, 1, 3, 3)));
    assert_false(same(draw, crop_draw(1000, 1, 2, 4)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(windows_of_any_pictures),
        cmocka_unit_test(places_are_uniform),
        cmocka_unit_test(places_depend_on_seed_epoch_and_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
