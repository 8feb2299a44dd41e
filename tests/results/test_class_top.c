#include "class_top.h"

#include "check.h"
#include <math.h>

/* exp of these is 1, 2, 4 and 8; the sum is 15. */
static float logit(double power) {
    return (float)log(power);
}

static void the_likeliest_classes_come_first(void **state) {
    (void)state;
    const float logits[] = {logit(2), logit(8), logit(1), logit(4)};
    ClassAnswer top[3];
    assert_int_equal(class_top(4, logits, 3, top), 3);
    assert_int_equal(top[0].class, 1);
    assert_int_equal(top[1].class, 3);
    assert_int_equal(top[2].class, 0);
    /* Logits are rounded to 2^-24 of their value, of 2.1 at most, and so is a probability. */
    assert_true(fabs(top[0].probability - 8.0 / 15) < 1e-6);
    assert_true(fabs(top[1].probability - 4.0 / 15) < 1e-6);
    assert_true(fabs(top[2].probability - 2.0 / 15) < 1e-6);
    assert_int_equal(class_top_answer(4, logits), 1);
}

static void of_equal_ones_the_lower_class_is_first(void **state) {
    (void)state;
    const float logits[] = {1, 2, 2, 1, 2};
    ClassAnswer top[4];
    assert_int_equal(class_top(5, logits, 4, top), 4);
    assert_true(top[0].class == 1 && top[1].class == 2 && top[2].class == 4 && top[3].class == 0);
    assert_int_equal(class_top_answer(5, logits), 1);
}

static void there_are_no_more_than_all_classes(void **state) {
    (void)state;
    const float logits[] = {-3, 5};
    ClassAnswer top[5];
    assert_int_equal(class_top(2, logits, 5, top), 2);
    assert_true(top[0].class == 1 && top[1].class == 0);
    assert_int_equal(class_top(1, logits, 5, top), 1);
    assert_true(top[0].probability == 1.0);
}

static void probabilities_of_all_classes_are_those_of_the_first_ones(void **state) {
    (void)state;
    const float logits[] = {300, -1000, 301, 299.5F}; /* whose exponentials are no doubles alone */
    double probability[4], sum = 0;
    ClassAnswer top[4];
    class_top_probabilities(4, logits, probability);
    class_top(4, logits, 4, top);
    for (size_t i = 0; i < 4; i++) {
        assert_true(top[i].probability == probability[top[i].class]);
        sum += probability[i];
    }
    assert_true(fabs(sum - 1) < 1e-15 && probability[1] == 0.0);
    assert_true(fabs(probability[2] / probability[0] - exp(1)) < 1e-12);
}

static void what_is_not_a_number_is_last(void **state) {
    (void)state;
    const float logits[] = {NAN, -INFINITY, NAN, 2};
    ClassAnswer top[4];
    assert_int_equal(class_top_answer(4, logits), 3);
    assert_int_equal(class_top(4, logits, 4, top), 4);
    assert_true(top[0].class == 3 && top[1].class == 1 && top[2].class == 0 && top[3].class == 2);
    assert_true(isnan(top[0].probability));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_likeliest_classes_come_first),
        cmocka_unit_test(of_equal_ones_the_lower_class_is_first),
        cmocka_unit_test(there_are_no_more_than_all_classes),
        cmocka_unit_test(probabilities_of_all_classes_are_those_of_the_first_ones),
        cmocka_unit_test(what_is_not_a_number_is_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
