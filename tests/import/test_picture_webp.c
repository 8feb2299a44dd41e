/* Decoding WebP: pixels against Pillow (tests/reference/pictures.py), and bytes that are no good.
 */

#define REFERENCE_PICTURES "pictures_webp.h5"
#include "encoded.h"
#include "picture.h"

static const PictureWish colour = {0}, as_stored = {.as_stored = true};

static void pixels_are_those_of_pillow(void **state) {
    (void)state;
    const size_t count = reference_count("/", "files");
    Image found = {0};
    for (size_t i = 0; i < count; i++) {
        char *name = name_of(i);
        Bytes file = file_number(i);
        Image wanted = reference_image("colour", i), grey = reference_image("grey", i);
        size_t height, width;
        assert_ok(picture_size(name, file.byte, file.count, colour, &height, &width));
        assert_true(height == wanted.height && width == wanted.width);
        assert_ok(picture_decode(name, file.byte, file.count, colour, &found));
        assert_true(reference_same(&wanted, &found, name));
        assert_ok(picture_decode(name, file.byte, file.count, (PictureWish){.grey = true}, &found));
        assert_true(reference_same(&grey, &found, name));
        image_free(&wanted);
        image_free(&grey);
        free(file.byte);
        memory_free(name);
    }
    assert_int_equal(count, 13);
    image_free(&found);
}

static void pictures_are_left_as_stored_if_that_is_wished(void **state) {
    (void)state;
    const size_t count = reference_count("/", "files");
    size_t turned = 0;
    for (size_t i = 0; i < count; i++) {
        size_t height, width, stored_height, stored_width;
        Bytes file = file_number(i);
        assert_ok(picture_size("cat", file.byte, file.count, colour, &height, &width));
        assert_ok(
            picture_size("cat", file.byte, file.count, as_stored, &stored_height, &stored_width));
        turned += height != stored_height;
        free(file.byte);
    }
    assert_int_equal(turned, 3); /* 5, 6 and 8 */
}

static bool can_be_decoded(Bytes file) {
    Image image = {0};
    const Status status = picture_decode("cat", file.byte, file.count, colour, &image);
    image_free(&image);
    if (status == STATUS_OK)
        return true;
    assert_int_equal(status, STATUS_DATA);
    assert_int_equal(strncmp(status_message(), "cat: ", 5), 0);
    return false;
}

static void files_cut_anywhere_are_refused(void **state) {
    (void)state;
    const size_t count = reference_count("/", "files");
    for (size_t i = 0; i < count; i++) {
        Bytes file = file_number(i);
        for (size_t cut = 0; cut < file.count; cut++) {
            Bytes part = bytes_of(cut, file.byte);
            if (can_be_decoded(part))
                fail_msg("file %zu: decoded from %zu of %zu bytes", i, cut, file.count);
            free(part.byte);
        }
        free(file.byte);
    }
}

/* WebP has no checksums. */
static void a_flipped_bit_does_no_harm(void **state) {
    (void)state;
    size_t decodable = 0;
    for (size_t i = 0; i < 2; i++) { /* lossy, lossless */
        Bytes file = file_number(i);
        for (size_t bit = 0; bit < 8 * file.count; bit++) {
            file.byte[bit / 8] ^= (uint8_t)(1 << bit % 8);
            decodable += can_be_decoded(file);
            file.byte[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(file.byte);
    }
    assert_true(decodable > 0);
}

static void check_refused(size_t count, const void *bytes, const char *why) {
    Bytes file = bytes_of(count, bytes);
    size_t height, width;
    assert_int_equal(picture_size("cat", file.byte, file.count, colour, &height, &width),
                     STATUS_DATA);
    if (!strstr(status_message(), why))
        fail_msg("'%s' does not say '%s'", status_message(), why);
    free(file.byte);
}

/* A lossless picture's header: signature 0x2f, then 14 bits each of width - 1 and height - 1. */
static void what_is_no_still_picture_of_some_size_is_refused(void **state) {
    (void)state;
    check_refused(26, "RIFF\x12\0\0\0WEBPVP8L\x05\0\0\0\x2f\xff\xff\xff\x0f\0",
                  "too large: 16384 x 16384 pixels");
    check_refused(16, "RIFF\x08\0\0\0WEBPVP8 ", "broken picture: its header is damaged");
    check_refused(16, "LIST\x08\0\0\0WEBPVP8 ", "broken picture: it has no header");
    check_refused(16, "RIFF\xff\xff\xff\xffWEBPVP8 ", "the file ends too early");
    check_refused(30, "RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0\x02\0\0\0\x07\0\0\x07\0\0",
                  "cat: is an animation");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_those_of_pillow),
        cmocka_unit_test(pictures_are_left_as_stored_if_that_is_wished),
        cmocka_unit_test(files_cut_anywhere_are_refused),
        cmocka_unit_test(a_flipped_bit_does_no_harm),
        cmocka_unit_test(what_is_no_still_picture_of_some_size_is_refused),
    };
    return cmocka_run_group_tests_name("picture_webp", tests, reference_open, reference_close);
}
