/* Tokens: which value of the planes lies where in which patch, and what becomes of the patches. The
 * gradient is tested with the other layers', in test_gradient.c. */

#include "check.h"
#include "tokenizer.h"
#include "vit/gemm.h"

static ModelShape shape_of(size_t image_size, size_t patch_size, size_t channels) {
    Job job;
    assert_ok(
        job_parse(&job, "tiny.ini", "[model]\ndim = 6\ndepth = 1\nheads = 1\nmlp = 6\n", 0, NULL));
    job.image_size = image_size;
    job.patch_size = patch_size;
    return model_shape(&job, channels, 5);
}

/* Planes in which every value tells its channel, row and column. */
static float value_at(size_t channel, size_t row, size_t column) {
    return (float)(channel * 10000 + row * 100 + column);
}

static float *planes_of(const ModelShape *shape) {
    const size_t S = shape->image_size, values = shape->channels * S * S;
    float *planes = test_array(values, sizeof *planes);
    for (size_t i = 0; i < values; i++)
        planes[i] = value_at(i / (S * S), i / S % S, i % S);
    return planes;
}

/* Patches go from left to right and from top to bottom, and so do the pixels in each. */
static void check_patches(size_t image_size, size_t patch_size, size_t channels) {
    const ModelShape shape = shape_of(image_size, patch_size, channels);
    const size_t side = image_size / patch_size;
    float *planes = planes_of(&shape);
    float *patches = test_array(shape.T * shape.patch_values, sizeof *patches), *next = patches;
    assert_int_equal(shape.T, side * side);
    assert_int_equal(shape.patch_values, patch_size * patch_size * channels);
    tokenizer_patches(&shape, planes, patches);
    for (size_t down = 0; down < side; down++)
        for (size_t across = 0; across < side; across++)
            for (size_t y = 0; y < patch_size; y++)
                for (size_t x = 0; x < patch_size; x++)
                    for (size_t c = 0; c < channels; c++)
                        assert_true(*next++ ==
                                    value_at(c, down * patch_size + y, across * patch_size + x));
    memory_free(planes);
    memory_free(patches);
}

static void a_patch_is_flattened_by_row_column_and_channel(void **state) {
    (void)state;
    for (size_t channels = 1; channels <= 4; channels++) {
        check_patches(8, 4, channels);
        check_patches(15, 5, channels);
        check_patches(9, 9, channels);
        check_patches(7, 1, channels);
    }
}

static void what_no_whole_patch_covers_is_cut_off(void **state) {
    (void)state;
    for (size_t channels = 1; channels <= 4; channels++) {
        check_patches(17, 5, channels);
        check_patches(11, 4, channels);
        check_patches(7, 6, channels);
    }
}

static void a_token_is_a_projected_patch_and_its_position(void **state) {
    (void)state;
    for (size_t channels = 1; channels <= 4; channels += 3) {
        const ModelShape shape = shape_of(11, 3, channels);
        const size_t P = shape.patch_values, D = shape.D;
        ParameterTable table;
        Tokenizer tokenizer;
        assert_ok(parameter_table_init(&table, &shape));
        tokenizer_plan(&tokenizer, &shape, kernels_best());
        float *weights = test_values(table.floats, 1.0f, 1);
        float *planes = test_values(channels * 11 * 11, 1.0f, 2);
        float *patches = test_array(shape.T * P, sizeof *patches);
        float *x = test_values(shape.T * D, 1.0f, 3);
        TokenizerStash stash = {.patches = test_array(shape.T * P, sizeof *patches)};
        const TokenizerWeights where = tokenizer_weights(&table, weights);
        tokenizer_patches(&shape, planes, patches);
        tokenizer_forward(&tokenizer, &where, planes, &stash, x);
        for (size_t i = 0; i < shape.T * D; i++) {
            const size_t t = i / D, d = i % D;
            double exact =
                (double)weights[table.patch_bias + d] + (double)weights[table.position + t * D + d];
            for (size_t p = 0; p < P; p++)
                exact +=
                    (double)patches[t * P + p] * (double)weights[table.patch_kernel + p * D + d];
            /* P + 2 roundings of a sum of terms below 1. */
            assert_true(fabs((double)x[i] - exact) <= 6e-8 * (double)((P + 2) * (P + 2)));
        }
        parameter_table_free(&table);
        memory_free(weights), memory_free(planes), memory_free(x);
        memory_free(patches), memory_free(stash.patches);
    }
}

int main(void) {
    gemm_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_patch_is_flattened_by_row_column_and_channel),
        cmocka_unit_test(what_no_whole_patch_covers_is_cut_off),
        cmocka_unit_test(a_token_is_a_projected_patch_and_its_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
