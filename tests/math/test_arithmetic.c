/* What ranks of made-up processors and environments compute with together. */

#include "vit/arithmetic.h"

#include "check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOT_ASKED = -1, AVX2_TARGET = 1006, AVX512_TARGET = 1020 };

static Arithmetic processor(CpuLevel able, const char *blis) {
    Arithmetic one = {.able = (int)able, .wanted = NOT_ASKED};
    one.gemm.xsmm = able != CPU_PORTABLE;
    one.gemm.xsmm_target = able == CPU_AVX512 ? AVX512_TARGET : AVX2_TARGET;
    snprintf(one.gemm.xsmm_version, GEMM_NAME, "1.17");
    snprintf(one.gemm.blis_version, GEMM_NAME, "0.9.0");
    snprintf(one.gemm.blis, GEMM_NAME, "%s", blis);
    snprintf(one.gemm.blis_own, GEMM_NAME, "%s", blis);
    for (int level = 0; level <= (int)able; level++)
        one.gemm.blis_can[level] = true;
    return one;
}

static Arithmetic skylake(void) {
    return processor(CPU_AVX512, "skx");
}

static Arithmetic zen3(void) {
    return processor(CPU_AVX2, "zen3");
}

static void equal_ranks_keep_what_they_have(void **state) {
    (void)state;
    const Arithmetic rank[] = {zen3(), zen3(), zen3()};
    ArithmeticChoice choice;
    assert_ok(arithmetic_join(rank, 3, &choice));
    assert_int_equal(choice.level, CPU_AVX2);
    assert_true(choice.gemm.xsmm);
    assert_int_equal(choice.gemm.xsmm_target, AVX2_TARGET);
    assert_string_equal(choice.gemm.blis, "zen3");
    assert_int_equal(choice.lesser, -1);
}

static void mixed_processors_do_the_least_that_all_can(void **state) {
    (void)state;
    const Arithmetic rank[] = {skylake(), skylake(), processor(CPU_AVX2, "haswell")};
    const Arithmetic turned[] = {zen3(), skylake()};
    const Arithmetic without[] = {skylake(), processor(CPU_PORTABLE, "generic")};
    ArithmeticChoice choice;
    assert_ok(arithmetic_join(rank, 3, &choice));
    assert_int_equal(choice.level, CPU_AVX2);
    assert_int_equal(choice.gemm.xsmm_target, AVX2_TARGET);
    assert_string_equal(choice.gemm.blis, "haswell");
    assert_int_equal(choice.lesser, 2);
    /* zen3's own kernels do not run everywhere. */
    assert_ok(arithmetic_join(turned, 2, &choice));
    assert_string_equal(choice.gemm.blis, "haswell");
    assert_ok(arithmetic_join(without, 2, &choice));
    assert_int_equal(choice.level, CPU_PORTABLE);
    assert_false(choice.gemm.xsmm);
    assert_string_equal(choice.gemm.blis, "generic");
    assert_int_equal(choice.lesser, 1);
}

static void what_one_rank_is_asked_for_holds_for_all(void **state) {
    (void)state;
    Arithmetic rank[] = {skylake(), skylake(), skylake()};
    ArithmeticChoice choice;
    rank[1].wanted = CPU_AVX2;
    assert_ok(arithmetic_join(rank, 3, &choice));
    assert_int_equal(choice.level, CPU_AVX2);
    assert_int_equal(choice.lesser, 1);
    rank[1].gemm.xsmm = false; /* VIT_GEMM=blis */
    assert_ok(arithmetic_join(rank, 3, &choice));
    assert_false(choice.gemm.xsmm);
    snprintf(rank[2].gemm.blis, GEMM_NAME, "generic");
    rank[2].gemm.blis_wanted = true;
    assert_ok(arithmetic_join(rank, 3, &choice));
    assert_string_equal(choice.gemm.blis, "generic");
}

static void refused(const Arithmetic *rank, size_t ranks, Status code, const char *says) {
    ArithmeticChoice choice;
    assert_int_equal(arithmetic_join(rank, ranks, &choice), code);
    if (!strstr(status_message(), says))
        fail_msg("\"%s\" does not say \"%s\"", status_message(), says);
}

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    Arithmetic rank[] = {skylake(), zen3(), skylake()};
    rank[0].wanted = CPU_AVX2;
    rank[2].wanted = CPU_PORTABLE;
    refused(rank, 3, STATUS_USAGE, "AVX2 on rank 0 and for portable on rank 2");
    rank[2].wanted = NOT_ASKED;
    rank[0].wanted = CPU_AVX512;
    refused(rank, 3, STATUS_USAGE, "AVX-512 on rank 0, but the processor of rank 1 has no more");
    rank[0].wanted = NOT_ASKED;
    rank[1].gemm.blis_wanted = true; /* for zen3, which no other runs */
    refused(rank, 3, STATUS_USAGE, "zen3 on some ranks (BLIS_ARCH_TYPE), but skx on rank 0");
    rank[1].gemm.blis_wanted = false;
    rank[1].gemm.blis[0] = '\0';
    refused(rank, 3, STATUS_USAGE, "no kernels that run on the processor of rank 1");
    rank[1].gemm.blis_wanted = true;
    refused(rank, 3, STATUS_USAGE, "of rank 1, or not those of BLIS_ARCH_TYPE");
    rank[1] = skylake();
    snprintf(rank[1].problem, sizeof rank[1].problem, "VIT_GEMM = foo");
    rank[1].gemm.blis[0] = '\0'; /* nothing else is known of it */
    refused(rank, 3, STATUS_USAGE, "rank 1: VIT_GEMM = foo");
    rank[1] = skylake();
    snprintf(rank[1].gemm.xsmm_version, GEMM_NAME, "1.16");
    refused(rank, 3, STATUS_CONFIG, "LIBXSMM 1.17, rank 1 BLIS 0.9.0 and LIBXSMM 1.16");
}

/* Each variable with a word or number of its own, one that nobody knows, and none. */
static void the_environment_is_checked(void **state) {
    (void)state;
    static const struct {
        const char *name, *good, *bad, *allowed;
    } variable[] = {{"VIT_KERNELS", "portable", "sse9", "must be portable, avx2 or avx512"},
                    {"VIT_GEMM", "blis", "foo", "must be blis or xsmm"},
                    {"BLIS_ARCH_TYPE", "", "haswell", "must be a whole number from 0 to "},
                    {"BLIS_ARCH_TYPE", "", "9999", "must be a whole number from 0 to "}};
    Arithmetic own;
    for (size_t i = 0; i < sizeof variable / sizeof *variable; i++) {
        const char *name = variable[i].name;
        setenv(name, variable[i].good, 1);
        arithmetic_survey(&own);
        assert_string_equal(own.problem, "");
        setenv(name, variable[i].bad, 1);
        arithmetic_survey(&own);
        refused(&own, 1, STATUS_USAGE, variable[i].allowed);
        if (!strstr(status_message(), name) || !strstr(status_message(), variable[i].bad))
            fail_msg("\"%s\" does not name %s", status_message(), name);
        unsetenv(name);
    }
    arithmetic_survey(&own);
    assert_string_equal(own.problem, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_ranks_keep_what_they_have),
        cmocka_unit_test(mixed_processors_do_the_least_that_all_can),
        cmocka_unit_test(what_one_rank_is_asked_for_holds_for_all),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(the_environment_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
