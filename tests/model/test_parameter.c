#include "vit/digest.h"
#include "vit/memory.h"
#include "vit/model_shape.h"
#include "vit/parameter.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static Job reference_job(void) {
    return (Job){.image_size = 72,
                 .patch_size = 6,
                 .dim = 64,
                 .depth = 8,
                 .heads = 4,
                 .key_dim = 64,
                 .mlp = {2, {128, 64}},
                 .head = {2, {2048, 1024}},
                 .pool = POOL_FLATTEN};
}

/* Odd sizes everywhere, so that no two of them can stand for each other. */
static Job odd_job(void) {
    return (Job){.image_size = 17,
                 .patch_size = 5,
                 .dim = 7,
                 .depth = 2,
                 .heads = 3,
                 .key_dim = 5,
                 .mlp = {3, {11, 13, 7}},
                 .head = {1, {19}},
                 .pool = POOL_MEAN};
}

static ParameterTable make_table(Job job, size_t classes) {
    ModelShape shape = model_shape(&job, 3, classes);
    ParameterTable table;
    assert_int_equal(parameter_table_init(&table, &shape), STATUS_OK);
    return table;
}

static const Parameter *find(const ParameterTable *table, const char *name) {
    for (size_t i = 0; i < table->count; i++)
        if (strcmp(table->entry[i].name, name) == 0)
            return &table->entry[i];
    fail_msg("no tensor named %s", name);
    return NULL;
}

static void reference_model_has_published_parameter_count(void **state) {
    (void)state;
    ParameterTable table = make_table(reference_job(), 100);
    assert_int_equal(table.trainable, 21759012);
    assert_int_equal(table.count, 3 + 8 * 16 + 2 + 2 * 3);
    parameter_table_free(&table);
}

static void flops_are_those_of_the_matrix_products(void **state) {
    (void)state;
    Job job = reference_job();
    ModelShape shape = model_shape(&job, 3, 100);
    /* Per block 4 projections of 144 x 64 x 256, 2 products of 4 x 144 x 144 x 64, 2 of 144 x 64 x
     * 128. */
    double block = 4.0 * 144 * 64 * 256 + 2.0 * 144 * 144 * 256 + 2.0 * 144 * 64 * 128;
    double head = 9216.0 * 2048 + 2048.0 * 1024 + 1024.0 * 100;
    double expected = 2 * (144.0 * 108 * 64 + 8 * block + head);
    assert_true(model_forward_flops(&shape) == expected);
    assert_true(fabs(model_forward_flops(&shape) - 0.403e9) < 0.0005e9);
    assert_true(fabs(model_training_flops(&shape) - 1.208e9) < 0.0005e9);
}

static void shape_follows_the_job(void **state) {
    (void)state;
    Job job = odd_job();
    ModelShape shape = model_shape(&job, 3, 10);
    assert_int_equal(shape.T, 9); /* 17 / 5 = 3: the rest is cut */
    assert_int_equal(shape.patch_values, 75);
    assert_int_equal(shape.features, 7);
    assert_int_equal(shape.classes, 10);
    job.pool = POOL_FLATTEN;
    assert_int_equal(model_shape(&job, 3, 10).features, 63);
}

