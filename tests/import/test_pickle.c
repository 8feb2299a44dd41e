#include "read.h"

/* Streams are written by hand from the documentation of Python's pickletools. */

/* ---- plain values ---- */

static void numbers_are_what_their_opcodes_say(void **state) {
    (void)state;
    const Read read =
        read_sample(SAMPLE("\x80\x02](K\xffM\x01\xffJ\xfe\xff\xff\xffJ\x00\x00\x00\x40"
                           "\x8a\x00\x8a\x01\x80\x8a\x02\xff\x00\x8a\x08\0\0\0\0\0\0\0\x80"
                           "\x8b\x04\0\0\0\xff\xff\xff\xff"
                           "e."));
    static const int64_t integers[] = {255, 0xff01, -2, 0x40000000, 0, -128, 255, INT64_MIN, -1};
    check_integers(read.root, 9, integers);
    read_free(read);
}

static void none_bools_and_floats_are_read(void **state) {
    (void)state;
    const Read read = read_sample(SAMPLE("\x80\x02(N\x88\x89G\xc0\x04\0\0\0\0\0\0t."));
    check_items(read.root, PICKLE_TUPLE, 4);
    const PickleValue *item = read.root->items->item;
    assert_int_equal(item[0].type, PICKLE_NONE);
    assert_int_equal(item[1].type, PICKLE_BOOL);
    assert_int_equal(item[1].integer, 1);
    assert_int_equal(item[2].type, PICKLE_BOOL);
    assert_int_equal(item[2].integer, 0);
    assert_int_equal(item[3].type, PICKLE_FLOAT);
    assert_true(item[3].real == -2.5);
    read_free(read);
}

static void every_kind_of_text_is_its_bytes(void **state) {
    (void)state;
    static const struct {
        const char *opcode;
        size_t width;
    } texts[] = {{"U", 1}, {"T", 4},    {"C", 1},    {"B", 4},   {"\x8e", 8},
                 {"X", 4}, {"\x8c", 1}, {"\x8d", 8}, {"\x96", 8}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        uint8_t bytes[32] = {0x80, 5, (uint8_t)*texts[i].opcode, 3};
        memcpy(bytes + 3 + texts[i].width, "a\0b.", 4);
        const Read read = read_sample(sample_of(bytes, 3 + texts[i].width + 4));
        check_text(read.root, "a\0b", 3);
        read_free(read);
    }
}

static void containers_are_filled_one_by_one_and_several_at_once(void **state) {
    (void)state;
    Read read = read_sample(SAMPLE("\x80\x02]K\x01"
                                   "aK\x02"
                                   "a(K\x03K\x04"
                                   "e(e."));
    static const int64_t integers[] = {1, 2, 3, 4};
    check_integers(read.root, 4, integers);
    read_free(read);
    read = read_sample(SAMPLE("\x80\x02}U\x01"
                              "aK\x01s(U\x01"
                              "bK\x02U\x01"
                              "cK\x03u(u."));
    check_items(read.root, PICKLE_DICT, 6);
    assert_int_equal(pickle_get(read.root, "a")->integer, 1);
    assert_int_equal(pickle_get(read.root, "b")->integer, 2);
    assert_int_equal(pickle_get(read.root, "c")->integer, 3);
    read_free(read);
    read = read_sample(SAMPLE("\x80\x02()K\x01\x85K\x01K\x02\x86K\x01K\x02K\x03\x87(tt."));
    check_items(read.root, PICKLE_TUPLE, 5);
    static const size_t counts[] = {0, 1, 2, 3, 0};
    for (size_t i = 0; i < 5; i++)
        check_items(&read.root->items->item[i], PICKLE_TUPLE, counts[i]);
    assert_int_equal(read.root->items->item[3].items->item[0].integer, 1);
    assert_int_equal(read.root->items->item[3].items->item[2].integer, 3);
    read_free(read);
}

static void a_key_is_found_whatever_its_type(void **state) {
    (void)state;
    const Read read = read_sample(SAMPLE("\x80\x04}(C\x05"
                                         "bytesK\x01\x8c\x03"
                                         "strK\x02U\x03oldK\x03K\x07K\x04)K\x05u."));
    assert_int_equal(pickle_get(read.root, "bytes")->integer, 1);
    assert_int_equal(pickle_get(read.root, "str")->integer, 2);
    assert_int_equal(pickle_get(read.root, "old")->integer, 3);
    assert_null(pickle_get(read.root, "byte"));
    assert_null(pickle_get(read.root, "bytes_"));
    assert_null(pickle_get(read.root, ""));
    assert_null(pickle_get(pickle_get(read.root, "str"), "str"));
    read_free(read);
}

