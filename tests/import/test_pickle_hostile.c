/* Pickles that were made to do harm: they are refused, or read within bounds of memory. */

#define _GNU_SOURCE
#include "pickle.h"

#include "sample.h"
#include <malloc.h>

/* ---- memory, counted ---- */

static size_t held, peak;

Status __real_memory_allocate(void *array, size_t count, size_t size, const char *what);
Status __wrap_memory_allocate(void *array, size_t count, size_t size, const char *what);
Status __wrap_memory_allocate(void *array, size_t count, size_t size, const char *what) {
    const Status status = __real_memory_allocate(array, count, size, what);
    held += malloc_usable_size(*(void **)array);
    peak = held > peak ? held : peak;
    return status;
}

void __real_memory_free(void *array);
void __wrap_memory_free(void *array);
void __wrap_memory_free(void *array) {
    held -= malloc_usable_size(array);
    __real_memory_free(array);
}

/* What pickle.h promises; an allocator adds 8 bytes to 64. */
static size_t bound(size_t count) {
    return (64 * count + (1 << 20)) / 8 * 9 + 4096;
}

/* Looks at every byte that can be reached through one value after another, `steps` of them at most;
 * containers that hold themselves make that many. */
static size_t touch(const PickleValue *value, size_t steps) {
    size_t sum = 0;
    while (steps-- > 0) {
        if (value->type == PICKLE_TEXT)
            for (size_t i = 0; i < value->text.count; i++)
                sum += value->text.bytes[i];
        if (value->type == PICKLE_ARRAY)
            for (size_t i = 0; i < value->array->byte_count; i++)
                sum += value->array->bytes[i];
        const bool holds =
            value->type == PICKLE_LIST || value->type == PICKLE_TUPLE || value->type == PICKLE_DICT;
        if (!holds || value->items->count == 0)
            break;
        value = &value->items->item[steps % value->items->count];
    }
    return sum;
}

static Status read_bounded(const uint8_t *bytes, size_t count) {
    Pickle *pickle;
    held = peak = 0;
    const Status status = pickle_read("a.pickle", bytes, count, &pickle);
    assert_true(status == STATUS_OK || status == STATUS_DATA);
    if (status == STATUS_OK)
        for (size_t steps = 1; steps < 20; steps++)
            touch(pickle_root(pickle), steps);
    pickle_free(pickle);
    assert_true(peak <= bound(count));
    assert_int_equal(held, 0);
    return status;
}

static void read_damaged(const uint8_t *bytes, size_t count) {
    read_bounded(bytes, count);
}

static void damage_is_refused_or_read_within_the_file(void **state) {
    (void)state;
    static const char *const names[] = {"cifar_python2.pickle", "cifar_protocol2.pickle",
                                        "cifar_protocol4.pickle", "cifar_protocol5.pickle"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const Sample sample = sample_file(names[i]);
        sample_damage(sample, read_damaged);
        sample_free(sample);
    }
}

static void no_beginning_of_a_pickle_is_one(void **state) {
    (void)state;
    const Sample sample = sample_file("cifar_protocol4.pickle");
    for (size_t count = 0; count < sample.count; count++) {
        const Sample cut = sample_of(sample.bytes, count);
        assert_int_equal(read_bounded(cut.bytes, count), STATUS_DATA);
        sample_free(cut);
    }
    assert_int_equal(read_bounded(sample.bytes, sample.count), STATUS_OK);
    sample_free(sample);
}

/* ---- made here ---- */

typedef struct Stream {
    size_t count, room;
    uint8_t *bytes;
} Stream;

static void stream_add(Stream *stream, const void *bytes, size_t count) {
    if (stream->count + count > stream->room) {
        stream->room = 2 * (stream->count + count);
        stream->bytes = realloc(stream->bytes, stream->room);
        assert_non_null(stream->bytes);
    }
    memcpy(stream->bytes + stream->count, bytes, count);
    stream->count += count;
}

#define ADD(stream, literal) stream_add(stream, literal, sizeof(literal) - 1)
#define ADD_TIMES(stream, times, literal)                                                          \
    for (size_t time_ = 0; time_ < (times); time_++)                                               \
    ADD(stream, literal)

