#include "idx.h"

#include "sample.h"

#define LABELS "\0\0\x08\x01\0\0\0\x03"

static void read_bytes(Sample sample, Array *array) {
    assert_ok(idx_read("an.idx", sample.bytes, sample.count, array));
}

static Status refusal(Sample sample) {
    Array array;
    const Status status = idx_read("an.idx", sample.bytes, sample.count, &array);
    sample_free(sample);
    return status;
}

static void labels_are_read(void **state) {
    (void)state;
    const Sample sample = SAMPLE(LABELS "\x07\x00\xff");
    Array array;
    read_bytes(sample, &array);
    assert_int_equal(array.type, ARRAY_U8);
    assert_int_equal(array.axes, 1);
    assert_int_equal(array.shape[0], 3);
    assert_int_equal(array.count, 3);
    assert_memory_equal(array.bytes, "\x07\x00\xff", 3);
    sample_free(sample);
}

static void images_have_three_axes(void **state) {
    (void)state;
    const Sample sample = SAMPLE("\0\0\x08\x03\0\0\0\x02\0\0\0\x01\0\0\0\x03"
                                 "abcdef");
    Array array;
    read_bytes(sample, &array);
    assert_int_equal(array.axes, 3);
    assert_int_equal(array.shape[0], 2);
    assert_int_equal(array.shape[1], 1);
    assert_int_equal(array.shape[2], 3);
    assert_memory_equal(array.bytes, "abcdef", 6);
    sample_free(sample);
}

/* QMNIST's labels are of type 12. */
static void every_type_is_big_endian(void **state) {
    (void)state;
    static const struct {
        uint8_t code;
        ArrayType type;
        size_t width;
        uint8_t bytes[8];
        double value;
    } cases[] = {{8, ARRAY_U8, 1, {0x81}, 129},
                 {9, ARRAY_I8, 1, {0x81}, -127},
                 {11, ARRAY_I16, 2, {0xff, 0x01}, -255},
                 {12, ARRAY_I32, 4, {0x00, 0x01, 0x00, 0x02}, 65538},
                 {13, ARRAY_F32, 4, {0xc0, 0x20, 0x00, 0x00}, -2.5},
                 {14, ARRAY_F64, 8, {0x3f, 0xf8, 0, 0, 0, 0, 0, 0}, 1.5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t bytes[16] = {0, 0, cases[i].code, 1, 0, 0, 0, 1};
        memcpy(bytes + 8, cases[i].bytes, cases[i].width);
        const Sample sample = sample_of(bytes, 8 + cases[i].width);
        Array array;
        read_bytes(sample, &array);
        assert_int_equal(array.type, cases[i].type);
        assert_true(array_real(&array, 0) == cases[i].value);
        sample_free(sample);
    }
}

static void other_lengths_are_refused_naming_both(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE(LABELS "ab")),
                   "an.idx: byte 8: [3] of uint8 has 3 bytes, but 2 are there");
    assert_refused(refusal(SAMPLE(LABELS "abcd")), "has 3 bytes, but 4 are there");
    assert_refused(refusal(SAMPLE("\0\0\x08\x02\0\0\0\x03")), "the sizes of 2 axes end at byte 12");
}

static void other_files_are_refused_by_what_they_are(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE("")), "an.idx: byte 0: ");
    assert_refused(refusal(SAMPLE("\x1f\x8b\x08\x01\0\0\0\0")), "two zero bytes begin an idx file");
    assert_refused(refusal(SAMPLE("\0\0\x0a\x01\0\0\0\0")), "byte 2: type 10 ");
    assert_refused(refusal(SAMPLE("\0\0\x08\x00"
                                  "a")),
                   "byte 3: 0 axes");
    assert_refused(refusal(SAMPLE("\0\0\x08\x09"
                                  "a")),
                   "byte 3: 9 axes");
}

static void sizes_that_overflow_are_refused(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE("\0\0\x0e\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")),
                   "more than can be counted");
}

static void read_damaged(const uint8_t *bytes, size_t count) {
    Array array;
    const Status status = idx_read("an.idx", bytes, count, &array);
    assert_true(status == STATUS_OK || status == STATUS_DATA);
    for (size_t i = 0; status == STATUS_OK && i < array.count; i++)
        array_real(&array, i);
}

static void damage_is_refused_or_read_within_the_file(void **state) {
    (void)state;
    const Sample sample = SAMPLE("\0\0\x0b\x02\0\0\0\x02\0\0\0\x03"
                                 "abcdefghijkl");
    sample_damage(sample, read_damaged);
    sample_free(sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_read),
        cmocka_unit_test(images_have_three_axes),
        cmocka_unit_test(every_type_is_big_endian),
        cmocka_unit_test(other_lengths_are_refused_naming_both),
        cmocka_unit_test(other_files_are_refused_by_what_they_are),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(damage_is_refused_or_read_within_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