static void tensors_have_keras_order_and_shapes(void **state) {
    (void)state;
    ParameterTable table = make_table(odd_job(), 10);
    const struct {
        const char *name;
        size_t axes, shape[3];
    } expected[] = {
        {"patch_embed/projection/kernel", 2, {75, 7, 1}},
        {"patch_embed/projection/bias", 1, {7, 1, 1}},
        {"patch_embed/position", 2, {9, 7, 1}},
        {"block0/norm1/gamma", 1, {7, 1, 1}},
        {"block0/norm1/beta", 1, {7, 1, 1}},
        {"block0/attention/query/kernel", 3, {7, 3, 5}},
        {"block0/attention/query/bias", 2, {3, 5, 1}},
        {"block0/attention/key/kernel", 3, {7, 3, 5}},
        {"block0/attention/key/bias", 2, {3, 5, 1}},
        {"block0/attention/value/kernel", 3, {7, 3, 5}},
        {"block0/attention/value/bias", 2, {3, 5, 1}},
        {"block0/attention/output/kernel", 3, {3, 5, 7}},
        {"block0/attention/output/bias", 1, {7, 1, 1}},
        {"block0/norm2/gamma", 1, {7, 1, 1}},
        {"block0/norm2/beta", 1, {7, 1, 1}},
        {"block0/mlp0/kernel", 2, {7, 11, 1}},
        {"block0/mlp0/bias", 1, {11, 1, 1}},
        {"block0/mlp1/kernel", 2, {11, 13, 1}},
        {"block0/mlp1/bias", 1, {13, 1, 1}},
        {"block0/mlp2/kernel", 2, {13, 7, 1}},
        {"block0/mlp2/bias", 1, {7, 1, 1}},
        {"block1/norm1/gamma", 1, {7, 1, 1}},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_string_equal(table.entry[i].name, expected[i].name);
        assert_int_equal(table.entry[i].axes, expected[i].axes);
        assert_memory_equal(table.entry[i].shape, expected[i].shape, sizeof expected[i].shape);
    }
    const char *last[] = {"norm/gamma", "norm/beta",     "head0/kernel",
                          "head0/bias", "logits/kernel", "logits/bias"};
    for (size_t i = 0; i < 6; i++)
        assert_string_equal(table.entry[table.count - 6 + i].name, last[i]);
    parameter_table_free(&table);
}

/* What only some jobs have. */
static Job other_job(void) {
    Job job = odd_job();
    job.tokenizer = TOKENIZER_CONVOLUTION;
    job.convolution_widths = (SizeList){1, {9}};
    job.pool = POOL_CLASS;
    job.mlp_convolution = 3;
    job.initial = INITIAL_NORMAL;
    return job;
}

static void tensors_of_other_layers_have_their_places(void **state) {
    (void)state;
    Job job = other_job();
    ParameterTable table = make_table(job, 10);
    /* 17 pixels are pooled to 9, and these to 5. */
    const struct {
        size_t number;
        const char *name;
        size_t axes, shape[4];
    } expected[] = {{0, "tokenizer/convolution0/kernel", 4, {3, 3, 3, 9}},
                    {1, "tokenizer/convolution1/kernel", 4, {3, 3, 9, 7}},
                    {2, "patch_embed/position", 2, {25, 7, 1, 1}},
                    {3, "class_token", 1, {7, 1, 1, 1}},
                    {4, "block0/norm1/gamma", 1, {7, 1, 1, 1}},
                    {17, "block0/mlp0/bias", 1, {11, 1, 1, 1}},
                    {18, "block0/mlp_convolution/kernel", 3, {3, 3, 11, 1}},
                    {19, "block0/mlp_convolution/bias", 1, {11, 1, 1, 1}},
                    {20, "block0/mlp1/kernel", 2, {11, 13, 1, 1}}};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const Parameter *entry = &table.entry[expected[i].number];
        assert_string_equal(entry->name, expected[i].name);
        assert_int_equal(entry->axes, expected[i].axes);
        assert_memory_equal(entry->shape, expected[i].shape, sizeof expected[i].shape);
    }
    assert_int_equal(model_shape(&job, 3, 10).T, 26);
    parameter_table_free(&table);
    job.pool = POOL_SEQUENCE;
    job.position = POSITION_SINE;
    table = make_table(job, 10);
    assert_string_equal(table.entry[2].name, "block0/norm1/gamma");
    const Parameter *pool = find(&table, "pool/kernel");
    assert_true(pool->shape[0] == 7 && pool->shape[1] == 1 && pool->axes == 2);
    assert_string_equal(pool[-1].name, "norm/beta");
    assert_string_equal(pool[1].name, "pool/bias");
    assert_string_equal(pool[2].name, "head0/kernel");
    parameter_table_free(&table);
}

