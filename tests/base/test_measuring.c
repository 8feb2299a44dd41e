/* The switches of a measurement. */

#include "check.h"
#include "vit/measuring.h"

static void nothing_is_left_out_unless_asked_for(void **state) {
    (void)state;
    for (int what = 0; what < MEASURINGS; what++)
        assert_false(measuring_is_on((Measuring)what));
}

static void each_switch_is_its_own(void **state) {
    (void)state;
    for (int what = 0; what < MEASURINGS; what++) {
        measuring_set((Measuring)what, true);
        for (int other = 0; other < MEASURINGS; other++)
            assert_int_equal(measuring_is_on((Measuring)other), other == what);
        measuring_set((Measuring)what, false);
        assert_false(measuring_is_on((Measuring)what));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left_out_unless_asked_for),
        cmocka_unit_test(each_switch_is_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
