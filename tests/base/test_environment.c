#include "vit/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char name[] = "VIT_TEST";

typedef Status (*Read)(const char *name, size_t least, size_t most, size_t *value);

static void reads(Read read, const char *text, size_t wanted) {
    size_t value = 99;
    setenv(name, text, 1);
    assert_int_equal(read(name, 1, 64, &value), STATUS_OK);
    assert_int_equal(value, wanted);
}

static void refuses(Read read, const char *text, const char *allowed) {
    size_t value;
    setenv(name, text, 1);
    assert_int_equal(read(name, 1, 64, &value), STATUS_USAGE);
    assert_int_equal(value, 0);
    assert_non_null(strstr(status_message(), text));
    assert_ptr_equal(strstr(status_message(), "VIT_TEST = "), status_message());
    assert_non_null(strstr(status_message(), allowed));
}

static void numbers_are_whole_and_within_bounds(void **state) {
    (void)state;
    static const char *const bad[] = {
        "0", "65", "-1", "+3", "3x", "3.0", "0x3", "3 4", "x", " ", "99999999999999999999"};
    reads(environment_count, "1", 1);
    reads(environment_count, " 64\t", 64);
    reads(environment_count, "", 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refuses(environment_count, bad[i], "must be a whole number from 1 to 64");
        refuses(environment_counts, bad[i], "must be whole numbers from 1 to 64");
    }
    refuses(environment_count, "1,2", "must be a whole number");
}

static void of_a_list_the_first_is_told_and_all_are_checked(void **state) {
    (void)state;
    static const char *const bad[] = {"4,", ",4", "4,,2", "4,0", "4,x", "4;2"};
    reads(environment_counts, " 4 ", 4);
    reads(environment_counts, "4,2,1", 4);
    reads(environment_counts, " 4 , 2", 4);
    reads(environment_counts, "", 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t first;
        setenv(name, bad[i], 1);
        assert_int_equal(environment_counts(name, 1, 64, &first), STATUS_USAGE);
    }
}

static void words_are_told_by_their_place(void **state) {
    (void)state;
    static const char *const words[] = {"blis", "xsmm", "none", NULL};
    int word;
    setenv(name, "none", 1);
    assert_int_equal(environment_word(name, words, &word), STATUS_OK);
    assert_int_equal(word, 2);
    setenv(name, "", 1);
    assert_int_equal(environment_word(name, words, &word), STATUS_OK);
    assert_int_equal(word, -1);
    setenv(name, "BLIS", 1);
    assert_int_equal(environment_word(name, words, &word), STATUS_USAGE);
    assert_int_equal(word, -1);
    assert_string_equal(status_message(),
                        "VIT_TEST = 'BLIS' in the environment: must be blis, xsmm or none");
}

static void what_is_not_there_is_no_mistake(void **state) {
    (void)state;
    static const char *const words[] = {"blis", NULL};
    size_t value = 99;
    int word;
    unsetenv(name);
    assert_int_equal(environment_count(name, 1, 64, &value), STATUS_OK);
    assert_int_equal(value, 0);
    assert_int_equal(environment_counts(name, 1, 64, &value), STATUS_OK);
    assert_int_equal(value, 0);
    assert_int_equal(environment_word(name, words, &word), STATUS_OK);
    assert_int_equal(word, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_whole_and_within_bounds),
        cmocka_unit_test(of_a_list_the_first_is_told_and_all_are_checked),
        cmocka_unit_test(words_are_told_by_their_place),
        cmocka_unit_test(what_is_not_there_is_no_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
