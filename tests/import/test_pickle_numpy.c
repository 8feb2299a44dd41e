#include "read.h"

/* Arrays in pickles: those of reference/arrays, which come from Python and NumPy, and streams
 * written by hand from what NumPy 1.24 and Python 3.11 write (pickletools.dis). */

/* ---- files that Python and NumPy wrote ---- */

static const int64_t fine[] = {5, 99, 0}, coarse[] = {1, 19, 0};

static void check_cifar(const PickleValue *root) {
    static const char *const names[] = {"a_s_000001.png", "b_s_000002.png", "c_s_000003.png"};
    check_items(root, PICKLE_DICT, 10);
    check_integers(pickle_get(root, "fine_labels"), 3, fine);
    check_integers(pickle_get(root, "coarse_labels"), 3, coarse);
    const PickleValue *batch = pickle_get(root, "batch_label");
    check_text(batch, "training batch 1 of 1", strlen("training batch 1 of 1"));
    const PickleValue *files = pickle_get(root, "filenames");
    check_items(files, PICKLE_LIST, 3);
    for (size_t i = 0; i < 3; i++)
        check_text(&files->items->item[i], names[i], strlen(names[i]));
    const PickleValue *data = pickle_get(root, "data");
    assert_int_equal(data->type, PICKLE_ARRAY);
    assert_int_equal(data->array->type, ARRAY_U8);
    assert_int_equal(data->array->axes, 2);
    assert_int_equal(data->array->shape[0], 3);
    assert_int_equal(data->array->shape[1], 48);
    assert_int_equal(data->array->count, 144);
    for (size_t k = 0; k < 144; k++) /* reference/arrays.py */
        assert_int_equal(data->array->bytes[k], (uint8_t)((uint64_t)(k + 1) * 0x9e3779b97f4a7c15));
    assert_null(pickle_get(root, "labels"));
}

static void cifar_is_the_same_in_every_protocol(void **state) {
    (void)state;
    static const char *const files[] = {"cifar_python2.pickle", "cifar_protocol2.pickle",
                                        "cifar_protocol3.pickle", "cifar_protocol4.pickle",
                                        "cifar_protocol5.pickle"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const Read read = read_sample(sample_file(files[i]));
        check_cifar(read.root);
        read_free(read);
    }
}

static void check_labels(const PickleValue *value, ArrayType type, const int64_t *labels) {
    assert_int_equal(value->type, PICKLE_ARRAY);
    assert_int_equal(value->array->type, type);
    assert_int_equal(value->array->count, 3);
    for (size_t i = 0; i < 3; i++) {
        int64_t label;
        assert_true(array_integer(value->array, i, &label));
        assert_int_equal(label, labels[i]);
    }
}

static void labels_may_be_arrays_and_numpys_numbers(void **state) {
    (void)state;
    const Read read = read_sample(sample_file("labels.pickle"));
    check_labels(pickle_get(read.root, "array"), ARRAY_I64, fine);
    check_labels(pickle_get(read.root, "bytes"), ARRAY_U8, fine);
    check_labels(pickle_get(read.root, "column_big"), ARRAY_I32, coarse);
    assert_int_equal(pickle_get(read.root, "column_big")->array->axes, 2);
    check_integers(pickle_get(read.root, "scalars"), 3, fine);
    assert_int_equal(pickle_get(read.root, "mean")->type, PICKLE_FLOAT);
    assert_true(pickle_get(read.root, "mean")->real == 0.25);
    assert_int_equal(pickle_get(read.root, "yes")->type, PICKLE_BOOL);
    assert_int_equal(pickle_get(read.root, "yes")->integer, 1);
    read_free(read);
}

/* ---- arrays ---- */

#define RECONSTRUCT                                                                                \
    "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01"                          \
    "b\x87R"
#define DTYPE(name, order)                                                                         \
    "cnumpy\ndtype\nU\x02" name "\x89\x88\x87R(K\x03U\x01" order                                   \
    "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
/* An array from its shape (a tuple), dtype, order and elements. */
#define ARRAY(shape, dtype, order, elements)                                                       \
    "\x80\x02" RECONSTRUCT "(K\x01" shape dtype order elements "tb."

