/* Resizing, against Pillow (tests/reference/pictures.py). */

#include "reference.h"
#include "resample.h"

static void resized_pictures_are_those_of_pillow(void **state) {
    (void)state;
    const size_t count = reference_count("/", "resized");
    size_t different = 0;
    ResampleScratch scratch = {0};
    Image found = {0};
    for (size_t i = 0; i < count; i++) {
        char what[32];
        Image from = reference_image("from", i), wanted = reference_image("to", i);
        snprintf(what, sizeof what, "/to/%zu", i);
        assert_ok(resample(&from, wanted.height, wanted.width, &scratch, &found));
        different += !reference_same(&wanted, &found, what);
        image_free(&from);
        image_free(&wanted);
    }
    assert_true(count > 10);
    assert_int_equal(different, 0);
    image_free(&found);
    resample_scratch_free(&scratch);
}

static void check_one_colour(size_t height, size_t width, size_t channels, size_t new_height,
                             size_t new_width) {
    ResampleScratch scratch = {0};
    Image from = {0}, to = {0};
    assert_ok(image_resize_room(&from, height, width, channels));
    for (unsigned level = 0; level < 256; level += 85) {
        memset(from.pixels, (int)level, height * width * channels);
        assert_ok(resample(&from, new_height, new_width, &scratch, &to));
        for (size_t i = 0; i < new_height * new_width * channels; i++)
            assert_int_equal(to.pixels[i], level);
    }
    image_free(&from);
    image_free(&to);
    resample_scratch_free(&scratch);
}

/* Weights of a pixel sum to one, give or take half a unit each. */
static void one_colour_stays_one_colour(void **state) {
    (void)state;
    static const size_t sides[][2] = {{1, 9000}, {9000, 1}, {7, 3}, {3, 7}, {640, 641}};
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++)
        for (size_t channels = 1; channels <= 4; channels++) {
            check_one_colour(sides[i][0], 6, channels, sides[i][1], 6);
            check_one_colour(6, sides[i][0], channels, 6, sides[i][1]);
        }
}

/* Whole multiples of 64 bytes, which is what the memory of an image is rounded up to: a sanitizer
 * sees a step beyond the end. */
static void nothing_beyond_the_last_pixel_is_read(void **state) {
    (void)state;
    check_one_colour(5, 64, 3, 5, 7);
    check_one_colour(64, 1, 3, 64, 5);
    check_one_colour(64, 2, 3, 64, 1);
    check_one_colour(8, 8, 4, 8, 3);
    check_one_colour(7, 64, 1, 2, 64);
}

/* Twice as many pixels: new ones lie a quarter of a pixel from the old ones, 3/4 and 1/4 of them;
 * half as many: 1/8, 3/8, 3/8, 1/8, and at the edge, without the first, 3/7, 3/7, 1/7. */
static void weights_are_those_of_a_triangle(void **state) {
    (void)state;
    static uint8_t pair[2] = {0, 200}, row[6] = {0, 0, 0, 160, 0, 0};
    static const uint8_t doubled[4] = {0, 50, 150, 200}, halved[3] = {0, 60, 23};
    ResampleScratch scratch = {0};
    Image to = {0};
    const Image two = {.height = 1, .width = 2, .channels = 1, .pixels = pair};
    const Image six = {.height = 6, .width = 1, .channels = 1, .pixels = row};
    assert_ok(resample(&two, 1, 4, &scratch, &to));
    assert_memory_equal(to.pixels, doubled, 4);
    assert_ok(resample(&six, 3, 1, &scratch, &to));
    assert_memory_equal(to.pixels, halved, 3);
    image_free(&to);
    resample_scratch_free(&scratch);
}

/* The scratch keeps tables from one call to the next. */
static void what_came_before_does_not_matter(void **state) {
    (void)state;
    static const size_t sizes[][2] = {{5, 4}, {9, 4}, {5, 4}, {40, 3}, {5, 4}, {5, 8}, {5, 4}};
    Image from = reference_image("from", 0), first = {0}, to = {0};
    ResampleScratch scratch = {0};
    assert_ok(resample(&from, 5, 4, &scratch, &first));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_ok(resample(&from, sizes[i][0], sizes[i][1], &scratch, &to));
    assert_true(reference_same(&first, &to, "5 x 4 once more"));
    image_free(&from);
    image_free(&first);
    image_free(&to);
    resample_scratch_free(&scratch);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resized_pictures_are_those_of_pillow),
        cmocka_unit_test(one_colour_stays_one_colour),
        cmocka_unit_test(nothing_beyond_the_last_pixel_is_read),
        cmocka_unit_test(weights_are_those_of_a_triangle),
        cmocka_unit_test(what_came_before_does_not_matter),
    };
    return cmocka_run_group_tests_name("resample", tests, reference_open, reference_close);
}
