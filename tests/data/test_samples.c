/* What is trained on and what is kept for validation. */

#include "check.h"
#include "vit/samples.h"
#include <string.h>

static void the_last_of_the_file_are_kept(void **state) {
    (void)state;
    const Holdout holdout = holdout_file_end(24, 0.2); /* 19.2 */
    assert_int_equal(holdout.train.count, 19);
    assert_int_equal(holdout.validation.count, 5);
    assert_int_equal(samples_number(&holdout.train, 18), 18);
    assert_int_equal(samples_number(&holdout.validation, 0), 19);
    assert_int_equal(samples_number(&holdout.validation, 4), 23);
}

static void expect_list(const Samples *samples, size_t count, const uint32_t *wanted) {
    assert_int_equal(samples->count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(samples_number(samples, i), wanted[i]);
}

/* Of 5, 4, 1 and none a quarter stays out, rounded up: 2, 1, 1 and none. */
static void the_last_of_each_class_are_kept(void **state) {
    (void)state;
    static const uint16_t label[] = {1, 0, 0, 2, 0, 1, 1, 0, 0, 1};
    static const uint32_t train[] = {0, 1, 2, 4, 5, 6}, validation[] = {3, 7, 8, 9};
    Holdout holdout;
    assert_ok(holdout_stratified(&holdout, label, 10, 4, 0.25));
    expect_list(&holdout.train, 6, train);
    expect_list(&holdout.validation, 4, validation);
    holdout_free(&holdout);
}

/* Many samples of uneven classes: each one is in one of the parts, in order, and each class is
 * divided as a file of its own would be. */
static void each_sample_is_in_one_part(void **state) {
    (void)state;
    enum { IMAGES = 5000, CLASSES = 13 };
    static uint16_t label[IMAGES];
    static bool seen[IMAGES];
    static const double fractions[] = {0.0, 0.1, 1.0 / 3.0, 0.9};
    for (size_t i = 0; i < IMAGES; i++)
        label[i] = (uint16_t)((i * i + i / 7) % CLASSES);
    for (size_t f = 0; f < 4; f++) {
        Holdout holdout;
        size_t all[CLASSES] = {0}, train[CLASSES] = {0}, last[CLASSES] = {0};
        memset(seen, 0, sizeof seen);
        assert_ok(holdout_stratified(&holdout, label, IMAGES, CLASSES, fractions[f]));
        for (size_t i = 0; i < IMAGES; i++)
            all[label[i]]++;
        for (size_t i = 0; i < holdout.train.count; i++) {
            const size_t number = samples_number(&holdout.train, i);
            assert_true(i == 0 || number > samples_number(&holdout.train, i - 1));
            seen[number] = true;
            train[label[number]]++;
            last[label[number]] = number;
        }
        for (size_t i = 0; i < holdout.validation.count; i++) {
            const size_t number = samples_number(&holdout.validation, i);
            assert_true(i == 0 || number > samples_number(&holdout.validation, i - 1));
            assert_false(seen[number]);
            assert_true(train[label[number]] == 0 || number > last[label[number]]);
        }
        assert_int_equal(holdout.train.count + holdout.validation.count, IMAGES);
        for (size_t c = 0; c < CLASSES; c++)
            assert_int_equal(train[c], holdout_file_end(all[c], fractions[f]).train.count);
        holdout_free(&holdout);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_of_the_file_are_kept),
        cmocka_unit_test(the_last_of_each_class_are_kept),
        cmocka_unit_test(each_sample_is_in_one_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
