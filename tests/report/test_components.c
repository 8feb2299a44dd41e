/* Principal components of columns whose spread is known. */

#include "check.h"
#include "components.h"

enum { ROWS = 5, COLUMNS = 400 };

static double dot(const double *a, const double *b) {
    double sum = 0.0;
    for (size_t i = 0; i < ROWS; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Columns are 100 + 3 s along one direction, 1 t along another that is orthogonal to it, with s and
 * t being 1 and -1 in all four combinations equally often: variances 9 and 1, without others. */
static void directions_are_found_by_their_spread(void **state) {
    (void)state;
    static const double one[ROWS] = {0.6, 0.8, 0.0, 0.0, 0.0},
                        two[ROWS] = {0.0, 0.0, 0.0, 1.0, 0.0};
    float *matrix = test_array(ROWS * COLUMNS, sizeof *matrix);
    double component[2 * ROWS], share[2];
    for (size_t c = 0; c < COLUMNS; c++)
        for (size_t r = 0; r < ROWS; r++)
            matrix[r * COLUMNS + c] =
                (float)(100.0 + (c % 2 ? 3.0 : -3.0) * one[r] + (c / 2 % 2 ? 1.0 : -1.0) * two[r]);
    assert_ok(components_find(ROWS, COLUMNS, matrix, 2, component, share));
    /* Values near 100 are rounded to 4e-6. */
    assert_true(fabs(fabs(dot(component, one)) - 1.0) < 1e-5);
    assert_true(fabs(fabs(dot(component + ROWS, two)) - 1.0) < 1e-5);
    assert_true(fabs(share[0] - 0.9) < 1e-5);
    assert_true(fabs(share[1] - 0.1) < 1e-5);
    memory_free(matrix);
}

static void components_are_orthonormal_and_have_all_the_variance(void **state) {
    (void)state;
    float *matrix = test_values(ROWS * COLUMNS, 1.0f, 3);
    double component[ROWS * ROWS], share[ROWS], sum = 0.0;
    assert_ok(components_find(ROWS, COLUMNS, matrix, ROWS, component, share));
    for (size_t a = 0; a < ROWS; a++) {
        sum += share[a];
        for (size_t b = 0; b < ROWS; b++)
            assert_true(fabs(dot(component + a * ROWS, component + b * ROWS) - (a == b)) < 1e-12);
    }
    assert_true(fabs(sum - 1.0) < 1e-12);
    memory_free(matrix);
}

static void equal_columns_have_none(void **state) {
    (void)state;
    float *matrix = test_array(ROWS * COLUMNS, sizeof *matrix);
    double component[ROWS], share[1];
    for (size_t i = 0; i < ROWS * COLUMNS; i++)
        matrix[i] = (float)(i / COLUMNS);
    assert_ok(components_find(ROWS, COLUMNS, matrix, 1, component, share));
    for (size_t r = 0; r < ROWS; r++)
        assert_true(component[r] == 0.0);
    assert_true(share[0] == 0.0);
    memory_free(matrix);
}

/* Filters of large patches: more rows than columns, of which the last direction has no variance. */
static void more_rows_than_columns_are_found_by_columns(void **state) {
    (void)state;
    enum { TALL = 40, FEW = 6 };
    float *matrix = test_values(TALL * FEW, 1.0f, 5);
    double component[FEW * TALL], share[FEW], sum = 0.0;
    assert_ok(components_find(TALL, FEW, matrix, FEW, component, share));
    for (size_t k = 0; k < FEW; k++) {
        double along = 0.0, whole = 0.0, length = 0.0;
        for (size_t c = 0; c < FEW; c++) {
            double part = 0.0;
            for (size_t r = 0; r < TALL; r++) {
                double mean = 0.0;
                for (size_t other = 0; other < FEW; other++)
                    mean += (double)matrix[r * FEW + other] / FEW;
                const double value = (double)matrix[r * FEW + c] - mean;
                part += value * component[k * TALL + r];
                whole += value * value;
            }
            along += part * part;
        }
        for (size_t r = 0; r < TALL; r++)
            length += component[k * TALL + r] * component[k * TALL + r];
        assert_true(fabs(length - 1.0) < 1e-12);
        assert_true(fabs(along / whole - share[k]) < 1e-9 || k == FEW - 1); /* has none */
        assert_true(k == 0 || share[k] <= share[k - 1] + 1e-9);
        sum += share[k];
    }
    assert_true(fabs(sum - 1.0) < 1e-12);
    assert_true(fabs(share[FEW - 1]) < 1e-12);
    memory_free(matrix);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(directions_are_found_by_their_spread),
        cmocka_unit_test(components_are_orthonormal_and_have_all_the_variance),
        cmocka_unit_test(equal_columns_have_none),
        cmocka_unit_test(more_rows_than_columns_are_found_by_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
