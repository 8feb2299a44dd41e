#include "npy.h"

#include "sample.h"

/* ---- files that NumPy wrote (reference/arrays.py) ---- */

/* The element of number k of reference/arrays.py's arrays. */
static double expected_element(ArrayType type, size_t k) {
    const uint64_t bits = (uint64_t)(k + 1) * 0x9e3779b97f4a7c15;
    switch (type) {
    case ARRAY_BOOL:
        return k % 3 == 0;
    case ARRAY_U8:
        return (uint8_t)bits;
    case ARRAY_I8:
        return (int8_t)bits;
    case ARRAY_U16:
        return (uint16_t)bits;
    case ARRAY_I16:
        return (int16_t)bits;
    case ARRAY_U32:
        return (uint32_t)bits;
    case ARRAY_I32:
        return (int32_t)bits;
    case ARRAY_U64:
        return (double)bits;
    case ARRAY_I64:
        return (double)(int64_t)bits;
    default:
        return 0.375 * (double)k - 1;
    }
}

typedef struct File {
    const char *name;
    ArrayType type;
    size_t axes, shape[ARRAY_AXES_MAX];
} File;

static void check_file(const File *file) {
    const Sample sample = sample_file(file->name);
    Array array;
    assert_ok(npy_read(file->name, sample.bytes, sample.count, &array));
    assert_int_equal(array.type, file->type);
    assert_int_equal(array.axes, file->axes);
    size_t count = 1;
    for (size_t i = 0; i < file->axes; i++) {
        assert_int_equal(array.shape[i], file->shape[i]);
        count *= file->shape[i];
    }
    assert_int_equal(array.count, count);
    for (size_t k = 0; k < count; k++)
        assert_true(array_real(&array, k) == expected_element(file->type, k));
    sample_free(sample);
}

static void every_type_and_version_is_read_value_by_value(void **state) {
    (void)state;
    static const File files[] = {
        {"u1.npy", ARRAY_U8, 3, {3, 4, 5}},
        {"i1.npy", ARRAY_I8, 1, {7}},
        {"u2_big.npy", ARRAY_U16, 2, {5, 1}},
        {"i2.npy", ARRAY_I16, 1, {5}},
        {"u4.npy", ARRAY_U32, 2, {2, 3}},
        {"i4_big.npy", ARRAY_I32, 1, {6}},
        {"u8.npy", ARRAY_U64, 1, {4}},
        {"i8.npy", ARRAY_I64, 2, {3, 1}},
        {"f4_big.npy", ARRAY_F32, 2, {2, 2}},
        {"f8.npy", ARRAY_F64, 2, {2, 3}},
        {"bool.npy", ARRAY_BOOL, 1, {4}},
        {"one.npy", ARRAY_I32, 0, {0}},
        {"none.npy", ARRAY_U8, 2, {0, 3}},
        {"eight_axes.npy", ARRAY_U8, 8, {1, 2, 1, 2, 1, 2, 1, 2}},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        check_file(&files[i]);
}

static Status refusal(Sample sample) {
    Array array;
    const Status status = npy_read("a.npy", sample.bytes, sample.count, &array);
    sample_free(sample);
    return status;
}

static void what_is_no_array_of_numbers_in_c_order_is_refused(void **state) {
    (void)state;
    assert_refused(refusal(sample_file("fortran.npy")), "in Fortran order");
    assert_refused(refusal(sample_file("objects.npy")),
                   "type '|O' holds Python objects, which would have to be executed");
    assert_refused(refusal(sample_file("structures.npy")), "elements are structures");
    assert_refused(refusal(sample_file("text.npy")), "NumPy's type '<U2'");
}

/* ---- headers made here ---- */

/* A file of version 1.0 with this header and so many bytes of data, which are 1, 2, ... */
static Sample with_header(const char *text, size_t data) {
    uint8_t bytes[512] = "\x93NUMPY\x01";
    const size_t length = strlen(text);
    assert_true(10 + length + data <= sizeof bytes);
    bytes[8] = (uint8_t)length;
    bytes[9] = (uint8_t)(length >> 8);
    memcpy(bytes + 10, text, length);
    for (size_t i = 0; i < data; i++)
        bytes[10 + length + i] = (uint8_t)(i + 1);
    return sample_of(bytes, 10 + length + data);
}

static void a_header_is_any_way_to_write_its_dictionary(void **state) {
    (void)state;
    static const char *const headers[] = {
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }  \n",
        "{'shape':(2,3),'fortran_order':False,'descr':'|u1'}",
        "\n { \"descr\"\t:\"|u1\" ,\r 'shape' : ( 2 ,3 , ) , 'fortran_order' :False , } ",
        "{'descr': 'u1', 'fortran_order': False, 'shape': (2L, 3L)}",
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        const Sample sample = with_header(headers[i], 6);
        Array array;
        assert_ok(npy_read("a.npy", sample.bytes, sample.count, &array));
        assert_int_equal(array.type, ARRAY_U8);
        assert_int_equal(array.axes, 2);
        assert_int_equal(array.shape[0], 2);
        assert_int_equal(array.shape[1], 3);
        assert_memory_equal(array.bytes, "\1\2\3\4\5\6", 6);
        sample_free(sample);
    }
}

