#include "array.h"

#include "sample.h"
#include <float.h>

/* Of one element with these bytes, the lowest first. */
static Array element(ArrayType type, const uint8_t bytes[static 8]) {
    Array array = {.type = type};
    assert_ok(array_view(&array, "one", 0, bytes, array_type_bytes(type)));
    assert_int_equal(array.count, 1);
    return array;
}

static bool integer_of_real(double real, int64_t *value) {
    uint8_t bytes[8];
    uint64_t bits;
    memcpy(&bits, &real, sizeof bits);
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(bits >> 8 * i);
    const Array array = element(ARRAY_F64, bytes);
    assert_true(isnan(real) || array_real(&array, 0) == real);
    return array_integer(&array, 0, value);
}

static void signs_are_those_of_the_type(void **state) {
    (void)state;
    static const uint8_t ones[8] = {255, 255, 255, 255, 255, 255, 255, 255};
    static const struct {
        ArrayType type;
        int64_t value;
    } cases[] = {{ARRAY_U8, 255}, {ARRAY_U16, 65535}, {ARRAY_U32, 4294967295}, {ARRAY_I8, -1},
                 {ARRAY_I16, -1}, {ARRAY_I32, -1},    {ARRAY_I64, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t value = 0;
        const Array array = element(cases[i].type, ones);
        assert_true(array_integer(&array, 0, &value));
        assert_int_equal(value, cases[i].value);
        assert_true(array_real(&array, 0) == (double)cases[i].value);
    }
}

static void what_int64_cannot_hold_is_no_integer(void **state) {
    (void)state;
    static const uint8_t highest[8] = {255, 255, 255, 255, 255, 255, 255, 127};
    static const uint8_t above[8] = {0, 0, 0, 0, 0, 0, 0, 128};
    int64_t value = 0;
    Array array = element(ARRAY_U64, highest);
    assert_true(array_integer(&array, 0, &value));
    assert_true(value == INT64_MAX);
    array = element(ARRAY_U64, above);
    assert_false(array_integer(&array, 0, &value));
    assert_true(array_real(&array, 0) == 0x1p63);
    array = element(ARRAY_I64, above);
    assert_true(array_integer(&array, 0, &value));
    assert_true(value == INT64_MIN);
}

static void whole_reals_are_integers_others_are_not(void **state) {
    (void)state;
    static const double whole[] = {0, -0.0, 1, -7, 0x1p53, -0x1p63};
    static const double others[] = {0.5,     -1e-300,  0x1p63,    -0x1.8p63,
                                    DBL_MAX, INFINITY, -INFINITY, NAN};
    int64_t value = 1;
    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++) {
        assert_true(integer_of_real(whole[i], &value));
        assert_true((double)value == whole[i]);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(integer_of_real(others[i], &value));
}

static void names_of_types_are_numpys(void **state) {
    (void)state;
    static const struct {
        const char *text;
        ArrayType type;
        bool big_endian;
    } cases[] = {{"|u1", ARRAY_U8, false}, {"u1", ARRAY_U8, false},   {"|b1", ARRAY_BOOL, false},
                 {">f8", ARRAY_F64, true}, {"<i4", ARRAY_I32, false}, {">u2", ARRAY_U16, true},
                 {"i8", ARRAY_I64, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const Sample text = sample_of(cases[i].text, strlen(cases[i].text));
        ArrayType type;
        bool big_endian;
        assert_ok(array_type_read("a", 1, text.bytes, text.count, &type, &big_endian));
        assert_int_equal(type, cases[i].type);
        assert_int_equal(big_endian, cases[i].big_endian);
        sample_free(text);
    }
}

static void other_types_are_refused_by_name(void **state) {
    (void)state;
    static const char *const others[] = {"",     "<",   "u",       "=i4",  "<i3", "<f2", "<c8",
                                         "<U12", "|S1", "<M8[ns]", "<<i4", "i44", "|V5"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        const Sample text = sample_of(others[i], strlen(others[i]));
        char wanted[64];
        ArrayType type;
        bool big_endian;
        snprintf(wanted, sizeof wanted, "a.npy: byte 7: elements are of NumPy's type '%s'",
                 others[i]);
        assert_refused(array_type_read("a.npy", 7, text.bytes, text.count, &type, &big_endian),
                       wanted);
        sample_free(text);
    }
}

static void a_view_has_the_bytes_that_its_shape_says(void **state) {
    (void)state;
    static const uint8_t bytes[24];
    Array array = {.type = ARRAY_I16, .axes = 2, .shape = {3, 4}};
    assert_ok(array_view(&array, "a", 5, bytes, 24));
    assert_int_equal(array.count, 12);
    assert_int_equal(array.byte_count, 24);
    assert_ptr_equal(array.bytes, bytes);
    assert_refused(array_view(&array, "a", 5, bytes, 23),
                   "a: byte 5: [3, 4] of int16 has 24 bytes, but 23 are there");
    assert_refused(array_view(&array, "a", 5, bytes, 25), "has 24 bytes, but 25 are there");
}

static void sizes_whose_product_overflows_are_refused(void **state) {
    (void)state;
    const size_t half = SIZE_MAX / 2 + 1;
    Array array = {.type = ARRAY_U8, .axes = 2, .shape = {half, 2}};
    assert_refused(array_view(&array, "a", 0, NULL, 0), "more than can be counted");
    array = (Array){.type = ARRAY_I16, .axes = 1, .shape = {half}};
    assert_refused(array_view(&array, "a", 0, NULL, 0), "more than can be counted");
    array = (Array){.type = ARRAY_U8, .axes = 8};
    for (size_t i = 0; i < 8; i++)
        array.shape[i] = SIZE_MAX;
    assert_refused(array_view(&array, "a", 0, NULL, 0), "more than can be counted");
    char text[ARRAY_SHAPE_TEXT];
    assert_int_equal(strlen(array_shape_text(&array, text)), 8 * strlen("18446744073709551615, "));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_are_those_of_the_type),
        cmocka_unit_test(what_int64_cannot_hold_is_no_integer),
        cmocka_unit_test(whole_reals_are_integers_others_are_not),
        cmocka_unit_test(names_of_types_are_numpys),
        cmocka_unit_test(other_types_are_refused_by_name),
        cmocka_unit_test(a_view_has_the_bytes_that_its_shape_says),
        cmocka_unit_test(sizes_whose_product_overflows_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
