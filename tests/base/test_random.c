#include "vit/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

typedef struct KnownAnswer {
    uint32_t counter[4], key[2], words[4];
} KnownAnswer;

/* Random123's kat_vectors, philox4x32 with 10 rounds. */
static const KnownAnswer known_answers[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void the_published_answers_come_out(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof known_answers / sizeof *known_answers; i++) {
        const KnownAnswer *known = &known_answers[i];
        RandomStream stream = {.seed = (uint64_t)known->key[1] << 32 | known->key[0],
                               .who = known->counter[1],
                               .when = known->counter[2],
                               .where = known->counter[3]};
        uint32_t words[4];
        random_block(stream, known->counter[0], words);
        assert_memory_equal(words, known->words, sizeof words);
    }
}

static void a_stream_is_what_it_is_for(void **state) {
    (void)state;
    RandomStream stream = random_stream(5, RANDOM_DROPOUT, 6, 7, 0x123456);
    assert_true(stream.seed == 5 && stream.when == 6 && stream.who == 7);
    assert_true(stream.where == 0x04123456);
    assert_true(random_stream(0, RANDOM_SYNTH, 0, 0, 0xff000001).where == 0x05000001);
    /* Part of every published result. */
    assert_true(RANDOM_INITIAL_VALUES == 1 && RANDOM_EPOCH_ORDER == 2 && RANDOM_AUGMENT == 3 &&
                RANDOM_DROPOUT == 4 && RANDOM_SYNTH == 5 && RANDOM_MIX == 6 && RANDOM_CROP == 7 &&
                RANDOM_RAND_AUGMENT == 8 && RANDOM_ERASING == 9);
}

static void each_coordinate_matters(void **state) {
    (void)state;
    RandomStream streams[] = {random_stream(1, RANDOM_DROPOUT, 2, 3, 4),
                              random_stream(2, RANDOM_DROPOUT, 2, 3, 4),
                              random_stream(1 + (1ull << 32), RANDOM_DROPOUT, 2, 3, 4),
                              random_stream(1, RANDOM_AUGMENT, 2, 3, 4),
                              random_stream(1, RANDOM_DROPOUT, 3, 3, 4),
                              random_stream(1, RANDOM_DROPOUT, 2, 4, 4),
                              random_stream(1, RANDOM_DROPOUT, 2, 3, 5)};
    uint32_t first[4], words[4];
    random_block(streams[0], 0, first);
    random_block(streams[0], 1, words);
    assert_memory_not_equal(words, first, sizeof words);
    for (size_t i = 1; i < sizeof streams / sizeof *streams; i++) {
        random_block(streams[i], 0, words);
        assert_memory_not_equal(words, first, sizeof words);
    }
}

static void units_lie_in_the_half_open_interval(void **state) {
    (void)state;
    assert_true(random_unit(0) == 0.0f);
    assert_true(random_unit(0xff) == 0.0f);
    assert_true(random_unit(0x100) == 0x1p-24f);
    assert_true(random_unit(0x80000000) == 0.5f);
    assert_true(random_unit(0xffffffff) == 1.0f - 0x1p-24f);
}

static void whole_numbers_stay_below_their_bound(void **state) {
    (void)state;
    assert_true(random_below(0, 0, 7) == 0);
    assert_true(random_below(0xffffffff, 0xffffffff, 7) == 6);
    assert_true(random_below(0xffffffff, 0xffffffff, 1) == 0);
    assert_true(random_below(0x80000000, 0, 10) == 5);
    assert_true(random_below(0x7fffffff, 0xffffffff, 10) == 4);
    assert_true(random_below(0xffffffff, 0xffffffff, UINT64_MAX) == UINT64_MAX - 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_published_answers_come_out),
        cmocka_unit_test(a_stream_is_what_it_is_for),
        cmocka_unit_test(each_coordinate_matters),
        cmocka_unit_test(units_lie_in_the_half_open_interval),
        cmocka_unit_test(whole_numbers_stay_below_their_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
