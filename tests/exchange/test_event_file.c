/* TensorBoard's event files, read back by a reader of their own. */

#include "vit/event_file.h"

#include "exchange/event_reader.h"
#include "folder.h"
#include "vit/file.h"
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* The reader itself, by the published values. */
static void the_reader_knows_the_published_checksums(void **state) {
    (void)state;
    static const uint8_t zeros[32];
    static const char text[] = "\x1a\x11"
                               "CRC test, one two";
    assert_int_equal(reader_crc((Bytes){zeros, zeros + sizeof zeros}), 0x8a9136aau);
    const uint8_t *at = (const uint8_t *)text;
    assert_int_equal(reader_masked((Bytes){at, at + sizeof text - 1}), 0x5794d08au);
}

static EventFile make(uint64_t step) {
    EventFile file;
    assert_ok(event_file_create(&file, ".", step, 1.0));
    return file;
}

static void add_loss(EventFile *file, uint64_t step, double loss) {
    const EventScalar scalar[] = {{"a/loss", loss}, {"a/none", NAN}, {"a/rate", 0.5}};
    event_file_add(file, 2.0, step, scalar, 3);
}

/* In place of the C library's. */
static const char *host_name = "host";

int gethostname(char *name, size_t bytes) {
    snprintf(name, bytes, "%s", host_name);
    return 0;
}

static void check_name(const char *host, const char *called) {
    char wanted[FILE_PATH_MAX];
    host_name = host;
    EventFile file = make(1), other = make(1);
    snprintf(wanted, sizeof wanted, "./events.out.tfevents.0000000001.%s.%ld.0", called,
             (long)getpid());
    assert_string_equal(file.path, wanted);
    assert_string_not_equal(file.path, other.path);
    assert_true(file_exists(file.path));
    assert_int_equal(remove(file.path), 0);
    assert_int_equal(remove(other.path), 0);
    event_file_close(&file);
    event_file_close(&file);
    event_file_close(&other);
}

static void a_file_is_called_as_tensorboard_looks_for_it(void **state) {
    (void)state;
    check_name("node-7.site_2.example", "node-7.site_2.example");
    check_name("../a b\n\303\244", ".._a_b___");
}

static void it_begins_with_version_and_step(void **state) {
    (void)state;
    /* As TensorBoard's own writer makes it, of time 1.0. */
    static const char first[] = "\x18\0\0\0\0\0\0\0\xa3\x7f\x4b\x22"
                                "\x09\0\0\0\0\0\0\xf0\x3f\x1a\x0d"
                                "brain.Event:2"
                                "\x86\xbf\x57\x7a";
    EventFile file = make(529);
    char path[FILE_PATH_MAX];
    snprintf(path, sizeof path, "%s", file.path);
    assert_ok(event_file_flush(&file));
    size_t bytes;
    uint8_t *content = message_load(path, &bytes);
    Bytes rest = {content, content + bytes}, record = {0};
    assert_memory_equal(content, first, sizeof first - 1);
    assert_true(reader_next(&rest, &record) && reader_next(&rest, &record));
    assert_int_equal(message_find(record, 2).value, 529);
    assert_int_equal(message_find(message_find(record, 7).bytes, 1).value, 1); /* START */
    assert_false(reader_next(&rest, &record));
    memory_free(content);
    event_file_close(&file);
}

/* Records of a file behind the first two; the last one's loss. */
static size_t scalars_in(const char *path, float *loss, bool *whole) {
    size_t bytes, count = 0;
    uint8_t *content = message_load(path, &bytes);
    Bytes rest = {content, content + bytes}, record = {0};
    assert_true(reader_next(&rest, &record) && reader_next(&rest, &record));
    while (reader_next(&rest, &record)) {
        const Bytes summary = message_find(record, 5).bytes;
        *loss = reader_float(message_find(message_find(summary, 1).bytes, 2).bytes);
        count++;
    }
    *whole = count_of(rest) == 0;
    memory_free(content);
    return count;
}

