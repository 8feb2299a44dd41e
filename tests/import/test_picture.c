/* Decoding: pixels against Pillow (tests/reference/pictures.py), and bytes that are no good. */

#include "encoded.h"
#include "picture.h"
#include <time.h>

static const PictureWish colour = {0}, grey = {.grey = true}, as_stored = {.as_stored = true};

static Bytes file_named(const char *wanted) {
    for (size_t i = 0;; i++) {
        char *name = name_of(i);
        const bool found = strcmp(name, wanted) == 0;
        memory_free(name);
        if (found)
            return file_number(i);
    }
}

/* ---- good files ---- */

static bool decodes_to(size_t number, const char *kind, PictureWish wish, Image *found) {
    char *name = name_of(number);
    Bytes file = file_number(number);
    Image wanted = reference_image(kind, number);
    size_t height, width;
    assert_ok(picture_decode(name, file.byte, file.count, wish, found));
    assert_ok(picture_size(name, file.byte, file.count, wish, &height, &width));
    assert_int_equal(height, wanted.height);
    assert_int_equal(width, wanted.width);
    const bool same = reference_same(&wanted, found, name);
    free(file.byte);
    memory_free(name);
    image_free(&wanted);
    return same;
}

static void pixels_are_those_of_pillow(void **state) {
    (void)state;
    const size_t count = reference_count("/", "files");
    size_t different = 0;
    Image found = {0};
    for (size_t i = 0; i < count; i++) {
        different += !decodes_to(i, "colour", colour, &found);
        different += !decodes_to(i, "grey", grey, &found);
    }
    assert_true(count > 70);
    assert_int_equal(different, 0);
    image_free(&found);
}

static void pictures_are_left_as_stored_if_that_is_wished(void **state) {
    (void)state;
    const size_t count = reference_count("/", "files");
    size_t turned = 0;
    Image found = {0};
    for (size_t i = 0; i < count; i++) {
        char object[64];
        size_t height, width;
        Bytes file = file_number(i);
        snprintf(object, sizeof object, "/file/%zu", i);
        assert_ok(picture_decode(object, file.byte, file.count, as_stored, &found));
        assert_int_equal(found.height, reference_count(object, "stored_height"));
        assert_int_equal(found.width, reference_count(object, "stored_width"));
        assert_ok(picture_size(object, file.byte, file.count, colour, &height, &width));
        turned += height != found.height;
        free(file.byte);
    }
    assert_int_equal(turned, 4 + 2 + 2); /* 5 to 8; of another byte order or type; in PNG */
    image_free(&found);
}

/* ---- damaged files ---- */

/* Whether it can be decoded; if not, it is said why, with the name before. */
static bool can_be_decoded(Bytes file, Image *image) {
    static const char start[] = "cat: ";
    status_fail(STATUS_OK, "%s", "");
    const Status status = picture_decode("cat", file.byte, file.count, colour, image);
    if (status == STATUS_OK)
        return true;
    assert_int_equal(status, STATUS_DATA);
    assert_int_equal(strncmp(status_message(), start, strlen(start)), 0);
    assert_true(strlen(status_message()) > strlen(start));
    return false;
}

static void files_cut_anywhere_are_refused(void **state) {
    (void)state;
    const size_t count = reference_count("/", "files");
    Image image = {0};
    for (size_t i = 0; i < count; i++) {
        char *name = name_of(i);
        Bytes file = file_number(i);
        const size_t whole =
            strstr(name, "after the end") ? file.count - strlen("and more") : file.count;
        for (size_t cut = 0; cut < whole; cut++) {
            Bytes part = bytes_of(cut, file.byte);
            if (can_be_decoded(part, &image))
                fail_msg("%s: decoded from %zu of %zu bytes", name, cut, whole);
            free(part.byte);
        }
        free(file.byte);
        memory_free(name);
    }
    image_free(&image);
}

