/* How sure a model is, and where it is wrong: answers whose probabilities are set. */

#include "calibration.h"
#include "check.h"
#include "mistakes.h"

enum { CLASSES = 3 };

/* Logits of which class `answer` gets that probability, and the others the rest in equal parts. */
static void answer(float *logits, size_t image, size_t class, double probability) {
    for (size_t c = 0; c < CLASSES; c++)
        logits[image * CLASSES + c] =
            (float)log(c == class ? probability : 0.5 * (1.0 - probability));
}

static void the_error_is_the_distance_of_right_and_sure(void **state) {
    (void)state;
    const uint16_t label[] = {0, 0, 0, 0, 1};
    float logits[5 * CLASSES];
    answer(logits, 0, 0, 0.82);
    answer(logits, 1, 0, 0.84);
    answer(logits, 2, 1, 0.86); /* wrong */
    answer(logits, 3, 2, 0.88); /* wrong */
    answer(logits, 4, 1, 0.55);
    const Calibration found = calibration_of(5, CLASSES, logits, label);
    assert_int_equal(found.images[8], 4);
    assert_int_equal(found.images[5], 1);
    assert_true(fabs(found.right[8] - 0.5) < 1e-6 && fabs(found.sure[8] - 0.85) < 1e-6);
    assert_true(fabs(found.right[5] - 1.0) < 1e-6 && fabs(found.sure[5] - 0.55) < 1e-6);
    assert_true(isnan(found.right[0]) && isnan(found.sure[0]));
    assert_true(fabs(found.error - (4 * 0.35 + 1 * 0.45) / 5) < 1e-6);
}

static void certainty_is_in_the_last_part(void **state) {
    (void)state;
    const uint16_t label = 1;
    const float logits[] = {0.0f, 1000.0f, 0.0f};
    const Calibration found = calibration_of(1, CLASSES, logits, &label);
    assert_int_equal(found.images[CALIBRATION_PARTS - 1], 1);
    assert_true(found.error == 0.0);
}

static void the_surest_mistakes_come_first(void **state) {
    (void)state;
    const uint16_t label[] = {0, 0, 0, 0, 0, 0};
    const double probability[] = {0.6, 0.9, 0.99, 0.7, 0.9, 0.8};
    float logits[6 * CLASSES];
    Mistake found[4];
    for (size_t i = 0; i < 6; i++)
        answer(logits, i, i == 2 ? 0 : 1 + i % 2, probability[i]); /* image 2 is right */
    assert_int_equal(mistakes_find(6, CLASSES, logits, label, 4, found), 4);
    const size_t wanted[] = {1, 4, 5, 3};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(found[i].image, wanted[i]);
        assert_int_equal(found[i].answer.class, 1 + wanted[i] % 2);
        assert_true(fabs(found[i].answer.probability - probability[wanted[i]]) < 1e-6);
    }
    assert_int_equal(mistakes_find(3, CLASSES, logits, label, 4, found), 2);
    assert_int_equal(mistakes_find(0, CLASSES, logits, label, 4, found), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_error_is_the_distance_of_right_and_sure),
        cmocka_unit_test(certainty_is_in_the_last_part),
        cmocka_unit_test(the_surest_mistakes_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
