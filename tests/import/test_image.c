/* What is done with whole pictures. */

#include "check.h"
#include "image.h"

static Image image_of(size_t height, size_t width, size_t channels, const uint8_t *bytes) {
    Image image = {0};
    assert_ok(image_resize_room(&image, height, width, channels));
    memcpy(image.pixels, bytes, height * width * channels);
    return image;
}

/* The picture            1 2 3
 *                        4 5 6    as the camera saw it when the stored one is turned so (EXIF 2.3,
 * tag 274: where row 0 and column 0 of what is stored are in the picture). */
static void pictures_are_turned_as_exif_says(void **state) {
    (void)state;
    static const struct {
        size_t height, width;
        uint8_t stored[6];
    } list[10] = {
        {2, 3, {1, 2, 3, 4, 5, 6}}, /* 0: no orientation */
        {2, 3, {1, 2, 3, 4, 5, 6}}, /* top, left */
        {2, 3, {3, 2, 1, 6, 5, 4}}, /* top, right */
        {2, 3, {6, 5, 4, 3, 2, 1}}, /* bottom, right */
        {2, 3, {4, 5, 6, 1, 2, 3}}, /* bottom, left */
        {3, 2, {1, 4, 2, 5, 3, 6}}, /* left, top */
        {3, 2, {3, 6, 2, 5, 1, 4}}, /* right, top */
        {3, 2, {6, 3, 5, 2, 4, 1}}, /* right, bottom */
        {3, 2, {4, 1, 5, 2, 6, 3}}, /* left, bottom */
        {2, 3, {1, 2, 3, 4, 5, 6}}, /* 9: none */
    };
    static const uint8_t upright[6] = {1, 2, 3, 4, 5, 6};
    for (unsigned i = 0; i < 10; i++) {
        Image image = image_of(list[i].height, list[i].width, 1, list[i].stored);
        assert_ok(image_turn(&image, i));
        assert_int_equal(image.height, 2);
        assert_int_equal(image.width, 3);
        assert_memory_equal(image.pixels, upright, 6);
        image_free(&image);
    }
}

static void colours_stay_together_when_turned(void **state) {
    (void)state;
    static const uint8_t stored[6] = {1, 2, 3, 11, 12, 13}, turned[6] = {11, 12, 13, 1, 2, 3};
    Image image = image_of(1, 2, 3, stored);
    assert_ok(image_turn(&image, 8)); /* counter-clockwise */
    assert_int_equal(image.height, 2);
    assert_memory_equal(image.pixels, turned, 6);
    image_free(&image);
}

/* 0.299, 0.587 and 0.114 of 255 are 76.245, 149.685 and 29.07. */
static void grey_is_luma(void **state) {
    (void)state;
    static const uint8_t colour[18] = {255, 0,   0,   0,  255, 0,  0, 0, 255,
                                       255, 255, 255, 77, 77,  77, 0, 0, 0};
    static const uint8_t grey[6] = {76, 150, 29, 255, 77, 0};
    Image image = image_of(2, 3, 3, colour);
    image_to_grey(&image);
    assert_int_equal(image.channels, 1);
    assert_memory_equal(image.pixels, grey, 6);
    image_to_grey(&image);
    assert_memory_equal(image.pixels, grey, 6);
    image_free(&image);
}

static void grey_becomes_three_equal_channels(void **state) {
    (void)state;
    static const uint8_t grey[2] = {5, 250}, colour[6] = {5, 5, 5, 250, 250, 250};
    Image image = image_of(2, 1, 1, grey);
    assert_ok(image_to_colour(&image));
    assert_int_equal(image.channels, 3);
    assert_memory_equal(image.pixels, colour, 6);
    assert_ok(image_to_colour(&image));
    assert_memory_equal(image.pixels, colour, 6);
    image_free(&image);
}

static void room_grows_and_does_not_shrink(void **state) {
    (void)state;
    Image image = {0};
    assert_ok(image_resize_room(&image, 10, 10, 3));
    const uint8_t *pixels = image.pixels;
    assert_ok(image_resize_room(&image, 2, 2, 1));
    assert_ok(image_resize_room(&image, 30, 10, 1));
    assert_ptr_equal(image.pixels, pixels);
    assert_int_equal(image.room, 300);
    assert_ok(image_resize_room(&image, 301, 1, 1));
    assert_int_equal(image.room, 301);
    image_free(&image);
    assert_null(image.pixels);
}

static void sizes_beyond_memory_leave_the_image_as_it_was(void **state) {
    (void)state;
    Image image = {0};
    assert_ok(image_resize_room(&image, 1, 2, 3));
    assert_int_equal(image_resize_room(&image, SIZE_MAX / 2, 3, 1), STATUS_INTERNAL);
    assert_int_equal(image_resize_room(&image, 3, SIZE_MAX / 2, 4), STATUS_INTERNAL);
    assert_int_equal(image.height * 100 + image.width * 10 + image.channels, 123);
    image_free(&image);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_turned_as_exif_says),
        cmocka_unit_test(colours_stay_together_when_turned),
        cmocka_unit_test(grey_is_luma),
        cmocka_unit_test(grey_becomes_three_equal_channels),
        cmocka_unit_test(room_grows_and_does_not_shrink),
        cmocka_unit_test(sizes_beyond_memory_leave_the_image_as_it_was),
    };
    return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
