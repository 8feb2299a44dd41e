#include "class_results.h"

#include "check.h"
#include <math.h>

enum { CLASSES = 4, IMAGES = 9 };

/* Nobody has label 3, and nobody is taken for 1. */
static const uint16_t label[IMAGES] = {0, 0, 0, 0, 1, 1, 2, 2, 2};
static const size_t answer[IMAGES] = {0, 2, 0, 0, 0, 3, 2, 0, 0};

static void answer_all(ClassResults *results) {
    float logits[IMAGES * CLASSES] = {0};
    for (size_t i = 0; i < IMAGES; i++)
        logits[i * CLASSES + answer[i]] = 1;
    assert_ok(class_results_init(results, IMAGES, CLASSES, logits, label));
}

static void a_row_of_the_matrix_is_a_label(void **state) {
    (void)state;
    static const uint32_t wanted[CLASSES][CLASSES] = {
        {3, 0, 1, 0}, {1, 0, 0, 1}, {2, 0, 1, 0}, {0, 0, 0, 0}};
    ClassResults results;
    answer_all(&results);
    assert_int_equal(results.classes, CLASSES);
    for (size_t l = 0; l < CLASSES; l++)
        for (size_t a = 0; a < CLASSES; a++)
            assert_int_equal(class_results_count(&results, l, a), wanted[l][a]);
    class_results_free(&results);
}

static void close_to(double found, double wanted) {
    assert_true(isnan(wanted) ? isnan(found) : fabs(found - wanted) < 1e-15);
}

static void classes_have_precision_and_recall(void **state) {
    (void)state;
    static const ClassResult wanted[CLASSES] = {{4, 6, 3, 1.0 / 2, 3.0 / 4, 3.0 / 5},
                                                {2, 0, 0, NAN, 0, 0},
                                                {3, 2, 1, 1.0 / 2, 1.0 / 3, 2.0 / 5},
                                                {0, 1, 0, 0, NAN, 0}};
    ClassResults results;
    answer_all(&results);
    for (size_t c = 0; c < CLASSES; c++) {
        assert_int_equal(results.class[c].images, wanted[c].images);
        assert_int_equal(results.class[c].answers, wanted[c].answers);
        assert_int_equal(results.class[c].hits, wanted[c].hits);
        close_to(results.class[c].precision, wanted[c].precision);
        close_to(results.class[c].recall, wanted[c].recall);
        close_to(results.class[c].f1, wanted[c].f1);
    }
    class_results_free(&results);
}

static void a_class_that_nobody_has_or_got_has_no_values(void **state) {
    (void)state;
    const float logits[] = {1, 0};
    const uint16_t only[] = {0};
    ClassResults results;
    assert_ok(class_results_init(&results, 1, 2, logits, only));
    assert_true(isnan(results.class[1].precision) && isnan(results.class[1].recall) &&
                isnan(results.class[1].f1));
    assert_int_equal(results.pairs, 0);
    class_results_free(&results);
}

static void pairs_that_are_confused_most_come_first(void **state) {
    (void)state;
    static const ClassPair wanted[] = {{2, 0, 2}, {0, 2, 1}, {1, 0, 1}, {1, 3, 1}};
    ClassResults results;
    answer_all(&results);
    assert_int_equal(results.pairs, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(results.pair[i].label, wanted[i].label);
        assert_int_equal(results.pair[i].answer, wanted[i].answer);
        assert_int_equal(results.pair[i].images, wanted[i].images);
    }
    class_results_free(&results);
}

static void nothing_was_asked_and_nothing_is_known(void **state) {
    (void)state;
    ClassResults results;
    assert_ok(class_results_init(&results, 0, 2, NULL, NULL));
    assert_true(results.pairs == 0 && results.class[0].images == 0);
    class_results_free(&results);
    assert_null(results.matrix);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_of_the_matrix_is_a_label),
        cmocka_unit_test(classes_have_precision_and_recall),
        cmocka_unit_test(a_class_that_nobody_has_or_got_has_no_values),
        cmocka_unit_test(pairs_that_are_confused_most_come_first),
        cmocka_unit_test(nothing_was_asked_and_nothing_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
