/* safetensors files: what is written, byte by byte; the four types that are read; and each rule of
 * the format, broken. */

#include "vit/safetensors.h"

#include "check.h"
#include "folder.h"
#include <float.h>
#include <stdlib.h>
#include <sys/stat.h>

/* ---- files made by hand ---- */

/* A file of this header, of this length, and so many bytes of values. */
static void make(const char *header, uint64_t length, const void *values, size_t bytes) {
    FILE *stream = fopen("made", "wb");
    assert_non_null(stream);
    for (int i = 0; i < 8; i++)
        fputc((int)(length >> 8 * i & 0xff), stream);
    fputs(header, stream);
    assert_int_equal(fwrite(values, 1, bytes, stream), bytes);
    assert_int_equal(fclose(stream), 0);
}

static const uint8_t zeros[64];

/* With 8 bytes of values. */
static void check_refused(const char *header, const char *why) {
    Safetensors file;
    make(header, strlen(header), zeros, 8);
    assert_int_equal(safetensors_open(&file, "made"), STATUS_DATA);
    if (!strstr(status_message(), why))
        fail_msg("'%s' is refused by '%s', not by '%s'", header, status_message(), why);
    if (!strstr(status_message(), "made: "))
        fail_msg("'%s' does not name the file", status_message());
}

#define F32_2 "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}"

static void what_the_format_forbids_is_refused(void **state) {
    (void)state;
    check_refused("", "does not begin with '{'");
    check_refused(" {\"a\":" F32_2 "}", "does not begin with '{'");
    check_refused("{\"a\":" F32_2, "no valid JSON");
    check_refused("{\"a\":" F32_2 "}x", "no valid JSON");
    check_refused("{\"a\xff\":" F32_2 "}", "no valid JSON");
    check_refused("{\"a\":" F32_2 ",\"a\":" F32_2 "}", "no valid JSON: duplicate");
    check_refused("{\"a\":3}", "'a': is no object");
    check_refused("{\"a\":{\"shape\":[2],\"data_offsets\":[0,8]}}", "has no dtype");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}}", "has no shape");
    check_refused("{\"a\":{\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]}}",
                  "no dtype 'F31'");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"b\":1}}",
                  "unknown field 'b'");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}",
                  "none negative");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}}",
                  "whole numbers");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],"
                  "\"data_offsets\":[0,8]}}",
                  "more values than can be counted");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387904],"
                  "\"data_offsets\":[0,0]}}",
                  "but 0 bytes");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}",
                  "has 1 values of F32, but 8 bytes");
    check_refused("{\"a\":{\"dtype\":\"F4\",\"shape\":[1],\"data_offsets\":[0,0]}}", "1 values");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}",
                  "the second not smaller");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}",
                  "two whole numbers");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8.0]}}",
                  "two whole numbers");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}}",
                  "two whole numbers");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[0],"
                  "\"data_offsets\":[281474976710656,281474976710656]}}",
                  "two whole numbers");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
                  "does not begin where");
    check_refused("{\"a\":" F32_2 ",\"b\":" F32_2 "}", "'b': overlaps");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                  "has 8 bytes of values, its header tells of 4");
    check_refused("{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,12]}}",
                  "has 8 bytes of values, its header tells of 12");
    check_refused("{}", "its header tells of 0");
    check_refused("{\"__metadata__\":3,\"a\":" F32_2 "}", "must be texts");
    check_refused("{\"__metadata__\":{\"b\":3},\"a\":" F32_2 "}", "'b' must be a text");
}