static void an_array_is_a_view_of_its_bytes_in_the_file(void **state) {
    (void)state;
    const Read read = read_sample(
        SAMPLE(ARRAY("K\x02K\x02\x86", DTYPE("i2", ">"), "\x89", "U\x08\0\1\0\2\xff\xff\1\0")));
    assert_int_equal(read.root->type, PICKLE_ARRAY);
    const Array *array = read.root->array;
    assert_true(array->bytes > read.sample.bytes &&
                array->bytes < read.sample.bytes + read.sample.count);
    static const int64_t integers[] = {1, 2, -1, 256};
    assert_int_equal(array->count, 4);
    for (size_t i = 0; i < 4; i++) {
        int64_t integer;
        assert_true(array_integer(array, i, &integer));
        assert_int_equal(integer, integers[i]);
    }
    read_free(read);
}

/* What _reconstruct makes is in the memo before it has its state. */
static void the_memos_array_has_the_state_too(void **state) {
    (void)state;
    const Read read = read_sample(SAMPLE(
        "\x80\x02(" RECONSTRUCT "q\x05(K\x01K\x02\x85" DTYPE("u1", "|") "\x89U\x02xytbh\x05t."));
    check_items(read.root, PICKLE_TUPLE, 2);
    assert_int_equal(read.root->items->item[1].type, PICKLE_ARRAY);
    assert_int_equal(read.root->items->item[1].array->count, 2);
    read_free(read);
}

static void numpy_2_names_its_functions_otherwise(void **state) {
    (void)state;
    Read read = read_sample(SAMPLE("\x80\x04\x8c\x16numpy._core.multiarray\x8c\x0c_"
                                   "reconstruct\x93\x8c\x05numpy\x8c\x07ndarray\x93"
                                   "K\0\x85"
                                   "C\x01"
                                   "b\x87R(K\x01K\x03\x85" DTYPE("u1", "|") "\x89"
                                                                            "C\x03"
                                                                            "abctb."));
    assert_int_equal(read.root->type, PICKLE_ARRAY);
    assert_memory_equal(read.root->array->bytes, "abc", 3);
    read_free(read);
    read = read_sample(
        SAMPLE("\x80\x05\x8c\x13numpy._core.numeric\x8c\x0b_frombuffer\x93(\x96\x03\0\0\0\0\0\0\0"
               "abc" DTYPE("u1", "|") "K\x03\x85\x8c\x01"
                                      "CtR."));
    assert_int_equal(read.root->type, PICKLE_ARRAY);
    assert_memory_equal(read.root->array->bytes, "abc", 3);
    read_free(read);
}

static void arrays_that_are_no_numbers_in_c_order_are_refused(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE(ARRAY("K\x01K\x02\x86", DTYPE("u1", "|"), "\x88", "U\x02xy"))),
                   "in Fortran order");
    assert_refused(refusal(SAMPLE("\x80\x05"
                                  "cnumpy.core.numeric\n_frombuffer\n(U\x02xy" DTYPE(
                                      "u1", "|") "K\x01K\x02\x86U\x01"
                                                 "FtR.")),
                   "in Fortran order");
    assert_refused(refusal(SAMPLE(ARRAY("K\x01\x85", DTYPE("O8", "|"), "\x89", "]"))),
                   "holds Python objects");
    assert_refused(refusal(SAMPLE(ARRAY("K\x01\x85", DTYPE("V8", "|"), "\x89", "U\0"))),
                   "NumPy's type 'V8'");
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "cnumpy\ndtype\nU\x02u1\x89\x88\x87R(K\x03U\x01|K\x01NNtb.")),
                   "elements are structures");
}