/* The oracle's parameters and multiplications (its file's head says 6.4e5 and 5.9e7). */
static void small_recipe_has_the_oracles_size(void **state) {
    (void)state;
    const Job job = {.image_size = 32,
                     .tokenizer = TOKENIZER_CONVOLUTION,
                     .convolution_widths = {1, {64}},
                     .dim = 128,
                     .depth = 4,
                     .heads = 2,
                     .key_dim = 64,
                     .mlp = {2, {256, 128}},
                     .mlp_convolution = 3,
                     .pool = POOL_SEQUENCE};
    const ModelShape shape = model_shape(&job, 3, 100);
    ParameterTable table = make_table(job, 100);
    const size_t block =
        4 * 128 + 4 * (128 * 128 + 128) + 128 * 256 + 256 + 10 * 256 + 256 * 128 + 128;
    assert_int_equal(table.trainable, 9 * 3 * 64 + 9 * 64 * 128 + 64 * 128 + 4 * block + 2 * 128 +
                                          129 + 128 * 100 + 100);
    const double tokenizer = 1024.0 * 27 * 64 + 256.0 * 576 * 128;
    const double attention = 64.0 * 128 * 512 + 2.0 * 64 * 64 * 128;
    const double mlp = 2 * 64.0 * 128 * 256 + 64.0 * 9 * 256;
    assert_true(model_forward_flops(&shape) == 2 * (tokenizer + 4 * (attention + mlp) + 12800));
    parameter_table_free(&table);
}

/* Mean and deviation of n normal values are off by deviation / sqrt(n) and that over sqrt(2), and
 * hardly ever by five times as much. */
static void expect_normal(const ParameterTable *table, const float *weights, const char *name,
                          double deviation) {
    const Parameter *entry = find(table, name);
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < entry->count; i++) {
        const double x = (double)weights[entry->offset + i];
        sum += x;
        squares += x * x;
    }
    const double n = (double)entry->count, error = 5.0 / sqrt(n);
    assert_true(fabs(sum / n) <= error * deviation);
    assert_true(fabs(sqrt(squares / n) / deviation - 1.0) <= error);
}

static void initial_values_of_other_layers(void **state) {
    (void)state;
    Job job = other_job();
    job.dim = job.mlp.value[2] = 64;
    job.mlp.value[0] = 96;
    ParameterTable table = make_table(job, 10);
    float *weights;
    assert_int_equal(memory_allocate(&weights, table.floats, sizeof *weights, "weights"),
                     STATUS_OK);
    parameter_initialize(&table, 3, weights);
    expect_normal(&table, weights, "tokenizer/convolution0/kernel", sqrt(2.0 / 27.0));
    expect_normal(&table, weights, "tokenizer/convolution1/kernel", sqrt(2.0 / 81.0));
    expect_normal(&table, weights, "patch_embed/position", 0.02);
    expect_normal(&table, weights, "class_token", 0.02);
    expect_normal(&table, weights, "block1/attention/query/kernel", 0.02);
    expect_normal(&table, weights, "block1/mlp_convolution/kernel", 0.2);
    expect_normal(&table, weights, "logits/kernel", 0.02);
    assert_true(weights[table.block[1].local_bias] == 0.0f);
    memory_free(weights);
    parameter_table_free(&table);
}

static int by_offset(const void *a, const void *b) {
    const size_t x = ((const Parameter *)a)->offset, y = ((const Parameter *)b)->offset;
    return (x > y) - (x < y);
}

static void offsets_are_aligned_and_do_not_overlap(void **state) {
    (void)state;
    ParameterTable table = make_table(odd_job(), 10);
    size_t end = 0, values = 0;
    qsort(table.entry, table.count, sizeof *table.entry, by_offset);
    for (size_t i = 0; i < table.count; i++) {
        const Parameter *entry = &table.entry[i];
        assert_int_equal(entry->offset % 16, 0);
        assert_true(entry->offset >= end && entry->offset < end + 16);
        assert_int_equal(entry->count, entry->shape[0] * entry->shape[1] * entry->shape[2]);
        end = entry->offset + entry->count;
        values += entry->count;
    }
    assert_int_equal(table.floats % 16, 0);
    assert_true(table.floats >= end && table.floats < end + 16);
    assert_int_equal(table.trainable, values);
    parameter_table_free(&table);
}

