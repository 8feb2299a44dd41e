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
        TokenizerWeights where = {0};
        tokenizer_prepare(&table, &shape, weights, &where);
        tokenizer_patches(&shape, planes, patches);
        tokenizer_forward(&tokenizer, &where, planes, &stash, NULL, x);
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

/* ---- the others, from a job ---- */

/* A tokenizer with all its memory. */
typedef struct Case {
    ModelShape shape;
    ParameterTable table;
    Tokenizer tokenizer;
    TokenizerWeights prepared;
    TokenizerStash stash;
    TokenizerWork work;
    float *memory, *weights, *planes, *x;
} Case;

static void case_open(Case *c, const char *const sets[static 4], size_t channels) {
    Job job;
    assert_ok(job_parse(&job, "x.ini", "[model]\ndim = 24\nmlp = 24\n", 4, sets));
    *c = (Case){.shape = model_shape(&job, channels, 5)};
    const ModelShape *shape = &c->shape;
    assert_ok(parameter_table_init(&c->table, shape));
    tokenizer_plan(&c->tokenizer, shape, kernels_best());
    for (int pass = 0; pass < 2; pass++) {
        Arena arena = {.base = c->memory};
        tokenizer_weights_place(&c->prepared, shape, &arena);
        tokenizer_stash_place(&c->stash, shape, &arena);
        tokenizer_work_place(&c->work, shape, &arena);
        if (pass == 0)
            c->memory = test_array(arena.used, sizeof(float));
    }
    c->weights = test_values(c->table.floats, 1.0f, 1);
    c->planes = test_values(channels * shape->image_size * shape->image_size, 1.0f, 2);
    c->x = test_values(shape->T * shape->D, 1.0f, 3);
    tokenizer_fill_constants(shape, &c->prepared);
    tokenizer_prepare(&c->table, shape, c->weights, &c->prepared);
    for (size_t f = 0; f < tokenizer_forms(&c->tokenizer); f++)
        tokenizer_prepare_form(&c->tokenizer, f, &c->prepared);
    tokenizer_forward(&c->tokenizer, &c->prepared, c->planes, &c->stash, &c->work, c->x);
}

static void case_close(Case *c) {
    parameter_table_free(&c->table);
    memory_free(c->memory), memory_free(c->weights), memory_free(c->planes), memory_free(c->x);
}

/* A layer as its definition says, in double: in [side, side, from] -> out [pooled, pooled, to]. */
static void plain_layer(size_t side, size_t from, size_t to, const double *in, const float *kernel,
                        double *out) {
    const size_t pooled = (side + 1) / 2;
    double *sums = test_array(side * side * to, sizeof *sums);
    for (size_t y = 0; y < side; y++)
        for (size_t x = 0; x < side; x++)
            for (size_t i = 0; i < 3; i++)
                for (size_t j = 0; j < 3; j++) {
                    if (y + i < 1 || y + i > side || x + j < 1 || x + j > side)
                        continue;
                    const double *pixel = in + ((y + i - 1) * side + x + j - 1) * from;
                    for (size_t c = 0; c < from; c++)
                        for (size_t o = 0; o < to; o++)
                            sums[(y * side + x) * to + o] +=
                                pixel[c] * (double)kernel[((i * 3 + j) * from + c) * to + o];
                }
    for (size_t y = 0; y < pooled; y++)
        for (size_t x = 0; x < pooled; x++)
            for (size_t o = 0; o < to; o++) {
                double largest = 0.0; /* ReLU */
                for (size_t i = 0; i < 3; i++)
                    for (size_t j = 0; j < 3; j++) {
                        const size_t row = 2 * y + i, column = 2 * x + j; /* one too many */
                        if (row >= 1 && row <= side && column >= 1 && column <= side)
                            largest = fmax(largest, sums[((row - 1) * side + column - 1) * to + o]);
                    }
                out[(y * pooled + x) * to + o] = largest;
            }
    memory_free(sums);
}