static void arrays_that_do_not_fit_their_bytes_are_refused(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE(ARRAY("K\x03\x85", DTYPE("u1", "|"), "\x89", "U\x02xy"))),
                   "[3] of uint8 has 3 bytes, but 2 are there");
    assert_refused(refusal(SAMPLE(ARRAY("K\x01\x85", DTYPE("u1", "|"), "\x89", "U\x02xy"))),
                   "[1] of uint8 has 1 bytes, but 2 are there");
    assert_refused(refusal(SAMPLE(ARRAY("\x8a\x08\0\0\0\0\0\0\0\x40K\x08\x86", DTYPE("u1", "|"),
                                        "\x89", "U\0"))),
                   "more than can be counted");
    assert_refused(refusal(SAMPLE(ARRAY("J\xff\xff\xff\xff\x85", DTYPE("u1", "|"), "\x89", "U\0"))),
                   "axis 0 of an array has no size");
    assert_refused(
        refusal(SAMPLE(ARRAY("(K\1K\1K\1K\1K\1K\1K\1K\1K\1t", DTYPE("u1", "|"), "\x89", "U\1x"))),
        "an array of 9 axes");
    assert_refused(refusal(SAMPLE(ARRAY("K\x01\x85", "U\2u1", "\x89", "U\1x"))),
                   "value 3 of an array's state is a text; a dtype is wanted");
    assert_refused(refusal(SAMPLE(ARRAY("K\x01\x85", DTYPE("u1", "?"), "\x89", "U\1x"))),
                   "the byte order of a numpy.dtype");
    assert_refused(refusal(SAMPLE("\x80\x02" RECONSTRUCT "(K\x01tb.")),
                   "an array's state takes 5 values, not 1");
}

static void numpys_numbers_are_integers_that_int64_holds(void **state) {
    (void)state;
#define SCALAR(dtype, bytes)                                                                       \
    "\x80\x02"                                                                                     \
    "cnumpy.core.multiarray\nscalar\n" dtype bytes "\x86R."
    const Read read = read_sample(SAMPLE(SCALAR(DTYPE("u8", "<"), "U\x08\1\2\0\0\0\0\0\x7f")));
    assert_int_equal(read.root->type, PICKLE_INTEGER);
    assert_true(read.root->integer == 0x7f00000000000201);
    read_free(read);
    assert_refused(refusal(SAMPLE(SCALAR(DTYPE("u8", "<"), "U\x08\1\2\0\0\0\0\0\x80"))),
                   "an integer above 2^63 - 1");
    assert_refused(refusal(SAMPLE(SCALAR(DTYPE("u2", "<"), "U\x01\1"))),
                   "[] of uint16 has 2 bytes");
}

static void bytes_that_python_3_wrote_as_latin1_are_bytes(void **state) {
    (void)state;
    const Read read = read_sample(
        SAMPLE("\x80\x02(c_codecs\nencode\nX\x08\0\0\0"
               "a\xc2\x80\xc3\xbf\0\xc3\x80X\x06\0\0\0latin1\x86Rc__builtin__\nbytes\n)Rt."));
    check_items(read.root, PICKLE_TUPLE, 2);
    check_text(&read.root->items->item[0], "a\x80\xff\0\xc0", 5);
    check_text(&read.root->items->item[1], "", 0);
    read_free(read);
    /* A character cut off, before what could be its end. */
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "c_codecs\nencode\nX\1\0\0\0\xc3\x94X\6\0\0\0latin1\x86R.")),
                   "a character that latin1 does not have");
    /* U+0100, and bytes that are no UTF-8 */
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "c_codecs\nencode\nX\2\0\0\0\xc4\x80X\6\0\0\0latin1\x86R.")),
                   "a character that latin1 does not have");
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "c_codecs\nencode\nX\2\0\0\0\xc3"
                                  "aX\6\0\0\0latin1\x86R.")),
                   "a character that latin1 does not have");
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "c_codecs\nencode\nX\1\0\0\0\xc3X\6\0\0\0latin1\x86R.")),
                   "a character that latin1 does not have");
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "c_codecs\nencode\nX\1\0\0\0aX\3\0\0\0rot\x86R.")),
                   "with 'latin1' only");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cifar_is_the_same_in_every_protocol),
        cmocka_unit_test(labels_may_be_arrays_and_numpys_numbers),
        cmocka_unit_test(an_array_is_a_view_of_its_bytes_in_the_file),
        cmocka_unit_test(the_memos_array_has_the_state_too),
        cmocka_unit_test(numpy_2_names_its_functions_otherwise),
        cmocka_unit_test(arrays_that_are_no_numbers_in_c_order_are_refused),
        cmocka_unit_test(arrays_that_do_not_fit_their_bytes_are_refused),
        cmocka_unit_test(numpys_numbers_are_integers_that_int64_holds),
        cmocka_unit_test(bytes_that_python_3_wrote_as_latin1_are_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
