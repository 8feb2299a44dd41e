/* Orientations in EXIF data. */

#include "check.h"
#include "exif.h"
#include <stdlib.h>

enum { ENTRY = 10, BLOCK = ENTRY + 12 };

/* Little-endian, one entry, SHORT: orientation 6. */
static const uint8_t good[BLOCK] = {'I',  'I', '*', 0, 8, 0, 0, 0, 1, 0, /* the first directory */
                                    0x12, 1,   3,   0, 1, 0, 0, 0, 6, 0, 0, 0};

static unsigned with(size_t at, uint8_t value) {
    uint8_t block[BLOCK];
    memcpy(block, good, BLOCK);
    block[at] = value;
    return exif_orientation(block, BLOCK);
}

static void the_orientation_is_found(void **state) {
    (void)state;
    static const uint8_t big[] = {'M', 'M',  0, '*', 0, 0, 0, 10, 9, 9, 0, 1,
                                  1,   0x12, 0, 3,   0, 0, 0, 1,  0, 8, 0, 0};
    assert_int_equal(exif_orientation(good, BLOCK), 6);
    assert_int_equal(exif_orientation(big, sizeof big), 8);
    assert_int_equal(with(ENTRY + 8, 1), 1);
    assert_int_equal(with(ENTRY + 2, 4), 6); /* LONG */
}

static void what_makes_no_sense_is_upright(void **state) {
    (void)state;
    assert_int_equal(with(0, 'M'), 1);
    assert_int_equal(with(ENTRY, 0x13), 1);  /* another tag */
    assert_int_equal(with(ENTRY + 2, 1), 1); /* bytes */
    assert_int_equal(with(ENTRY + 2, 2), 1); /* text */
    assert_int_equal(with(ENTRY + 4, 2), 1); /* two values */
    assert_int_equal(with(ENTRY + 8, 0), 1);
    assert_int_equal(with(ENTRY + 8, 9), 1);
    assert_int_equal(with(ENTRY + 9, 1), 1); /* 262 */
    assert_int_equal(with(4, BLOCK - 1), 1); /* a directory beyond the end */
    assert_int_equal(with(7, 0xff), 1);
}

/* Allocated to the byte, so that a sanitizer sees a step beyond the end. */
static void nothing_beyond_the_end_is_read(void **state) {
    (void)state;
    for (size_t count = 0; count < BLOCK; count++) {
        uint8_t *cut = malloc(count + 1);
        assert_non_null(cut);
        memcpy(cut + 1, good, count);
        assert_int_equal(exif_orientation(cut + 1, count), 1);
        free(cut);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_orientation_is_found),
        cmocka_unit_test(what_makes_no_sense_is_upright),
        cmocka_unit_test(nothing_beyond_the_end_is_read),
    };
    return cmocka_run_group_tests_name("exif", tests, NULL, NULL);
}