static void what_is_flushed_can_be_read_while_more_is_added(void **state) {
    (void)state;
    EventFile file = make(1);
    float loss = 0;
    bool whole;
    add_loss(&file, 1, 3.5);
    assert_ok(event_file_flush(&file));
    add_loss(&file, 2, 2.5);
    assert_int_equal(scalars_in(file.path, &loss, &whole), 1);
    assert_true(whole && loss == 3.5f);
    assert_ok(event_file_flush(&file));
    assert_int_equal(scalars_in(file.path, &loss, &whole), 2);
    assert_true(whole && loss == 2.5f);
    event_file_close(&file);
}

/* [{"a/loss", 1.0}, {"a/rate", 0.5}]: a value that is none has no place in a curve. */
static void what_is_no_number_is_left_out(void **state) {
    (void)state;
    EventFile file = make(1);
    add_loss(&file, 7, 1.0);
    assert_ok(event_file_flush(&file));
    size_t bytes;
    uint8_t *content = message_load(file.path, &bytes);
    Bytes rest = {content, content + bytes}, record = {0};
    for (int i = 0; i < 3; i++)
        assert_true(reader_next(&rest, &record));
    assert_int_equal(message_find(record, 2).value, 7);
    Bytes summary = message_find(record, 5).bytes;
    Field value = {0};
    static const char *const tags[] = {"a/loss", "a/rate"};
    for (int i = 0; i < 2; i++) {
        assert_true(message_next(&summary, &value));
        assert_true(is_text(message_find(value.bytes, 1).bytes, tags[i]));
    }
    assert_false(message_next(&summary, &value));
    memory_free(content);
    event_file_close(&file);
}

static void check_limit(rlim_t bytes) {
    const struct rlimit limit = {bytes, RLIM_INFINITY};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A full disk cuts a record: readers take what is before it, and what goes on is another file. */
static void a_record_that_is_cut_ends_a_file(void **state) {
    (void)state;
    EventFile file = make(1);
    char path[FILE_PATH_MAX];
    float loss = 0;
    bool whole;
    snprintf(path, sizeof path, "%s", file.path);
    add_loss(&file, 1, 3.5);
    assert_ok(event_file_flush(&file));
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    signal(SIGXFSZ, SIG_IGN);
    check_limit((rlim_t)about.st_size + 20);
    add_loss(&file, 2, 2.5);
    assert_int_equal(event_file_flush(&file), STATUS_IO);
    assert_non_null(strstr(status_message(), "events.out.tfevents"));
    assert_int_equal(file.descriptor, -1);
    check_limit(RLIM_INFINITY);
    assert_int_equal(scalars_in(path, &loss, &whole), 1);
    assert_true(!whole && loss == 3.5f);
}

static void nothing_is_left_where_nothing_can_be_written(void **state) {
    (void)state;
    EventFile file = make(1);
    char path[FILE_PATH_MAX];
    struct stat about;
    snprintf(path, sizeof path, "%s", file.path);
    signal(SIGXFSZ, SIG_IGN);
    check_limit(0);
    assert_int_equal(event_file_flush(&file), STATUS_IO);
    check_limit(RLIM_INFINITY);
    assert_int_equal(stat(path, &about), -1);
    assert_int_equal(event_file_create(&file, "none", 1, 1.0), STATUS_IO);
    assert_int_equal(file.descriptor, -1);
    event_file_close(&file);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(the_reader_knows_the_published_checksums),
        test_in_folder(a_file_is_called_as_tensorboard_looks_for_it),
        test_in_folder(it_begins_with_version_and_step),
        test_in_folder(what_is_flushed_can_be_read_while_more_is_added),
        test_in_folder(what_is_no_number_is_left_out),
        test_in_folder(a_record_that_is_cut_ends_a_file),
        test_in_folder(nothing_is_left_where_nothing_can_be_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