static void check_convolutions(const char *size, const char *widths, size_t channels) {
    Case c;
    case_open(
        &c,
        (const char *const[]){"model.tokenizer=convolution", "model.position=none", size, widths},
        channels);
    const size_t image = c.shape.image_size;
    double *in = test_array(image * image * channels, sizeof *in);
    for (size_t i = 0; i < image * image; i++)
        for (size_t k = 0; k < channels; k++)
            in[i * channels + k] = (double)c.planes[k * image * image + i];
    for (size_t l = 0; l < c.shape.convolutions; l++) {
        const size_t side = model_convolution_side(&c.shape, l), next = (side + 1) / 2;
        const size_t from = model_convolution_width(&c.shape, l);
        const size_t to = model_convolution_width(&c.shape, l + 1);
        double *out = test_array(next * next * to, sizeof *out);
        plain_layer(side, from, to, in, c.weights + c.table.convolution_kernel[l], out);
        memory_free(in);
        in = out;
    }
    double largest = 0.0;
    for (size_t i = 0; i < c.shape.T * c.shape.D; i++)
        largest = fmax(largest, in[i]);
    /* Rounding errors of up to 9 * width terms a layer. */
    for (size_t i = 0; i < c.shape.T * c.shape.D; i++)
        assert_true(fabs((double)c.x[i] - in[i]) <= 1e-5 * largest);
    memory_free(in);
    case_close(&c);
}

static void convolutions_are_rectified_and_pooled(void **state) {
    (void)state;
    check_convolutions("augment.image_size=8", "model.convolution_widths=none", 3);
    check_convolutions("augment.image_size=9", "model.convolution_widths=none", 1);
    check_convolutions("augment.image_size=12", "model.convolution_widths=17", 4);
    check_convolutions("augment.image_size=7", "model.convolution_widths=16,3", 2);
    check_convolutions("augment.image_size=1", "model.convolution_widths=5", 3);
}

static void a_class_token_stands_before_the_others_without_a_position(void **state) {
    (void)state;
    Case with, without;
    const char *const sets[4] = {"augment.image_size=6", "model.patch_size=3", "model.pool=class",
                                 "model.head=none"};
    const char *const plain[4] = {sets[0], sets[1], "model.pool=mean", sets[3]};
    case_open(&with, sets, 3);
    case_open(&without, plain, 3);
    const size_t D = with.shape.D;
    assert_int_equal(with.shape.T, 5);
    assert_int_equal(without.shape.T, 4);
    assert_memory_equal(with.x, with.weights + with.table.class_token, D * sizeof(float));
    /* The tables' first tensors, projection and positions, are the same. */
    assert_memory_equal(with.x + D, without.x, 4 * D * sizeof(float));
    case_close(&with);
    case_close(&without);
}

/* What [model] position adds is the difference to a job without. */
static void sines_are_those_of_the_definition(void **state) {
    (void)state;
    Case with, without;
    const char *const sets[4] = {"augment.image_size=12", "model.patch_size=4",
                                 "model.position=sine", "model.head=none"};
    const char *const plain[4] = {sets[0], sets[1], "model.position=none", sets[3]};
    case_open(&with, sets, 3);
    case_open(&without, plain, 3);
    const size_t D = with.shape.D, quarter = D / 4;
    for (size_t t = 0; t < 9; t++)
        for (size_t k = 0; k < quarter; k++) {
            const double w = pow(1e4, -(double)k / ((double)quarter - 1.0));
            const double column = (double)(t % 3), row = (double)(t / 3); /* x, y */
            const double exact[4] = {sin(column * w), cos(column * w), sin(row * w), cos(row * w)};
            for (size_t part = 0; part < 4; part++) {
                const size_t i = t * D + part * quarter + k;
                assert_true(fabs((double)(with.x[i] - without.x[i]) - exact[part]) <= 2e-5);
            }
        }
    case_close(&with);
    case_close(&without);
}

int main(void) {
    gemm_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_patch_is_flattened_by_row_column_and_channel),
        cmocka_unit_test(what_no_whole_patch_covers_is_cut_off),
        cmocka_unit_test(a_token_is_a_projected_patch_and_its_position),
        cmocka_unit_test(convolutions_are_rectified_and_pooled),
        cmocka_unit_test(a_class_token_stands_before_the_others_without_a_position),
        cmocka_unit_test(sines_are_those_of_the_definition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