/* Attention's projections come first when they are folded, the head's kernels last. */
static void tensors_lie_in_parts(void **state) {
    (void)state;
    for (size_t key_dim = 1; key_dim <= 64; key_dim += 63) {
        Job job = odd_job();
        job.key_dim = key_dim;
        const ModelShape shape = model_shape(&job, 3, 10);
        ParameterTable table = make_table(job, 10);
        assert_int_equal(table.folded_floats > 0, model_folds_attention(&shape));
        for (size_t i = 0; i < table.count; i++) {
            const char *name = table.entry[i].name;
            const bool head = strncmp(name, "head", 4) == 0 || strncmp(name, "logits", 6) == 0;
            const bool kernel = strstr(name, "/kernel") != NULL;
            const bool projection = strstr(name, "/attention/") && !strstr(name, "output/bias");
            assert_int_equal(table.entry[i].offset >= table.unit_floats, head && kernel);
            assert_int_equal(table.entry[i].offset < table.folded_floats,
                             projection && model_folds_attention(&shape));
        }
        parameter_table_free(&table);
    }
}

static void layout_points_at_the_named_tensors(void **state) {
    (void)state;
    ParameterTable table = make_table(odd_job(), 10);
    const BlockLayout *block = &table.block[1];
    const struct {
        const char *name;
        size_t offset;
    } expected[] = {
        {"patch_embed/projection/kernel", table.patch_kernel},
        {"patch_embed/projection/bias", table.patch_bias},
        {"patch_embed/position", table.position},
        {"block1/norm1/gamma", block->norm1_gamma},
        {"block1/norm1/beta", block->norm1_beta},
        {"block1/attention/query/kernel", block->query_kernel},
        {"block1/attention/query/bias", block->query_bias},
        {"block1/attention/key/kernel", block->key_kernel},
        {"block1/attention/key/bias", block->key_bias},
        {"block1/attention/value/kernel", block->value_kernel},
        {"block1/attention/value/bias", block->value_bias},
        {"block1/attention/output/kernel", block->output_kernel},
        {"block1/attention/output/bias", block->output_bias},
        {"block1/norm2/gamma", block->norm2_gamma},
        {"block1/norm2/beta", block->norm2_beta},
        {"block1/mlp2/kernel", block->mlp_kernel[2]},
        {"block1/mlp2/bias", block->mlp_bias[2]},
        {"norm/gamma", table.norm_gamma},
        {"norm/beta", table.norm_beta},
        {"head0/kernel", table.head_kernel[0]},
        {"head0/bias", table.head_bias[0]},
        {"logits/kernel", table.head_kernel[1]},
        {"logits/bias", table.head_bias[1]},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_int_equal(find(&table, expected[i].name)->offset, expected[i].offset);
    parameter_table_free(&table);
}

static void glorot_limits_use_keras_fans(void **state) {
    (void)state;
    ParameterTable table = make_table(reference_job(), 100);
    const struct {
        const char *name;
        double fans; /* fan_in + fan_out */
    } expected[] = {
        {"patch_embed/projection/kernel", 108 + 64},
        {"block7/attention/query/kernel", 256 + 4096},
        {"block0/attention/value/kernel", 256 + 4096},
        {"block3/attention/output/kernel", 256 + 256},
        {"block3/mlp0/kernel", 64 + 128},
        {"head0/kernel", 9216 + 2048},
        {"logits/kernel", 1024 + 100},
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_float_equal(find(&table, expected[i].name)->limit, sqrt(6 / expected[i].fans), 1e-8);
    assert_float_equal(find(&table, "patch_embed/position")->limit, 0.05f, 0);
    parameter_table_free(&table);
}

static float *initialized(const ParameterTable *table, uint64_t seed) {
    float *weights;
    assert_int_equal(memory_allocate(&weights, table->floats, sizeof *weights, "weights"),
                     STATUS_OK);
    parameter_initialize(table, seed, weights);
    return weights;
}

/* Bounds are five standard deviations of the estimates: the mean of n uniform values has
 * limit/sqrt(3n), their mean square limit^2 * sqrt(4/(45n)). */
static void assert_uniform(const float *values, size_t count, float limit) {
    double sum = 0, squares = 0, n = (double)count, low = 0, high = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(values[i] >= -limit && values[i] < limit);
        sum += values[i];
        squares += (double)values[i] * values[i];
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
    }
    assert_true(fabs(sum / n) < 5 * limit / sqrt(3 * n));
    assert_true(fabs(squares / n - limit * limit / 3) < 5 * limit * limit * sqrt(4 / (45 * n)));
    assert_true(values[count - 1] != 0); /* filled to its end */
    assert_true(low < -limit * (1 - 20 / n) && high > limit * (1 - 20 / n));
}

static void initial_values_are_uniform_zero_or_one(void **state) {
    (void)state;
    Job job = reference_job();
    job.head.value[0] = 300; /* keeps the test short */
    ParameterTable table = make_table(job, 100);
    float *weights = initialized(&table, 1);
    for (size_t i = 0; i < table.count; i++) {
        const Parameter *entry = &table.entry[i];
        const float *values = weights + entry->offset;
        const char *leaf = strrchr(entry->name, '/') + 1;
        if (strcmp(leaf, "kernel") == 0 || strcmp(leaf, "position") == 0) {
            assert_uniform(values, entry->count, entry->limit);
            continue;
        }
        for (size_t e = 0; e < entry->count; e++)
            assert_true(values[e] == (strcmp(leaf, "gamma") == 0 ? 1.0f : 0.0f));
    }
    memory_free(weights);
    parameter_table_free(&table);
}

static void initial_values_depend_on_seed_and_tensor(void **state) {
    (void)state;
    ParameterTable table = make_table(odd_job(), 10);
    float *one = initialized(&table, 1), *again = initialized(&table, 1),
          *two = initialized(&table, 2);
    assert_memory_equal(one, again, table.floats * sizeof *one);
    size_t patch = table.patch_kernel, query = table.block[0].query_kernel,
           key = table.block[0].key_kernel;
    assert_true(one[patch] != two[patch]);
    assert_true(one[query] != one[key]); /* equal shapes and limits */
    memory_free(one);
    memory_free(again);
    memory_free(two);
    parameter_table_free(&table);
}

static void digest_covers_every_value_and_no_gap(void **state) {
    (void)state;
    ParameterTable table = make_table(odd_job(), 10);
    float *weights = initialized(&table, 1);
    char plain[DIGEST_TEXT], changed[DIGEST_TEXT];
    assert_int_equal(parameter_digest(&table, weights, plain), STATUS_OK);
    for (size_t i = 0; i < table.count; i++) {
        const Parameter *entry = &table.entry[i];
        for (size_t gap = entry->offset + entry->count; gap % 16 != 0; gap++)
            weights[gap] = 7;
        float *last = &weights[entry->offset + entry->count - 1], kept = *last;
        *last += 1;
        assert_int_equal(parameter_digest(&table, weights, changed), STATUS_OK);
        assert_string_not_equal(plain, changed);
        *last = kept;
    }
    assert_int_equal(parameter_digest(&table, weights, changed), STATUS_OK);
    assert_string_equal(plain, changed);
    memory_free(weights);
    parameter_table_free(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reference_model_has_published_parameter_count),
        cmocka_unit_test(flops_are_those_of_the_matrix_products),
        cmocka_unit_test(shape_follows_the_job),
        cmocka_unit_test(tensors_have_keras_order_and_shapes),
        cmocka_unit_test(tensors_of_other_layers_have_their_places),
        cmocka_unit_test(small_recipe_has_the_oracles_size),
        cmocka_unit_test(initial_values_of_other_layers),
        cmocka_unit_test(offsets_are_aligned_and_do_not_overlap),
        cmocka_unit_test(tensors_lie_in_parts),
        cmocka_unit_test(layout_points_at_the_named_tensors),
        cmocka_unit_test(glorot_limits_use_keras_fans),
        cmocka_unit_test(initial_values_are_uniform_zero_or_one),
        cmocka_unit_test(initial_values_depend_on_seed_and_tensor),
        cmocka_unit_test(digest_covers_every_value_and_no_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