static void so_is_a_header_that_does_not_fit(void **state) {
    (void)state;
    Safetensors file;
    static const uint64_t lengths[] = {3, 100000001, UINT64_MAX};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        make("{}", lengths[i], zeros, 0);
        assert_int_equal(safetensors_open(&file, "made"), STATUS_DATA);
        assert_non_null(strstr(status_message(), "or cut short"));
    }
    FILE *stream = fopen("made", "wb");
    fputs("1234567", stream);
    fclose(stream);
    assert_int_equal(safetensors_open(&file, "made"), STATUS_DATA);
    assert_int_equal(safetensors_open(&file, "absent"), STATUS_IO);
    assert_int_equal(safetensors_open(&file, "."), STATUS_IO);
    /* Nobody writes to it: who waits for that is ended by the alarm. */
    assert_int_equal(mkfifo("pipe", 0600), 0);
    alarm(10);
    assert_int_equal(safetensors_open(&file, "pipe"), STATUS_IO);
    alarm(0);
}

static void an_empty_file_and_empty_tensors_are_sound(void **state) {
    (void)state;
    Safetensors file;
    make("{}   ", 5, zeros, 0);
    assert_ok(safetensors_open(&file, "made"));
    assert_int_equal(file.count, 0);
    safetensors_close(&file);
    const char *header = "{\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]},"
                         "\"a\":{\"dtype\":\"I64\",\"shape\":[3,0],\"data_offsets\":[0,0]}}";
    make(header, strlen(header), zeros, 4);
    assert_ok(safetensors_open(&file, "made"));
    assert_int_equal(safetensors_find(&file, "b")->count, 1);
    assert_int_equal(safetensors_find(&file, "b")->axes, 0);
    assert_int_equal(safetensors_find(&file, "a")->count, 0);
    assert_null(safetensors_find(&file, "c"));
    assert_null(safetensors_note(&file, "format"));
    safetensors_close(&file);
}

/* ---- values ---- */

static void check_value(const char *type, uint64_t bits, size_t bytes, float wanted) {
    char header[128];
    uint8_t stored[8];
    Safetensors file;
    float value;
    for (size_t i = 0; i < bytes; i++)
        stored[i] = (uint8_t)(bits >> 8 * i);
    snprintf(header, sizeof header,
             "{\"a\":{\"dtype\":\"%s\",\"shape\":[1],\"data_offsets\":[0,%zu]}}", type, bytes);
    make(header, strlen(header), stored, bytes);
    assert_ok(safetensors_open(&file, "made"));
    assert_ok(safetensors_read(&file, &file.tensor[0], &value));
    if (isnan(wanted))
        assert_true(isnan(value));
    else
        assert_memory_equal(&value, &wanted, sizeof value); /* also the sign of zero */
    safetensors_close(&file);
}

static void each_type_has_its_numbers(void **state) {
    (void)state;
    /* IEEE 754: largest, smallest normal, largest and smallest denormal numbers of binary16 */
    check_value("F16", 0x3c00, 2, 1.0f);
    check_value("F16", 0xc000, 2, -2.0f);
    check_value("F16", 0x7bff, 2, 65504.0f);
    check_value("F16", 0x0400, 2, 0x1p-14f);
    check_value("F16", 0x03ff, 2, 0x3ffp-24f);
    check_value("F16", 0x8001, 2, -0x1p-24f);
    check_value("F16", 0x8000, 2, -0.0f);
    check_value("F16", 0xfc00, 2, -INFINITY);
    check_value("F16", 0x7e00, 2, NAN);
    check_value("F16", 0x3555, 2, 0x1.554p-2f); /* 1/3 */
    check_value("BF16", 0x3f80, 2, 1.0f);
    check_value("BF16", 0xc049, 2, -3.140625f);
    check_value("BF16", 0x0001, 2, 0x1p-133f);
    check_value("F32", 0x40490fdb, 4, 3.14159274f);
    check_value("F64", 0x3ff0000000000000, 8, 1.0f);
    check_value("F64", 0x400921fb54442d18, 8, 3.14159274f);
    check_value("F64", 0x7fefffffffffffff, 8, INFINITY);
}

static void types_that_are_not_read_are_named(void **state) {
    (void)state;
    Safetensors file;
    float value;
    const char *header = "{\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}";
    make(header, strlen(header), zeros, 8);
    assert_ok(safetensors_open(&file, "made"));
    assert_int_equal(safetensors_read(&file, &file.tensor[0], &value), STATUS_DATA);
    assert_non_null(strstr(status_message(), "tensor 'a': is of dtype I64"));
    safetensors_close(&file);
}

