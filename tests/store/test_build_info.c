#include "vit/build_info.h"

#include "check.h"
#include "vit/gemm.h"
#include "vit/version.h"
#include <time.h>

static void it_tells_of_this_program_here_and_now(void **state) {
    (void)state;
    char before[64], after[64];
    time_t now = time(NULL);
    strftime(before, sizeof before, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    const BuildInfo build = build_info_make("node17", 16, 4);
    now = time(NULL);
    strftime(after, sizeof after, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
    assert_string_equal(build.version, version_text);
    assert_string_equal(build.compiler, version_compiler);
    assert_string_equal(build.gemm, gemm_description());
    assert_true(build.kernels[0] != '\0');
    assert_string_equal(build.host, "node17");
    assert_int_equal(build.ranks, 16);
    assert_int_equal(build.threads, 4);
    assert_true(strcmp(before, build.date) <= 0 && strcmp(build.date, after) <= 0);
}

static void a_long_host_is_cut(void **state) {
    (void)state;
    char host[1000];
    memset(host, 'x', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    const BuildInfo build = build_info_make(host, 1, 1);
    assert_int_equal(strlen(build.host), sizeof build.host - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_tells_of_this_program_here_and_now),
        cmocka_unit_test(a_long_host_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
