/* How threads divide work: equal parts without gaps; items that are taken as threads come free,
 * each once. */

#include "check.h"
#include "vit/shares.h"
#include <omp.h>

enum { THREADS = 4 };

static void equal_parts_follow_each_other_and_differ_by_a_grain_at_most(void **state) {
    (void)state;
    static const size_t totals[] = {0, 1, 15, 16, 17, 100, 2048}, grains[] = {1, 16, 64};
    for (size_t q = 0; q < 7 * 3; q++)
        for (size_t parts = 1; parts <= 20; parts++) {
            const size_t total = totals[q % 7], grain = grains[q / 7];
            size_t before = 0;
            for (size_t part = 0; part < parts; part++) {
                size_t first, end;
                shares_equal(total, grain, part, parts, &first, &end);
                assert_int_equal(first, before);
                assert_true(first <= end);
                assert_true(end == total || end % grain == 0);
                assert_true(end - first < total / parts + 2 * grain);
                before = end;
            }
            assert_int_equal(before, total);
        }
}

static void a_thread_takes_its_own_items_then_the_last_ones_of_the_richest(void **state) {
    (void)state;
    /* Shares [0, 3), [3, 6), [6, 9), [9, 12), of which thread 1 takes one first. Of equally rich
     * threads the first one is helped. */
    static const size_t wanted[] = {0, 1, 2, 8, 11, 5, 7, 10, 4, 6, 9};
    Shares shares;
    size_t item;
    assert_ok(shares_init(&shares, THREADS));
    shares_deal(&shares, 12);
    assert_true(shares_take(&shares, 1, &item));
    assert_int_equal(item, 3);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        assert_false(shares_are_taken(&shares));
        assert_true(shares_take(&shares, 0, &item));
        assert_int_equal(item, wanted[i]);
    }
    assert_true(shares_are_taken(&shares));
    for (size_t t = 0; t < THREADS; t++)
        assert_false(shares_take(&shares, t, &item));
    shares_free(&shares);
}

/* Thread 1 is held up at its first item: the others take all the rest meanwhile. */
static void what_a_slow_thread_has_left_is_taken_by_the_others(void **state) {
    (void)state;
    Shares shares;
    bool taken[12] = {false};
    size_t slow, item, count = 1;
    assert_ok(shares_init(&shares, THREADS));
    shares_deal(&shares, 12);
    assert_true(shares_take(&shares, 1, &slow));
    taken[slow] = true;
    for (size_t t = 0; t < 400; t++)
        if (t % THREADS != 1 && shares_take(&shares, t % THREADS, &item)) {
            assert_false(taken[item]);
            taken[item] = true;
            count++;
            shares_finish(&shares);
        }
    assert_int_equal(count, 12);
    assert_false(shares_are_finished(&shares));
    shares_finish(&shares);
    assert_true(shares_are_finished(&shares));
    shares_free(&shares);
}

static void each_item_is_taken_once_whoever_takes_it(void **state) {
    (void)state;
    enum { ITEMS = 2000 };
    Shares shares;
    atomic_int taken[ITEMS];
    assert_ok(shares_init(&shares, THREADS));
    omp_set_dynamic(0);
    for (size_t count = 0; count <= ITEMS; count += count < 10 ? 1 : 663) {
        for (size_t i = 0; i < ITEMS; i++)
            atomic_init(&taken[i], 0);
        shares_deal(&shares, count);
        /* One thread less than there are shares. */
#pragma omp parallel num_threads(THREADS - 1)
        {
            size_t item;
            while (shares_take(&shares, (size_t)omp_get_thread_num(), &item)) {
                atomic_fetch_add(&taken[item], 1);
                shares_finish(&shares);
            }
        }
        assert_true(shares_are_finished(&shares));
        for (size_t i = 0; i < ITEMS; i++)
            assert_int_equal(atomic_load(&taken[i]), i < count);
    }
    shares_free(&shares);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_parts_follow_each_other_and_differ_by_a_grain_at_most),
        cmocka_unit_test(a_thread_takes_its_own_items_then_the_last_ones_of_the_richest),
        cmocka_unit_test(what_a_slow_thread_has_left_is_taken_by_the_others),
        cmocka_unit_test(each_item_is_taken_once_whoever_takes_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