/* ---- writing ---- */

static void the_bytes_are_those_of_the_format(void **state) {
    (void)state;
    static const float one[] = {1.0f, -2.0f}, two[] = {0.5f};
    const SafetensorsSource source[] = {{"b", 1, {2}, one}, {"a", 2, {1, 1}, two}};
    const SafetensorsNote note = {"format", "pt"};
    static const char header[] = "{\"__metadata__\":{\"format\":\"pt\"},"
                                 "\"a\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[0,4]},"
                                 "\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}";
    static const uint8_t values[] = {0, 0, 0, 0x3f, 0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0};
    const size_t padded = (strlen(header) + 7) / 8 * 8;
    char read[512];
    assert_ok(safetensors_write("written", source, 2, &note, 1));
    FILE *stream = fopen("written", "rb");
    assert_int_equal(fread(read, 1, sizeof read, stream), 8 + padded + sizeof values);
    fclose(stream);
    assert_int_equal((uint8_t)read[0], padded);
    assert_memory_equal(read + 1, zeros, 7);
    assert_memory_equal(read + 8, header, strlen(header));
    for (size_t i = strlen(header); i < padded; i++)
        assert_int_equal(read[8 + i], ' ');
    assert_memory_equal(read + 8 + padded, values, sizeof values);
}

static void what_is_written_is_read(void **state) {
    (void)state;
    enum { COUNT = 50001 }; /* more than a block, and not a multiple of one */
    float *values = test_values(COUNT, 3.0f, 7), *read = test_array(COUNT, sizeof *read);
    const float nothing = 0.0f;
    const SafetensorsSource source[] = {{"block0/mlp0/kernel", 2, {3, COUNT / 3}, values},
                                        {"a \"name\"", 1, {0}, &nothing}};
    const SafetensorsNote note = {"vit_mpi.job", "[job]\nname = \"x\"\n"};
    Safetensors file;
    assert_ok(safetensors_write("written", source, 2, &note, 1));
    assert_ok(safetensors_open(&file, "written"));
    assert_int_equal(file.count, 2);
    assert_string_equal(safetensors_note(&file, "vit_mpi.job"), note.text);
    const SafetensorsTensor *tensor = safetensors_find(&file, source[0].name);
    assert_non_null(tensor);
    assert_int_equal(tensor->shape[1], COUNT / 3);
    assert_ok(safetensors_read(&file, tensor, read));
    assert_memory_equal(read, values, COUNT * sizeof *read);
    assert_int_equal(safetensors_find(&file, source[1].name)->count, 0);
    safetensors_close(&file);
    memory_free(read);
    memory_free(values);
}

static void what_cannot_be_written_leaves_the_old_file(void **state) {
    (void)state;
    const float value = 1.0f;
    const SafetensorsSource twice[] = {{"a", 0, {0}, &value}, {"a", 0, {0}, &value}};
    assert_ok(safetensors_write("written", twice, 1, NULL, 0));
    assert_int_equal(safetensors_write("written", twice, 2, NULL, 0), STATUS_INTERNAL);
    assert_non_null(strstr(status_message(), "two tensors are called 'a'"));
    assert_int_equal(safetensors_write("absent/x", twice, 1, NULL, 0), STATUS_IO);
    Safetensors file;
    assert_ok(safetensors_open(&file, "written"));
    assert_int_equal(file.count, 1);
    safetensors_close(&file);
    assert_int_not_equal(access("written.tmp", F_OK), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(what_the_format_forbids_is_refused),
        test_in_folder(so_is_a_header_that_does_not_fit),
        test_in_folder(an_empty_file_and_empty_tensors_are_sound),
        test_in_folder(each_type_has_its_numbers),
        test_in_folder(types_that_are_not_read_are_named),
        test_in_folder(the_bytes_are_those_of_the_format),
        test_in_folder(what_is_written_is_read),
        test_in_folder(what_cannot_be_written_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