/* The stream, in memory of its own size. */
static Sample stream_end(Stream *stream) {
    const Sample sample = sample_of(stream->bytes, stream->count);
    free(stream->bytes);
    *stream = (Stream){0};
    return sample;
}

static Status outcome(Sample sample) {
    const Status status = read_bounded(sample.bytes, sample.count);
    sample_free(sample);
    return status;
}

static const size_t million = 1000000;

static void marks_are_refused_beyond_256(void **state) {
    (void)state;
    Stream stream = {0};
    ADD(&stream, "\x80\x02");
    ADD_TIMES(&stream, 256, "(");
    ADD_TIMES(&stream, 256, "t");
    ADD(&stream, ".");
    assert_ok(outcome(stream_end(&stream)));
    ADD(&stream, "\x80\x02");
    ADD_TIMES(&stream, million, "](");
    assert_refused(outcome(stream_end(&stream)), "byte 515: nested more than 256 deep");
}

/* Lists in lists, which need no mark. */
static void nothing_recurses_into_deep_values(void **state) {
    (void)state;
    static const size_t depths[] = {100, 8000, 1000000};
    for (size_t i = 0; i < 3; i++) {
        Stream stream = {0};
        ADD(&stream, "\x80\x02");
        ADD_TIMES(&stream, depths[i], "]");
        ADD_TIMES(&stream, depths[i] - 1, "a");
        ADD(&stream, ".");
        const Status status = outcome(stream_end(&stream));
        assert_int_equal(status, depths[i] < million ? STATUS_OK : STATUS_DATA);
    }
    assert_non_null(strstr(status_message(), "more memory would be needed"));
}

static void a_million_values_take_no_more_than_the_bound(void **state) {
    (void)state;
    Stream stream = {0};
    ADD(&stream, "\x80\x02");
    ADD_TIMES(&stream, million, "N");
    ADD(&stream, ".");
    assert_refused(outcome(stream_end(&stream)), "ends with values: 1000000, marks: 0");
    ADD(&stream, "\x80\x02N");
    ADD_TIMES(&stream, million, "\x85");
    ADD(&stream, ".");
    assert_refused(outcome(stream_end(&stream)), "more memory would be needed");
    /* These do no harm, and the bound is not in their way: labels, and values of a byte each. */
    ADD(&stream, "\x80\x02(");
    ADD_TIMES(&stream, million, "N");
    ADD(&stream, "t.");
    assert_ok(outcome(stream_end(&stream)));
    ADD(&stream, "\x80\x02](");
    ADD_TIMES(&stream, million, "K\x07");
    ADD(&stream, "e.");
    assert_ok(outcome(stream_end(&stream)));
}

/* One text of 4,096 bytes, decoded again and again by eight. */
static void a_text_that_is_decoded_often_takes_no_more_than_the_bound(void **state) {
    (void)state;
    static const size_t times[] = {10, 5000};
    for (size_t i = 0; i < 2; i++) {
        Stream stream = {0};
        ADD(&stream, "\x80\x02(c_codecs\nencode\nq\x01U\x06latin1q\x02X\x00\x10\x00\x00");
        ADD_TIMES(&stream, 4096, "x");
        ADD(&stream, "q\x03");
        ADD_TIMES(&stream, times[i], "h\x01h\x03h\x02\x86R");
        ADD(&stream, "t.");
        const Status status = outcome(stream_end(&stream));
        assert_int_equal(status, i == 0 ? STATUS_OK : STATUS_DATA);
    }
    assert_non_null(strstr(status_message(), "more memory would be needed"));
}

static void the_memo_grows_no_faster_than_the_file(void **state) {
    (void)state;
    Stream stream = {0};
    ADD(&stream, "\x80\x02X\xa0\x86\x01\x00"); /* 100,000 bytes */
    ADD_TIMES(&stream, 100000, "x");
    ADD(&stream, "r\x50\xc3\x00\x00."); /* 50,000 */
    assert_ok(outcome(stream_end(&stream)));
    ADD(&stream, "\x80\x02Nr\x00\x28\x6b\xee."); /* 4,000,000,000 */
    assert_refused(outcome(stream_end(&stream)), "memo entry 4000000000");
}

