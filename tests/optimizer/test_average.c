/* How much of the weights enters their average. */

#include "check.h"
#include "vit/average.h"

static void near(double found, double wanted) {
    if (!(fabs(found - wanted) <= 1e-15))
        fail_msg("%.17g instead of %.17g", found, wanted);
}

/* (1 + t)^(-2/3): 8 steps make a quarter, 27 a ninth. */
static void at_first_the_average_remembers_little(void **state) {
    (void)state;
    near(average_gain(0.9999, 7), 0.25);
    near(average_gain(0.9999, 26), 1.0 / 9.0);
    near(average_gain(0.9999, 999), 0.01);
}

static void then_as_much_as_the_decay(void **state) {
    (void)state;
    near(average_gain(0.5, 2), 0.5); /* 3^(-2/3) is 0.48 */
    near(average_gain(0.5, UINT64_MAX), 0.5);
    near(average_gain(0.9999, 1100000), 1e-4);
    near(average_gain(0.999, 10000000), 0.001);
}

/* Without a decay the average is the weights. */
static void no_decay_remembers_nothing(void **state) {
    (void)state;
    assert_true(average_gain(0.0, 1) == 1.0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_first_the_average_remembers_little),
        cmocka_unit_test(then_as_much_as_the_decay),
        cmocka_unit_test(no_decay_remembers_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
