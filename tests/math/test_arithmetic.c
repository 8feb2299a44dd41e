/* What ranks of made-up processors and environments compute with together. */

#include "vit/arithmetic.h"

#include "check.h"
#include <stdio.h>
#include <string.h>

enum { NOT_ASKED = -1, UNKNOWN = -2, AVX2_TARGET = 1006, AVX512_TARGET = 1020 };

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
    rank[2].wanted = UNKNOWN;
    refused(rank, 3, STATUS_USAGE, "rank 2: portable, avx2 and avx512 are known");
    rank[2].wanted = NOT_ASKED;
    rank[1].gemm.blis_wanted = true; /* for zen3, which no other runs */
    refused(rank, 3, STATUS_USAGE, "zen3 on some ranks (BLIS_ARCH_TYPE), but skx on rank 0");
    rank[1].gemm.blis_wanted = false;
    rank[1].gemm.blis[0] = '\0';
    refused(rank, 3, STATUS_USAGE, "no kernels that run on the processor of rank 1");
    rank[1].gemm.blis_wanted = true;
    refused(rank, 3, STATUS_USAGE, "of rank 1, or not those of BLIS_ARCH_TYPE");
    rank[1] = skylake();
    rank[1].unknown = true;
    refused(rank, 3, STATUS_USAGE, "VIT_GEMM in the environment of rank 1");
    rank[1].unknown = false;
    snprintf(rank[1].gemm.xsmm_version, GEMM_NAME, "1.16");
    refused(rank, 3, STATUS_CONFIG, "LIBXSMM 1.17, rank 1 BLIS 0.9.0 and LIBXSMM 1.16");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_ranks_keep_what_they_have),
        cmocka_unit_test(mixed_processors_do_the_least_that_all_can),
        cmocka_unit_test(what_one_rank_is_asked_for_holds_for_all),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