/* Of one axis both orders are the same. */
static void fortran_order_of_one_axis_is_read(void **state) {
    (void)state;
    const Sample sample =
        with_header("{'descr': '|u1', 'fortran_order': True, 'shape': (3,)}\n", 3);
    Array array;
    assert_ok(npy_read("a.npy", sample.bytes, sample.count, &array));
    assert_int_equal(array.count, 3);
    sample_free(sample);
}

static void other_headers_are_refused_where_they_go_wrong(void **state) {
    (void)state;
    static const struct {
        const char *header, *message;
    } cases[] = {
        {"", "a.npy: byte 10: '{' is wanted, the header ends"},
        {"['descr']", "byte 10: '{' is wanted, '[' is there"},
        {"{descr: '|u1'}", "byte 11: a text in quotes is wanted, 'd' is there"},
        {"{'descr' '|u1'}", "byte 19: ':' is wanted"},
        {"{'descr': '|u1' 'shape': (3,)}", "byte 26: '}' is wanted"},
        {"{'descr': '|u1', 'descr': '|u1'}", "byte 28: descr is there twice"},
        {"{'order': 'C'}", "key 'order'; a header has descr, fortran_order and shape"},
        {"{'descr': '|u1', 'fortran_order': False}", "the header ends without shape"},
        {"{'descr': '|u1', 'shape': (3,)}", "the header ends without fortran_order"},
        {"{'fortran_order': False, 'shape': (3,)}", "the header ends without descr"},
        {"{'fortran_order': 0}", "True or False is wanted, '0' is there"},
        {"{'shape': 3}", "'(' is wanted"},
        {"{'shape': (3)}", "',' behind the only size"},
        {"{'shape': (-3,)}", "a size is wanted, '-' is there"},
        {"{'shape': (,)}", "a size is wanted, ',' is there"},
        {"{'shape': (3 4)}", "is wanted, '4' is there"},
        {"{'shape': (3, 4}", "')' is wanted"},
        {"{'shape': (18446744073709551616,)}", "a size that is too large"},
        {"{'shape': (99999999999999999999,)}", "a size that is too large"},
        {"{'shape': (1,1,1,1,1,1,1,1,1)}", "more than 8 axes"},
        {"{'descr': '|u1", "a text that ends with its quote"},
        {"{'descr': '|u\\x31'}", "without backslashes"},
        {"{'descr': 5}", "a text in quotes is wanted, '5' is there"},
        {"{'descr': ('|u1', (2,))}", "a text in quotes is wanted, '(' is there"},
        {"{'descr': '|u1', 'fortran_order': False, 'shape': (3,)} x", "the header's end is wanted"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(refusal(with_header(cases[i].header, 3)), cases[i].message);
}

static void data_of_another_size_is_refused(void **state) {
    (void)state;
    const char *header = "{'descr': '<i2', 'fortran_order': False, 'shape': (3,)}";
    assert_refused(refusal(with_header(header, 5)), "[3] of int16 has 6 bytes, but 5 are there");
    assert_refused(refusal(with_header(header, 7)), "[3] of int16 has 6 bytes, but 7 are there");
    header = "{'descr': '<i2', 'fortran_order': False, 'shape': (9223372036854775808, 2)}";
    assert_refused(refusal(with_header(header, 0)), "more than can be counted");
}

static void other_files_are_refused_by_what_they_are(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE("")), "byte 0: is no .npy file");
    assert_refused(refusal(SAMPLE("PK\x03\x04.......")), "byte 0: is no .npy file");
    assert_refused(refusal(SAMPLE("\x93NUMPY\x04\x00\x00\x00")), "byte 6: .npy format version 4.0");
    assert_refused(refusal(SAMPLE("\x93NUMPY\x01\x01\x00\x00")), "byte 6: .npy format version 1.1");
    assert_refused(refusal(SAMPLE("\x93NUMPY\x00\x00\x00\x00")), "byte 6: .npy format version 0.0");
    assert_refused(refusal(SAMPLE("\x93NUMPY\x01\x00\x05")), "ends at byte 9, within its header");
    assert_refused(refusal(SAMPLE("\x93NUMPY\x01\x00\x05\x00{}")), "within its header");
    assert_refused(refusal(SAMPLE("\x93NUMPY\x02\x00\xff\xff\xff\xff{}")), "within its header");
}

static void read_damaged(const uint8_t *bytes, size_t count) {
    Array array;
    const Status status = npy_read("a.npy", bytes, count, &array);
    assert_true(status == STATUS_OK || status == STATUS_DATA);
    for (size_t i = 0; status == STATUS_OK && i < array.count; i++)
        array_real(&array, i);
}

static void damage_is_refused_or_read_within_the_file(void **state) {
    (void)state;
    static const char *const names[] = {"u2_big.npy", "i1.npy", "f8.npy", "structures.npy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const Sample sample = sample_file(names[i]);
        sample_damage(sample, read_damaged);
        sample_free(sample);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_and_version_is_read_value_by_value),
        cmocka_unit_test(what_is_no_array_of_numbers_in_c_order_is_refused),
        cmocka_unit_test(a_header_is_any_way_to_write_its_dictionary),
        cmocka_unit_test(fortran_order_of_one_axis_is_read),
        cmocka_unit_test(other_headers_are_refused_where_they_go_wrong),
        cmocka_unit_test(data_of_another_size_is_refused),
        cmocka_unit_test(other_files_are_refused_by_what_they_are),
        cmocka_unit_test(damage_is_refused_or_read_within_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
