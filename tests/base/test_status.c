#include "vit/status.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_failure_returns_its_code_and_leaves_its_message(void **state) {
    (void)state;
    assert_string_equal(status_message(), "");
    assert_int_equal(status_fail(STATUS_DATA, "%s: row %d", "a.h5", 7), STATUS_DATA);
    assert_string_equal(status_message(), "a.h5: row 7");
}

static void a_message_can_be_put_into_the_next(void **state) {
    (void)state;
    status_fail(STATUS_IO, "disk full");
    status_fail(STATUS_IO, "epoch 3: %s", status_message());
    assert_string_equal(status_message(), "epoch 3: disk full");
}

/* Whoever named a file or a class may have put anything into it. */
static void what_cannot_be_seen_is_spelled(void **state) {
    (void)state;
    static const struct {
        const char *text, *shown;
    } wanted[] = {
        {"a\r\n\tb", "a\\r\\n\\tb"},
        {"\033[31mred\007\177", "\\x1b[31mred\\x07\\x7f"},
        {"5\xc2\xa0 km", "5U+00A0 km"},
        {"\xef\xbb\xbf[job]", "U+FEFF[job]"},
        {"\xc2\x9b"
         "1m",
         "U+009B1m"},
        {"x\xe2\x80\xaey", "xU+202Ey"},
        {"caf\xc3\xa9 \xe5\x9b\xbe \xf0\x9f\x8c\xb3", "caf\xc3\xa9 \xe5\x9b\xbe \xf0\x9f\x8c\xb3"},
        {"caf\xe9", "caf\\xe9"},
        {"\xe5\x9b", "\\xe5\\x9b"},                            /* cut short */
        {"\xc0\xaf\xed\xa0\x80", "\\xc0\\xaf\\xed\\xa0\\x80"}, /* too long, a surrogate */
        {"a\\rb", "a\\rb"},
    };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        status_fail(STATUS_DATA, "%s", wanted[i].text);
        assert_string_equal(status_message(), wanted[i].shown);
        status_fail(STATUS_DATA, "%s", status_message());
        assert_string_equal(status_message(), wanted[i].shown);
    }
}

static void a_long_message_is_cut(void **state) {
    (void)state;
    static char text[10000];
    memset(text, 'x', sizeof text - 1);
    status_fail(STATUS_IO, "%s", text);
    assert_in_range(strlen(status_message()), 1000, sizeof text - 2);
}

static Status fail_after(Status first, int *reached) {
    STATUS_TRY(first);
    ++*reached;
    return STATUS_OK;
}

static void try_leaves_at_the_first_failure(void **state) {
    (void)state;
    int reached = 0;
    assert_int_equal(fail_after(STATUS_STOPPED, &reached), STATUS_STOPPED);
    assert_int_equal(reached, 0);
    assert_int_equal(fail_after(STATUS_OK, &reached), STATUS_OK);
    assert_int_equal(reached, 1);
}

static void *fail_elsewhere(void *seen) {
    *(bool *)seen = *status_message() != '\0';
    status_fail(STATUS_IO, "in the other thread");
    return NULL;
}

static void each_thread_has_its_own_message(void **state) {
    (void)state;
    pthread_t thread;
    bool seen = true;
    status_fail(STATUS_IO, "in this thread");
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_false(seen);
    assert_string_equal(status_message(), "in this thread");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_returns_its_code_and_leaves_its_message),
        cmocka_unit_test(a_message_can_be_put_into_the_next),
        cmocka_unit_test(what_cannot_be_seen_is_spelled),
        cmocka_unit_test(a_long_message_is_cut),
        cmocka_unit_test(try_leaves_at_the_first_failure),
        cmocka_unit_test(each_thread_has_its_own_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