/* Each bit in turn; returns how many of the files can still be decoded. */
static size_t count_decodable(const char *name) {
    Image image = {0};
    Bytes file = file_named(name);
    size_t decodable = 0;
    for (size_t bit = 0; bit < 8 * file.count; bit++) {
        file.byte[bit / 8] ^= (uint8_t)(1 << bit % 8);
        decodable += can_be_decoded(file, &image);
        file.byte[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    image_free(&image);
    free(file.byte);
    return decodable;
}

/* All of a PNG is below a checksum. */
static void a_png_with_a_flipped_bit_is_refused(void **state) {
    (void)state;
    assert_int_equal(count_decodable("PNG, palette 4, interlaced"), 0);
    assert_int_equal(count_decodable("PNG, gamma"), 0);
}

/* JPEG has no checksums. */
static void a_jpeg_with_a_flipped_bit_does_no_harm(void **state) {
    (void)state;
    assert_true(count_decodable("JPEG, progressive grey") > 0);
    assert_true(count_decodable("JPEG, 1 x 17") > 0);
}

/* ---- hostile files ---- */

static void check_refused(Bytes file, const char *why) {
    Image image = {0};
    size_t height, width;
    assert_false(can_be_decoded(file, &image));
    if (!strstr(status_message(), why))
        fail_msg("'%s' does not say '%s'", status_message(), why);
    assert_null(image.pixels);
    assert_int_equal(picture_size("cat", file.byte, file.count, colour, &height, &width),
                     STATUS_DATA);
    assert_non_null(strstr(status_message(), why));
}

static void put_number(uint8_t *at, size_t bytes, size_t value) {
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

/* Its checksum is wrong then, which libpng would say. */
static void check_png_size(size_t height, size_t width, const char *why) {
    Bytes file = file_named("PNG, grey 1");
    put_number(file.byte + 16, 4, width);
    put_number(file.byte + 20, 4, height);
    check_refused(file, why);
    free(file.byte);
}

/* Where a JPEG's frame header begins: marker (2 bytes), length (2), bits (1), height (2), width
 * (2).
 */
static uint8_t *frame_of(Bytes file) {
    size_t at = 2;
    while (file.byte[at + 1] != 0xc0 && file.byte[at + 1] != 0xc2)
        at += 2 + (size_t)file.byte[at + 2] * 256 + file.byte[at + 3];
    return file.byte + at;
}

static Bytes jpeg_of_size(const char *name, size_t height, size_t width) {
    Bytes file = file_named(name);
    put_number(frame_of(file) + 5, 2, height);
    put_number(frame_of(file) + 7, 2, width);
    return file;
}

static void check_jpeg_size(const char *name, size_t height, size_t width, const char *why) {
    Bytes file = jpeg_of_size(name, height, width);
    check_refused(file, why);
    free(file.byte);
}

static void huge_pictures_are_refused_by_their_header(void **state) {
    (void)state;
    const clock_t start = clock();
    check_png_size(60000, 60000, "too large: 60000 x 60000 pixels");
    check_png_size(9460, 9459, "too large: 9460 x 9459 pixels"); /* 2,655 too many */
    check_png_size(1, 65501, "too large: 1 x 65501 pixels");
    check_png_size(0x7fffffff, 0x7fffffff, "too large");
    check_png_size(0, 5, "no pixels");
    check_jpeg_size("JPEG, 4:2:0", 65500, 65500, "too large: 65500 x 65500 pixels");
    check_jpeg_size("JPEG, progressive 4:2:0", 9460, 9459, "too large: 9460 x 9459 pixels");
    assert_true(clock() - start < CLOCKS_PER_SEC / 2);
}

/* A large picture of few bytes takes memory, but ends where the bytes do. */
static void a_large_picture_without_data_ends_early(void **state) {
    (void)state;
    Bytes file = jpeg_of_size("JPEG, 1 x 17", 4000, 4000);
    Image image = {0};
    assert_false(can_be_decoded(file, &image));
    image_free(&image);
    free(file.byte);
}

/* A table of one symbol, 'end of block', whose code is one bit, and a scan of it over all
 * coefficients but the first of up to eight blocks. */
static const uint8_t empty_scan[] = {0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0,  0, 0,
                                     0,    0,    0, 0,  0,    0, 0, 0, 0,  0, 0, /* the table */
                                     0xff, 0xda, 0, 8,  1,    1, 0, 1, 63, 0,    /* the scan */
                                     0};

static Bytes with_empty_scans(size_t scans) {
    Bytes file = file_named("JPEG, progressive grey"); /* 11 x 19: six blocks */
    Bytes longer = bytes_of(file.count + scans * sizeof empty_scan, NULL);
    size_t at = file.count - 2; /* before the end-of-image marker */
    memcpy(longer.byte, file.byte, at);
    for (size_t i = 0; i < scans; i++, at += sizeof empty_scan)
        memcpy(longer.byte + at, empty_scan, sizeof empty_scan);
    memcpy(longer.byte + at, "\xff\xd9", 2);
    free(file.byte);
    return longer;
}

static void a_jpeg_has_at_most_500_scans(void **state) {
    (void)state;
    Image image = {0};
    Bytes some = with_empty_scans(100), many = with_empty_scans(500);
    assert_true(can_be_decoded(some, &image));
    assert_false(can_be_decoded(many, &image));
    assert_non_null(strstr(status_message(), "500 scans"));
    image_free(&image);
    free(some.byte);
    free(many.byte);
}

static void jpegs_that_not_every_decoder_reads_are_refused(void **state) {
    (void)state;
    Bytes file = file_named("JPEG, grey");
    frame_of(file)[1] = 0xc9;
    check_refused(file, "arithmetic coding");
    free(file.byte);
    file = file_named("JPEG, grey");
    frame_of(file)[4] = 12;
    check_refused(file, "12");
    free(file.byte);
}

static void other_kinds_are_named(void **state) {
    (void)state;
    static const struct {
        const char *bytes, *said;
    } list[] = {
        {"GIF89a..........", "cat: is a GIF picture; "},
        {"BM..............", "cat: is a BMP picture; "},
        {"MM\0*............", "cat: is a TIFF picture; "},
        {"\0\0\0 ftypavif....", "cat: is an AVIF picture; "},
        {"\0\0\0 ftypheic....", "cat: is a HEIF picture; "},
        {"This is no cat. ", "cat: is not a picture; "},
        {"\x89PNG\r\n\x1a............", "cat: is not a picture; "},
    };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        Bytes file = bytes_of(16, list[i].bytes);
        check_refused(file, list[i].said);
        check_refused(file, picture_kinds);
        free(file.byte);
    }
    Bytes nothing = bytes_of(0, NULL);
    check_refused(nothing, "cat: is empty");
    free(nothing.byte);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels_are_those_of_pillow),
        cmocka_unit_test(pictures_are_left_as_stored_if_that_is_wished),
        cmocka_unit_test(files_cut_anywhere_are_refused),
        cmocka_unit_test(a_png_with_a_flipped_bit_is_refused),
        cmocka_unit_test(a_jpeg_with_a_flipped_bit_does_no_harm),
        cmocka_unit_test(huge_pictures_are_refused_by_their_header),
        cmocka_unit_test(a_large_picture_without_data_ends_early),
        cmocka_unit_test(a_jpeg_has_at_most_500_scans),
        cmocka_unit_test(jpegs_that_not_every_decoder_reads_are_refused),
        cmocka_unit_test(other_kinds_are_named),
    };
    return cmocka_run_group_tests_name("picture", tests, reference_open, reference_close);
}
