/* Learned positions for another grid, against PyTorch's antialiased bicubic
 * (tests/reference/positions.py), and what must hold for any. */

#include "check.h"
#include "vit/h5.h"
#include "vit/positions.h"

enum { D = 3 };

static float *read_grid(hid_t file, const char *group, uint64_t number, size_t *side) {
    char name[32];
    size_t axes, shape[4];
    snprintf(name, sizeof name, "/%s/%llu", group, (unsigned long long)number);
    assert_ok(h5_shape(file, name, &axes, shape));
    assert_true(axes == 3 && shape[0] == shape[1] && shape[2] == D);
    float *values = test_array(shape[0] * shape[0] * D, sizeof *values);
    assert_ok(h5_read(file, name, H5T_NATIVE_FLOAT, axes, shape, values));
    *side = shape[0];
    return values;
}

/* torch computes in fp32: shares and sums of up to 16 products of values below 4, each rounded to
 * 6e-8 of them. */
static void grids_are_resized_as_torch_does(void **state) {
    (void)state;
    hid_t file;
    uint64_t cases;
    assert_ok(h5_open(REFERENCE_FOLDER "/positions.h5", &file));
    assert_ok(h5_get_count(file, "/", "cases", &cases));
    assert_int_equal(cases, 4);
    for (uint64_t c = 0; c < cases; c++) {
        size_t from, to;
        float *old = read_grid(file, "from", c, &from), *wanted = read_grid(file, "to", c, &to);
        float *resized = test_array(to * to * D, sizeof *resized);
        assert_ok(positions_resize(from, to, D, old, resized));
        for (size_t i = 0; i < to * to * D; i++)
            if (!(fabs((double)resized[i] - (double)wanted[i]) <= 1e-5))
                fail_msg("%zu to %zu, value %zu: %.8g instead of %.8g", from, to, i,
                         (double)resized[i], (double)wanted[i]);
        memory_free(old), memory_free(wanted), memory_free(resized);
    }
    assert_ok(h5_close(file));
}

/* Shares sum to one, and of the same grid each position has all of its own. */
static void what_is_even_stays_so(void **state) {
    (void)state;
    static const size_t sides[][2] = {{1, 5}, {5, 1}, {7, 7}, {3, 16}, {16, 3}};
    for (size_t c = 0; c < sizeof sides / sizeof *sides; c++) {
        const size_t from = sides[c][0], to = sides[c][1];
        float *old = test_array(from * from * D, sizeof *old);
        float *resized = test_array(to * to * D, sizeof *resized);
        for (size_t i = 0; i < from * from * D; i++)
            old[i] = from == to ? (float)i : (float)(i % D);
        assert_ok(positions_resize(from, to, D, old, resized));
        for (size_t i = 0; i < to * to * D; i++)
            assert_true(fabsf(resized[i] - (from == to ? (float)i : (float)(i % D))) <= 1e-6f);
        memory_free(old), memory_free(resized);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grids_are_resized_as_torch_does),
        cmocka_unit_test(what_is_even_stays_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
