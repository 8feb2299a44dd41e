/* Protocol Buffers' wire format by the examples of its documentation, and TensorFlow's records by
 * published checksums and a record of TensorBoard's own writer. */

#include "vit/wire.h"

#include "check.h"
#include "record.h"

static void check_bytes(Wire *wire, const char *wanted, size_t count) {
    assert_ok(wire_status(wire));
    assert_int_equal(wire->count, count);
    assert_memory_equal(wire->bytes, wanted, count);
    wire_free(wire);
}

#define CHECK_BYTES(wire, literal) check_bytes(&(wire), literal, sizeof(literal) - 1)

/* protobuf.dev/programming-guides/encoding: Test1 { a = 150 }, Test2 { b = "testing" }, Test3 { c =
 * Test1 } */
static void the_documentation_s_messages(void **state) {
    (void)state;
    Wire one = {0}, two = {0}, three = {0};
    wire_add_integer(&one, 1, 150);
    CHECK_BYTES(one, "\x08\x96\x01");
    wire_add_text(&two, 2, "testing");
    CHECK_BYTES(two, "\x12\x07testing");
    wire_add_integer(&one, 1, 150);
    wire_add_message(&three, 3, &one);
    assert_null(one.bytes);
    CHECK_BYTES(three, "\x1a\x03\x08\x96\x01");
}

static void each_type_has_its_bytes(void **state) {
    (void)state;
    Wire wire = {0};
    wire_add_integer(&wire, 1, 0);
    wire_add_integer(&wire, 16, UINT64_MAX); /* -1: ten bytes */
    CHECK_BYTES(wire, "\x08\x00\x80\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
    wire_add_float(&wire, 2, 1.0f);
    wire_add_double(&wire, 1, 1.0);
    CHECK_BYTES(wire, "\x15\x00\x00\x80\x3f\x09\x00\x00\x00\x00\x00\x00\xf0\x3f");
    wire_add_floats(&wire, 9, (const float[]){1.0f, -2.0f}, 2);
    wire_add_floats(&wire, 9, NULL, 0);
    wire_add_bytes(&wire, 3, "", 0);
    CHECK_BYTES(wire, "\x4a\x08\x00\x00\x80\x3f\x00\x00\x00\xc0\x4a\x00\x1a\x00");
}

static void a_message_grows(void **state) {
    (void)state;
    enum { COUNT = 100000 };
    float *values = test_values(COUNT, 1.0f, 3);
    Wire wire = {0}, outer = {0};
    for (size_t i = 0; i < 1000; i++)
        wire_add_integer(&wire, 1, i);
    wire_add_floats(&wire, 2, values, COUNT);
    /* 128 numbers of one byte, 872 of two, each with its key; a key and three bytes of length */
    assert_int_equal(wire.count, 128 * 2 + 872 * 3 + 4 + 4 * COUNT);
    assert_memory_equal(wire.bytes + wire.count - 4 * COUNT, values, 4 * COUNT);
    wire_add_message(&outer, 1, &wire);
    assert_ok(wire_status(&outer));
    wire_free(&outer);
    memory_free(values);
}

static void what_had_no_room_is_told(void **state) {
    (void)state;
    Wire wire = {0}, inner = {.status = STATUS_INTERNAL};
    wire_add_message(&wire, 1, &inner);
    wire_add_integer(&wire, 1, 1);
    assert_int_equal(wire_status(&wire), STATUS_INTERNAL);
    wire_free(&wire);
}

/* RFC 3720, B.4: 32 bytes of zeros; tensorflow/tensorboard, masked_crc.rs: "CRC test, one two" with
 * its key */
static void checksums_are_the_published_ones(void **state) {
    (void)state;
    static const uint8_t zeros[32];
    static const char text[] = "\x1a\x11"
                               "CRC test, one two";
    assert_int_equal(record_crc(zeros, sizeof zeros), 0x8a9136aau);
    assert_int_equal(record_crc(zeros, 0), 0);
    assert_int_equal(record_masked_crc((const uint8_t *)text, sizeof text - 1), 0x5794d08au);
}

/* The first record of a file whose time is 1.0, as TensorBoard's writer makes it. */
static void the_first_record_of_a_file(void **state) {
    (void)state;
    static const char wanted[] = "\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22"
                                 "\x09\0\0\0\0\0\0\xf0\x3f\x1a\x0d"
                                 "brain.Event:2"
                                 "\x86\xbf\x57\x7a";
    Wire event = {0};
    uint8_t before[RECORD_BEFORE], after[RECORD_AFTER];
    wire_add_double(&event, 1, 1.0);
    wire_add_text(&event, 3, "brain.Event:2");
    record_frame(event.bytes, event.count, before, after);
    assert_memory_equal(before, wanted, RECORD_BEFORE);
    assert_memory_equal(event.bytes, wanted + RECORD_BEFORE, event.count);
    assert_int_equal(event.count, 24);
    assert_memory_equal(after, wanted + RECORD_BEFORE + event.count, RECORD_AFTER);
    wire_free(&event);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documentation_s_messages),
        cmocka_unit_test(each_type_has_its_bytes),
        cmocka_unit_test(a_message_grows),
        cmocka_unit_test(what_had_no_room_is_told),
        cmocka_unit_test(checksums_are_the_published_ones),
        cmocka_unit_test(the_first_record_of_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