static void of_a_key_that_is_set_twice_the_last_value_counts(void **state) {
    (void)state;
    const Read read = read_sample(SAMPLE("\x80\x02}(U\x01"
                                         "aK\x01U\x01"
                                         "bK\x02U\x01"
                                         "aK\x03u."));
    assert_int_equal(pickle_get(read.root, "a")->integer, 3);
    read_free(read);
}

/* ---- the memo ---- */

static void a_value_of_the_memo_is_the_same_value(void **state) {
    (void)state;
    /* The list is a part of the tuple twice, and filled only then. */
    const Read read = read_sample(SAMPLE("\x80\x02(]q\x01h\x01K\x05"
                                         "at."));
    check_items(read.root, PICKLE_TUPLE, 2);
    const PickleValue *item = read.root->items->item;
    assert_ptr_equal(item[0].items, item[1].items);
    assert_int_equal(item[0].items->count, 1);
    read_free(read);
}

static void all_opcodes_of_the_memo_number_alike(void **state) {
    (void)state;
    const Read read =
        read_sample(SAMPLE("\x80\x04](K\x0a\x94K\x0b\x94K\x0cq\x02K\x0dr\x03\0\0\0K\x0e\x94"
                           "h\x00j\x01\0\0\0h\x02h\x03h\x04"
                           "e."));
    static const int64_t integers[] = {10, 11, 12, 13, 14, 10, 11, 12, 13, 14};
    check_integers(read.root, 10, integers);
    read_free(read);
}

/* As Python, whose number is that of the entries: here 0 is free still. */
static void memoize_counts_entries(void **state) {
    (void)state;
    const Read read = read_sample(SAMPLE("\x80\x04](K\x0aq\x01K\x0bq\x02K\x0c\x94h\x01h\x02"
                                         "e."));
    static const int64_t integers[] = {10, 11, 12, 10, 12};
    check_integers(read.root, 5, integers);
    read_free(read);
}

static void entries_that_nobody_stored_are_refused(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE("\x80\x02Nq\x01h\x00.")),
                   "byte 5: memo entry 0 was never stored");
    assert_refused(refusal(SAMPLE("\x80\x02Nq\x01h\x02.")),
                   "byte 5: memo entry 2 was never stored");
    assert_refused(refusal(SAMPLE("\x80\x02Nq\x01j\xff\xff\xff\xff.")),
                   "memo entry 4294967295 was never stored");
    assert_refused(refusal(SAMPLE("\x80\x02Nr\x00\x28\x6b\xee.")),
                   "byte 3: memo entry 4000000000, with room for 4 before it");
    assert_refused(refusal(SAMPLE("\x80\x02q\x01.")),
                   "byte 2: needs 1 of the stack's values, of which there are 0");
}

/* ---- names: nothing is executed ---- */

static void names_that_no_data_set_needs_are_refused(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "cos\nsystem\n(U\x02lst.")),
                   "a.pickle: byte 2: asks for os.system, which is not on the list of what a data "
                   "set needs; nothing was executed");
    assert_refused(refusal(SAMPLE("\x80\x04\x8c\x08"
                                  "builtins\x8c\x04"
                                  "eval\x93.")),
                   "byte 18: asks for builtins.eval, which is not on the list");
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "cnumpy\nload\n.")),
                   "asks for numpy.load, which");
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "cnumpy.core\nndarray\n.")),
                   "asks for numpy.core.ndarray");
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "ca\x1b[2J\nb\0\n.")),
                   "asks for a?[2J.b?, which");
    assert_refused(refusal(SAMPLE("\x80\x04K\x01K\x02\x93.")), "a module and a name are wanted");
}

static void opcodes_that_make_objects_are_refused_by_name(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "cnumpy\nndarray\n)\x81.")),
                   "byte 18: opcode 0x81 (NEWOBJ) is not on the list of what a data set needs; "
                   "nothing was executed");
    assert_refused(refusal(SAMPLE("\x80\x02(ios\nsystem\n.")), "byte 3: opcode 0x69 (INST)");
    assert_refused(refusal(SAMPLE("\x80\x02(o.")), "byte 3: opcode 0x6f (OBJ)");
    assert_refused(refusal(SAMPLE("\x80\x02P1\n.")), "byte 2: opcode 0x50 (PERSID)");
    assert_refused(refusal(SAMPLE("\x80\x02\x82\x01.")), "byte 2: opcode 0x82 (EXT1)");
    assert_refused(refusal(SAMPLE("\x80\x05\x97.")), "byte 2: opcode 0x97 (NEXT_BUFFER)");
    assert_refused(refusal(SAMPLE("\x80\x02\xff.")),
                   "byte 2: opcode 0xff (which Python does not have)");
}