static void lengths_beyond_the_file_are_refused(void **state) {
    (void)state;
    static const char opcodes[] = "\x8d\x8e\x95\x96";
    for (size_t i = 0; i < 4; i++) {
        uint8_t bytes[] = {0x80, 5, (uint8_t)opcodes[i], 0, 0, 0, 0, 0, 0, 0, 0x80, 'x', '.'};
        assert_refused(
            outcome(sample_of(bytes, sizeof bytes)),
            "byte 2: 9223372036854775808 bytes are to follow from byte 11 on, but 2 are");
        memset(bytes + 3, 0xff, 8);
        assert_refused(outcome(sample_of(bytes, sizeof bytes)), "18446744073709551615 bytes");
        memset(bytes + 3, 0, 8);
        bytes[3] = 3;
        assert_refused(outcome(sample_of(bytes, sizeof bytes)), "3 bytes are to follow");
    }
    assert_refused(outcome(SAMPLE("\x80\x02T\xff\xff\xff\xffx.")),
                   "4294967295 bytes are to follow");
    assert_refused(outcome(SAMPLE("\x80\x02\x8b\xff\xff\xff\xffx.")), "an integer of 4294967295");
}

static void values_may_hold_themselves(void **state) {
    (void)state;
    const Sample sample = SAMPLE("\x80\x02]q\x01h\x01"
                                 "ah\x01"
                                 "a.");
    Pickle *pickle;
    assert_ok(pickle_read("a.pickle", sample.bytes, sample.count, &pickle));
    const PickleValue *root = pickle_root(pickle);
    assert_int_equal(root->items->count, 2);
    assert_ptr_equal(root->items->item[0].items, root->items);
    assert_ptr_equal(root->items->item[1].items, root->items);
    pickle_free(pickle);
    sample_free(sample);
    assert_ok(outcome(SAMPLE("\x80\x02}q\x01U\x01"
                             "ah\x01sh\x01h\x01s.")));
    assert_ok(outcome(SAMPLE("\x80\x02]q\x01h\x01\x85"
                             "a.")));
}

static void a_dict_may_have_100000_keys(void **state) {
    (void)state;
    Stream stream = {0};
    ADD(&stream, "\x80\x02}(");
    for (unsigned i = 0; i < 100000; i++) {
        char pair[16];
        snprintf(pair, sizeof pair, "U\x05%05uM%c%c", i, (int)(i & 255), (int)(i >> 8 & 255));
        stream_add(&stream, pair, 10);
    }
    ADD(&stream, "u.");
    const Sample sample = stream_end(&stream);
    assert_int_equal(read_bounded(sample.bytes, sample.count), STATUS_OK);
    Pickle *pickle;
    assert_ok(pickle_read("a.pickle", sample.bytes, sample.count, &pickle));
    assert_int_equal(pickle_get(pickle_root(pickle), "00000")->integer, 0);
    assert_int_equal(pickle_get(pickle_root(pickle), "43210")->integer, 43210);
    assert_int_equal(pickle_get(pickle_root(pickle), "99999")->integer, 99999 % 65536);
    assert_null(pickle_get(pickle_root(pickle), "100000"));
    pickle_free(pickle);
    sample_free(sample);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damage_is_refused_or_read_within_the_file),
        cmocka_unit_test(no_beginning_of_a_pickle_is_one),
        cmocka_unit_test(marks_are_refused_beyond_256),
        cmocka_unit_test(nothing_recurses_into_deep_values),
        cmocka_unit_test(a_million_values_take_no_more_than_the_bound),
        cmocka_unit_test(a_text_that_is_decoded_often_takes_no_more_than_the_bound),
        cmocka_unit_test(the_memo_grows_no_faster_than_the_file),
        cmocka_unit_test(lengths_beyond_the_file_are_refused),
        cmocka_unit_test(values_may_hold_themselves),
        cmocka_unit_test(a_dict_may_have_100000_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
