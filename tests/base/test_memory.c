#include "vit/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* AddressSanitizer asks for this; by default it ends a program that wants too much. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
    return "allocator_may_return_null=1";
}

static void arrays_are_aligned_and_zero(void **state) {
    (void)state;
    for (size_t count = 0; count < 300; count++) {
        unsigned char *array = NULL;
        assert_int_equal(memory_allocate(&array, count, 3, "a test"), STATUS_OK);
        assert_non_null(array);
        assert_true((uintptr_t)array % MEMORY_ALIGNMENT == 0);
        for (size_t i = 0; i < 3 * count; i++)
            assert_int_equal(array[i], 0);
        memset(array, 0xff, 3 * count); /* so that a block used again is not zero by chance */
        memory_free(array);
    }
    memory_free(NULL);
}

static void expect_no_memory(size_t count, size_t size) {
    double *array = (double *)1;
    assert_int_equal(memory_allocate(&array, count, size, "the moon"), STATUS_INTERNAL);
    assert_null(array);
    assert_non_null(strstr(status_message(), "out of memory: the moon needs"));
}

static void too_much_is_an_error_that_says_what_for(void **state) {
    (void)state;
    expect_no_memory(SIZE_MAX, 1);
    expect_no_memory(SIZE_MAX / 2 + 1, 2); /* the product is 0 modulo 2^64 */
    expect_no_memory(SIZE_MAX - MEMORY_ALIGNMENT + 1, 1);
    expect_no_memory((size_t)1 << 62, 1);
    assert_non_null(strstr(status_message(), "4611686018427387904 bytes"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arrays_are_aligned_and_zero),
        cmocka_unit_test(too_much_is_an_error_that_says_what_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