static void only_functions_of_the_list_are_called(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "cnumpy\nndarray\n)R.")),
                   "calls ndarray, which is no function");
    assert_refused(refusal(SAMPLE("\x80\x02K\x01)R.")), "calls an integer, which is no function");
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "cnumpy\ndtype\nK\x01R.")),
                   "calls dtype with an integer; a tuple");
    assert_refused(refusal(SAMPLE("\x80\x02](K\x01tb.")), "gives a state to a list");
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "cnumpy\ndtype\nU\x02u1\x89\x88\x87R]b.")),
                   "gives a list as a state; a tuple is wanted");
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "cnumpy\ndtype\nU\x02u1\x89\x88\x87R(K\x03U\x01|NNtb.")),
                   "the state of a numpy.dtype is wanted");
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "cnumpy.core.multiarray\n_reconstruct\ncnumpy\ndtype\n"
                                  "K\0\x85U\x01"
                                  "b\x87R.")),
                   "_reconstruct makes an ndarray, not a dtype");
}

/* ---- streams that are none ---- */

static void other_files_are_refused_by_what_they_are(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE("")), "a.pickle: byte 0: is no pickle of protocol 2 to 5");
    assert_refused(refusal(SAMPLE("(lp0\nI1\na.")), "byte 0: is no pickle of protocol 2 to 5");
    assert_refused(refusal(SAMPLE("\x80\x06N.")), "byte 0: pickle protocol 6; 2 to 5");
    assert_refused(refusal(SAMPLE("\x80\x01N.")), "byte 0: pickle protocol 1; 2 to 5");
}

static void a_stream_ends_with_its_one_value(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE("\x80\x02N")), "byte 3: the file ends here, within the pickle");
    assert_refused(refusal(SAMPLE("\x80\x02N.x")), "byte 3: ends here, but the file at byte 5");
    assert_refused(refusal(SAMPLE("\x80\x02.")), "byte 2: ends with values: 0, marks: 0");
    assert_refused(refusal(SAMPLE("\x80\x02NN.")), "byte 4: ends with values: 2, marks: 0");
    assert_refused(refusal(SAMPLE("\x80\x02N(.")), "byte 4: ends with values: 1, marks: 1");
}

static void opcodes_without_what_they_need_are_refused(void **state) {
    (void)state;
    assert_refused(refusal(SAMPLE("\x80\x02NNe.")), "there is no mark");
    assert_refused(refusal(SAMPLE("\x80\x02](NN\x87.")),
                   "byte 6: needs 3 of the stack's values, of which there are 2");
    assert_refused(refusal(SAMPLE("\x80\x02]("
                                  "a.")),
                   "needs 1 of the stack's values, of which there are 0");
    assert_refused(refusal(SAMPLE("\x80\x02((u.")), "needs 1 of the stack's values");
    assert_refused(refusal(SAMPLE("\x80\x02N(Ne.")), "a list is wanted, None is there");
    assert_refused(refusal(SAMPLE("\x80\x02](NNu.")), "a dict is wanted, a list is there");
    assert_refused(refusal(SAMPLE("\x80\x02}(NNNu.")), "the last key of a dict has no value");
    assert_refused(refusal(SAMPLE("\x80\x02"
                                  "cnumpy")),
                   "a name without an end");
    assert_refused(refusal(SAMPLE("\x80\x02\x8a\x09\0\0\0\0\0\0\0\x80\0.")),
                   "an integer of 9 bytes");
    assert_refused(refusal(SAMPLE("\x80\x04\x95\x02\0\0\0\0\0\0\0.")),
                   "2 bytes are to follow from byte 11 on, but 1 are there");
}

static void frames_are_passed_over(void **state) {
    (void)state;
    const Read read =
        read_sample(SAMPLE("\x80\x04\x95\x02\0\0\0\0\0\0\0K\x07\x95\x01\0\0\0\0\0\0\0."));
    assert_int_equal(read.root->integer, 7);
    read_free(read);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_what_their_opcodes_say),
        cmocka_unit_test(none_bools_and_floats_are_read),
        cmocka_unit_test(every_kind_of_text_is_its_bytes),
        cmocka_unit_test(containers_are_filled_one_by_one_and_several_at_once),
        cmocka_unit_test(a_key_is_found_whatever_its_type),
        cmocka_unit_test(of_a_key_that_is_set_twice_the_last_value_counts),
        cmocka_unit_test(a_value_of_the_memo_is_the_same_value),
        cmocka_unit_test(all_opcodes_of_the_memo_number_alike),
        cmocka_unit_test(memoize_counts_entries),
        cmocka_unit_test(entries_that_nobody_stored_are_refused),
        cmocka_unit_test(names_that_no_data_set_needs_are_refused),
        cmocka_unit_test(opcodes_that_make_objects_are_refused_by_name),
        cmocka_unit_test(only_functions_of_the_list_are_called),
        cmocka_unit_test(other_files_are_refused_by_what_they_are),
        cmocka_unit_test(a_stream_ends_with_its_one_value),
        cmocka_unit_test(opcodes_without_what_they_need_are_refused),
        cmocka_unit_test(frames_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
