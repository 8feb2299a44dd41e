#ifndef VIT_TEST_CHECK_H
#define VIT_TEST_CHECK_H

/* What the cmocka tests share: its header with all that it needs before it, arrays, numbers to fill
 * them. */

#include "vit/memory.h"
#include "vit/random.h"
#include "vit/status.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define assert_ok(call) check_ok((call), #call, __FILE__, __LINE__)

static inline void check_ok(Status status, const char *what, const char *file, int line) {
    if (status != STATUS_OK)
        print_error("%s: status %d: %s\n", what, (int)status, status_message());
    _assert_int_equal(status, STATUS_OK, file, line);
}

static inline void *test_array(size_t count, size_t size) {
    void *array = NULL;
    assert_ok(memory_allocate(&array, count, size, "a test's array"));
    return array;
}

/* count floats, uniform in [-limit, limit), a function of the seed. */
static inline float *test_values(size_t count, float limit, uint64_t seed) {
    float *values = test_array(count, sizeof *values);
    const RandomStream stream = random_stream(seed, RANDOM_INITIAL_VALUES, 0, 0, 0);
    for (size_t i = 0; i < count; i++) {
        uint32_t words[4];
        random_block(stream, (uint32_t)i, words);
        values[i] = (2.0f * random_unit(words[0]) - 1.0f) * limit;
    }
    return values;
}

#endif
