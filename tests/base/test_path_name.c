/* What messages call a path that says nothing to people. */

#include "check.h"
#include "vit/path_name.h"

#define PATH "/proc/self/fd/7"

static int forget(void **state) {
    (void)state;
    path_name_set("", "");
    return 0;
}

static void assert_says(const char *before, const char *after) {
    char text[64];
    snprintf(text, sizeof text, "%s", before);
    path_name_apply(text, sizeof text);
    assert_string_equal(text, after);
}

static void a_path_is_called_by_its_name_wherever_it_stands(void **state) {
    (void)state;
    assert_says(PATH "/a", PATH "/a");
    path_name_set(PATH, "out");
    assert_says("", "");
    assert_says("nothing of it", "nothing of it");
    assert_says(PATH, "out");
    assert_says(PATH "/a: no room for " PATH "/b", "out/a: no room for out/b");
    path_name_set(PATH, "a/longer/name/than/it");
    assert_says("in " PATH "/a", "in a/longer/name/than/it/a");
    path_name_set("", "");
    assert_says(PATH "/a", PATH "/a");
}

static void other_paths_keep_their_names(void **state) {
    (void)state;
    path_name_set(PATH, "out");
    assert_says(PATH "1/a " PATH "/a", PATH "1/a out/a");
}

static void a_name_that_holds_the_path_is_put_once(void **state) {
    (void)state;
    path_name_set(PATH, PATH "/x");
    assert_says(PATH, PATH "/x");
}

static void what_does_not_fit_is_cut(void **state) {
    (void)state;
    path_name_set(PATH, "abcdefghijklmnopqrstuvwxyz");
    char text[24] = PATH "/last";
    for (size_t bytes = strlen(text) + 1; bytes <= sizeof text; bytes++) {
        snprintf(text, sizeof text, PATH "/last");
        path_name_apply(text, bytes);
        assert_int_equal(strlen(text), bytes - 1);
        assert_memory_equal(text, "abcdefghijklmnopqrstuvwxyz", bytes - 1);
    }
    path_name_set(PATH, "0123456789abcdefghi");
    snprintf(text, sizeof text, PATH "/last");
    path_name_apply(text, sizeof text);
    assert_string_equal(text, "0123456789abcdefghi/las");
}

static void failures_are_told_by_name(void **state) {
    (void)state;
    path_name_set(PATH, "out");
    assert_int_equal(status_fail(STATUS_IO, "%s/a: disk full", PATH), STATUS_IO);
    assert_string_equal(status_message(), "out/a: disk full");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_path_is_called_by_its_name_wherever_it_stands, forget),
        cmocka_unit_test_teardown(other_paths_keep_their_names, forget),
        cmocka_unit_test_teardown(a_name_that_holds_the_path_is_put_once, forget),
        cmocka_unit_test_teardown(what_does_not_fit_is_cut, forget),
        cmocka_unit_test_teardown(failures_are_told_by_name, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
