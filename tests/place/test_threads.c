/* Threads are as many as was said, or there is an error. Started with OMP_THREAD_LIMIT=3. */

#include "vit/threads.h"

#include "check.h"
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static size_t threads_of_a_region(void) {
    size_t there = 0;
#pragma omp parallel
#pragma omp atomic
    there++;
    return there;
}

static void regions_have_the_threads_that_were_asked_for(void **state) {
    (void)state;
    omp_set_dynamic(1);
    for (size_t threads = 1; threads <= 3; threads++) {
        assert_ok(threads_start(threads));
        assert_int_equal(threads_of_a_region(), threads);
    }
    assert_false(omp_get_dynamic());
}

static void fewer_threads_than_were_asked_for_are_an_error(void **state) {
    (void)state;
    assert_int_equal(threads_start(4), STATUS_USAGE);
    assert_non_null(strstr(status_message(), "OpenMP gives 3 of the 4 threads"));
    assert_non_null(strstr(status_message(), "OMP_THREAD_LIMIT"));
    omp_set_max_active_levels(0);
    assert_int_equal(threads_start(2), STATUS_USAGE);
    assert_non_null(strstr(status_message(), "OpenMP gives 1 of the 2 threads"));
    omp_set_max_active_levels(1);
    assert_ok(threads_start(2));
}

/* More stacks than there are addresses. */
static void threads_that_the_system_cannot_make_are_an_error(void **state) {
    (void)state;
    setenv("OMP_STACKSIZE", "1024G", 1);
    assert_int_equal(threads_start(1000), STATUS_USAGE);
    assert_non_null(strstr(status_message(), "1000 threads"));
    assert_non_null(strstr(status_message(), "OMP_STACKSIZE"));
    unsetenv("OMP_STACKSIZE");
}

static Status check_with(const char *name, const char *value) {
    setenv(name, value, 1);
    const Status status = threads_check_environment();
    unsetenv(name);
    return status;
}

static void the_environment_is_checked(void **state) {
    (void)state;
    static const char *const sizes[] = {"256K", "262144B", "512", " 2 M ", "1g", "4m", ""};
    static const char *const wrong_sizes[] = {"255K",
                                              "255",
                                              "1B",
                                              "2T",
                                              "2MB",
                                              "M",
                                              "2 M 3",
                                              "1025G",
                                              "-2M",
                                              "0",
                                              "2M2",
                                              " ",
                                              "99999999999999999999"};
    static const char *const counts[] = {"4", " 4 ", "4,2", "4096", ""};
    static const char *const wrong_counts[] = {"0", "4097", "99999", "4x", "all", "4,"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_ok(check_with("OMP_STACKSIZE", sizes[i]));
    for (size_t i = 0; i < sizeof wrong_sizes / sizeof *wrong_sizes; i++) {
        assert_int_equal(check_with("OMP_STACKSIZE", wrong_sizes[i]), STATUS_USAGE);
        assert_non_null(strstr(status_message(), "must be a size from 256K to 1024G"));
    }
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        assert_ok(check_with("OMP_NUM_THREADS", counts[i]));
    for (size_t i = 0; i < sizeof wrong_counts / sizeof *wrong_counts; i++)
        assert_int_equal(check_with("OMP_NUM_THREADS", wrong_counts[i]), STATUS_USAGE);
    assert_int_equal(check_with("OMP_THREAD_LIMIT", "0"), STATUS_USAGE);
    assert_ok(check_with("OMP_THREAD_LIMIT", "4294967295")); /* GCC's own default */
    assert_int_equal(check_with("GOMP_STACKSIZE", "16K"), STATUS_USAGE);
    assert_non_null(strstr(status_message(), "GOMP_STACKSIZE = '16K'"));
    setenv("OMP_STACKSIZE", "1M", 1);
    assert_ok(check_with("GOMP_STACKSIZE", "16K")); /* not looked at */
    unsetenv("OMP_STACKSIZE");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions_have_the_threads_that_were_asked_for),
        cmocka_unit_test(fewer_threads_than_were_asked_for_are_an_error),
        cmocka_unit_test(threads_that_the_system_cannot_make_are_an_error),
        cmocka_unit_test(the_environment_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
