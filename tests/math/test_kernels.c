/* Every vector kernel of every instruction set that this processor has, against double precision,
 * at odd sizes. */

#include "check.h"
#include "vit/kernels.h"

static const Kernels *kernels;

/* Sizes around every vector width, and a large one. */
static const size_t sizes[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 144, 145};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void check_near(const char *what, double ours, double exact, double tolerance) {
    if (!(fabs(ours - exact) <= tolerance)) {
        print_error("%s, %s: %.9g instead of %.9g (tolerance %.2g)\n",
                    cpu_level_name(kernels->level), what, ours, exact, tolerance);
        fail();
    }
}

static float next_below(float x) {
    return nextafterf(x, -INFINITY);
}

static void exponential_is_within_two_ulp(void **state) {
    (void)state;
    double worst = 0.0;
    for (float start = 0.0f; start > -87.0f; start -= 0.37f) {
        float x[512], y[512];
        x[0] = start;
        for (int i = 1; i < 512; i++)
            x[i] = next_below(x[i - 1]) - (float)i * 1e-6f;
        kernels->exponential(512, x, y);
        for (int i = 0; i < 512; i++) {
            if (x[i] < -87.0f)
                continue;
            const double exact = exp((double)x[i]);
            const double ulp = (double)nextafterf((float)exact, INFINITY) - (double)(float)exact;
            worst = fmax(worst, fabs((double)y[i] - exact) / ulp);
        }
    }
    if (worst > 2.0)
        print_error("%.3f ulp\n", worst);
    assert_true(worst <= 2.0);
}

static void exponential_at_the_ends(void **state) {
    (void)state;
    const float x[5] = {0.0f, -1e-30f, -1000.0f, -INFINITY, NAN};
    float y[5];
    kernels->exponential(5, x, y);
    assert_true(y[0] == 1.0f && y[1] == 1.0f && y[2] == 0.0f && y[3] == 0.0f && isnan(y[4]));
    /* Of any sign and payload. */
    const uint32_t nan[5] = {0x7fc00001, 0x7fffffff, 0xffc00000, 0xffffffff, 0x7f800001};
    float x_nan[5];
    memcpy(x_nan, nan, sizeof nan);
    kernels->exponential(5, x_nan, y);
    for (int i = 0; i < 5; i++)
        assert_true(isnan(y[i]));
}

static void gelu_is_within_a_millionth(void **state) {
    (void)state;
    enum { COUNT = 4001 };
    float x[COUNT], slope[COUNT], zero[COUNT] = {0}, again[COUNT];
    for (int i = 0; i < COUNT; i++)
        x[i] = again[i] = (float)(i - COUNT / 2) * 0.01f;
    const Dropout none = {.threshold = 65536, .scale = 1.0f};
    kernels->gelu(1, COUNT, zero, none, x, slope);
    kernels->gelu(1, COUNT, zero, none, again, NULL);
    for (int i = 0; i < COUNT; i++) {
        const double z = (double)((float)(i - COUNT / 2) * 0.01f);
        const double phi = 0.5 * erfc(-z * sqrt(0.5));
        const double density = exp(-0.5 * z * z) * 0.3989422804014327;
        check_near("GELU", (double)x[i], z * phi, 1e-6 * fmax(1.0, fabs(z) * 0.1));
        check_near("GELU's derivative", (double)slope[i], phi + z * density, 1e-6);
        assert_true(x[i] == again[i]);
    }
}

static void gelu_drops_what_dropout_says(void **state) {
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        const size_t rows = 3, cols = sizes[s], n = rows * cols;
        float *x = test_values(n, 2.0f, 1), *plain = test_values(n, 2.0f, 1);
        float *bias = test_values(cols, 1.0f, 2), *slope = test_values(n, 1.0f, 3),
              *plain_slope = test_values(n, 1.0f, 4);
        uint16_t *words = test_array(n, sizeof *words);
        for (size_t i = 0; i < n; i++)
            words[i] = (uint16_t)(i * 40503u);
        kernels->gelu(rows, cols, bias, (Dropout){.threshold = 65536, .scale = 1.0f}, plain,
                      plain_slope);
        kernels->gelu(rows, cols, bias, (Dropout){words, 30000, 2.0f}, x, slope);
        for (size_t i = 0; i < n; i++) {
            const float factor = words[i] < 30000 ? 2.0f : 0.0f;
            check_near("GELU with dropout", (double)x[i], (double)(plain[i] * factor), 1e-6);
            check_near("slope with dropout", (double)slope[i], (double)(plain_slope[i] * factor),
                       1e-6);
        }
        memory_free(x), memory_free(plain), memory_free(bias), memory_free(slope);
        memory_free(plain_slope), memory_free(words);
    }
}

static void dropout_words_are_philox_halves(void **state) {
    (void)state;
    const RandomStream stream = random_stream(0x123456789abcdefULL, RANDOM_DROPOUT, 7, 9, 11);
    uint16_t words[3 * DROPOUT_GROUP];
    kernels->dropout_words(stream, 3, words);
    for (size_t e = 0; e < 3 * DROPOUT_GROUP; e++) {
        const size_t group = e / 128, word = e % 128 / 32, half = e / 16 % 2, lane = e % 16;
        uint32_t block[4];
        random_block(stream, (uint32_t)(group * 16 + lane), block);
        assert_int_equal(words[e], (block[word] >> (16 * half)) & 0xffff);
    }
}

static void softmax_and_its_backward(void **state) {
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        const size_t rows = 2, cols = sizes[s], n = rows * cols;
        float *scores = test_values(n, 8.0f, 5), *z = test_values(n, 8.0f, 5);
        float *kept = test_values(n, 1.0f, 6), *again = test_values(n, 1.0f, 6);
        float *ds = test_values(n, 1.0f, 7), *given = test_values(n, 1.0f, 7);
        float scale[2];
        uint16_t *words = test_array(n, sizeof *words);
        for (size_t i = 0; i < n; i++)
            words[i] = (uint16_t)(i * 40503u);
        const Dropout dropout = {words, 40000, 65536.0f / 40000.0f};
        kernels->softmax(rows, cols, scores, kept, scale, dropout);
        kernels->softmax_backward(rows, cols, scores, scale, 40000.0f / 65536.0f, ds, again);
        for (size_t r = 0; r < rows; r++) {
            double sum = 0.0, top = -1e30;
            for (size_t c = 0; c < cols; c++)
                top = fmax(top, (double)z[r * cols + c]);
            for (size_t c = 0; c < cols; c++)
                sum += exp((double)z[r * cols + c] - top);
            double dot = 0.0; /* of the probabilities and their gradient, before dropout's scale */
            for (size_t c = 0; c < cols; c++)
                if (words[r * cols + c] < 40000)
                    dot += exp((double)z[r * cols + c] - top) / sum * (double)given[r * cols + c];
            for (size_t c = 0; c < cols; c++) {
                const size_t i = r * cols + c;
                const double e = exp((double)z[i] - top);
                const bool keep = words[i] < 40000;
                check_near("probability", (double)kept[i] * (double)scale[r],
                           keep ? e / sum * 65536.0 / 40000.0 : 0.0, 1e-6);
                assert_true(kept[i] == again[i]);
                check_near("softmax backward", (double)ds[i],
                           e * ((keep ? (double)given[i] : 0.0) - dot), 1e-6);
            }
        }
        memory_free(scores), memory_free(z), memory_free(kept), memory_free(again);
        memory_free(ds), memory_free(given), memory_free(words);
    }
}

static void softmax_without_dropout_sums_to_one(void **state) {
    (void)state;
    float scores[3] = {1000.0f, 999.0f, -1000.0f}, kept[3], scale;
    kernels->softmax(1, 3, scores, kept, &scale, (Dropout){.threshold = 65536, .scale = 1.0f});
    check_near("sum", (double)scale * ((double)kept[0] + (double)kept[1] + (double)kept[2]), 1.0,
               1e-6);
}

static void layer_norm_and_its_backward(void **state) {
    (void)state;
    for (size_t s = 1; s < SIZES; s++) {
        const size_t cols = sizes[s], n = 2 * cols;
        float *x = test_values(n, 3.0f, 8), *gamma = test_values(cols, 2.0f, 9),
              *beta = test_values(cols, 1.0f, 10), *dy = test_values(n, 1.0f, 11);
        float *y = test_values(n, 1.0f, 1), *unit = test_values(n, 1.0f, 1);
        float *dx = test_values(n, 1.0f, 12), *before = test_values(n, 1.0f, 12);
        float *dgamma = test_array(cols, 4), *dbeta = test_array(cols, 4), inverse[2];
        kernels->layer_norm(2, cols, x, gamma, beta, 1e-6f, y, unit, inverse);
        kernels->layer_norm_backward(2, cols, dy, gamma, unit, inverse, dx, dgamma, dbeta);
        for (size_t c = 0; c < cols; c++)
            check_near("dgamma", (double)dgamma[c],
                       (double)dy[c] * (double)unit[c] +
                           (double)dy[cols + c] * (double)unit[cols + c],
                       1e-5);
        for (size_t r = 0; r < 2; r++) {
            double mean = 0.0, var = 0.0, h = 0.0, hu = 0.0;
            const float *row = x + r * cols, *g = dy + r * cols;
            for (size_t c = 0; c < cols; c++)
                mean += (double)row[c] / (double)cols;
            for (size_t c = 0; c < cols; c++)
                var += ((double)row[c] - mean) * ((double)row[c] - mean) / (double)cols;
            const double factor = 1.0 / sqrt(var + 1e-6);
            for (size_t c = 0; c < cols; c++) {
                h += (double)g[c] * (double)gamma[c] / (double)cols;
                hu += (double)g[c] * (double)gamma[c] * ((double)row[c] - mean) * factor /
                      (double)cols;
            }
            for (size_t c = 0; c < cols; c++) {
                const double u = ((double)row[c] - mean) * factor;
                check_near("layer norm", (double)y[r * cols + c],
                           u * (double)gamma[c] + (double)beta[c], 1e-5);
                check_near("layer norm's gradient",
                           (double)dx[r * cols + c] - (double)before[r * cols + c],
                           factor * ((double)g[c] * (double)gamma[c] - h - u * hu),
                           1e-5 * fmax(1.0, factor));
            }
        }
        memory_free(x), memory_free(gamma), memory_free(beta), memory_free(dy), memory_free(y);
        memory_free(unit), memory_free(dx), memory_free(before), memory_free(dgamma);
        memory_free(dbeta);
    }
}

static void row_operations(void **state) {
    (void)state;
    for (size_t a = 0; a < SIZES; a++)
        for (size_t b = 0; b < SIZES; b++) {
            const size_t rows = sizes[a], cols = sizes[b], n = rows * cols;
            float *x = test_values(n, 1.0f, 13), *y = test_values(n, 1.0f, 14);
            float *z = test_array(n, 4), *row = test_values(rows, 1.0f, 15),
                  *col = test_values(cols, 1.0f, 16), *sum = test_array(cols, 4);
            kernels->transpose(rows, cols, x, cols, z, rows);
            for (size_t i = 0; i < n; i++)
                assert_true(z[i % cols * rows + i / cols] == x[i]);
            kernels->add_column_sums(rows, cols, x, sum);
            double column = 0.0;
            for (size_t r = 0; r < rows; r++)
                column += (double)x[r * cols + cols - 1];
            check_near("column sum", (double)sum[cols - 1], column, 2e-5);
            kernels->multiply(n, x, y, z);
            check_near("product", (double)z[n - 1], (double)x[n - 1] * (double)y[n - 1], 1e-7);
            memcpy(z, x, n * sizeof *z);
            kernels->add(n, y, z);
            check_near("sum", (double)z[n - 1], (double)x[n - 1] + (double)y[n - 1], 2e-7);
            kernels->scale_columns(rows, cols, x, col, sum, z);
            check_near("scaled columns", (double)z[n - 1],
                       (double)x[n - 1] * (double)col[cols - 1] + (double)sum[cols - 1], 2e-5);
            kernels->scale_rows(rows, cols, row, x, z);
            check_near("scaled", (double)z[n - 1], (double)x[n - 1] * (double)row[rows - 1], 1e-7);
            memcpy(z, x, n * sizeof *z);
            kernels->add_bias(rows, cols, col, 0.5f, z);
            check_near("biased", (double)z[n - 1], ((double)x[n - 1] + (double)col[cols - 1]) * 0.5,
                       2e-7);
            memory_free(x), memory_free(y), memory_free(z), memory_free(row), memory_free(col);
            memory_free(sum);
        }
}

/* lr = 1 and betas = 0: w' = w - decay w - g / (|g| + epsilon), whatever the moments were. */
static void adamw_in_closed_form(void **state) {
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        const size_t n = sizes[s];
        float *g = test_values(n, 1.0f, 17), *w = test_values(n, 1.0f, 18),
              *m = test_values(n, 1.0f, 1);
        float *v = test_array(n, 4), *before = test_values(n, 1.0f, 18);
        const AdamwTerms terms = {.gradient_scale = 0.5f,
                                  .gain1 = 1.0f,
                                  .gain2 = 1.0f,
                                  .decay = 0.25f,
                                  .rate = 1.0f,
                                  .root_scale = 1.0f,
                                  .epsilon = 0.01f};
        kernels->adamw(n, terms, g, w, m, v);
        double squares = 0.0;
        for (size_t i = 0; i < n; i++) {
            const double half = 0.5 * (double)g[i];
            check_near("AdamW", (double)w[i], 0.75 * (double)before[i] - half / (fabs(half) + 0.01),
                       1e-6);
            check_near("first moment", (double)m[i], half, 2e-7);
            check_near("second moment", (double)v[i], half * half, 1e-7);
            squares += (double)g[i] * (double)g[i];
        }
        check_near("sum of squares", kernels->sum_squares(n, g), squares, 1e-12);
        memory_free(g), memory_free(w), memory_free(m), memory_free(v), memory_free(before);
    }
}

/* Sides of grids, channels and taps that leave parts of vectors, and kernels larger than a grid. */
static const struct LocalCase {
    size_t side, channels, taps;
} local_cases[] = {{1, 3, 3},  {2, 16, 3}, {5, 33, 3}, {8, 64, 3},
                   {4, 17, 5}, {3, 48, 7}, {2, 5, 15}};

/* sum over the taps of x at the tap times `other`: of the kernel (a convolution at one token), or,
 * a tap at a time, of dy. */
static double tap_product(const struct LocalCase *c, size_t row, size_t col, size_t i, size_t j,
                          const float *x, size_t channel, double other) {
    const ptrdiff_t y = (ptrdiff_t)(row + i) - (ptrdiff_t)(c->taps / 2);
    const ptrdiff_t z = (ptrdiff_t)(col + j) - (ptrdiff_t)(c->taps / 2);
    if (y < 0 || z < 0 || y >= (ptrdiff_t)c->side || z >= (ptrdiff_t)c->side)
        return 0.0;
    return other * (double)x[((size_t)y * c->side + (size_t)z) * c->channels + channel];
}

static void local_convolutions(void **state) {
    (void)state;
    for (size_t n = 0; n < sizeof local_cases / sizeof *local_cases; n++) {
        const struct LocalCase *c = &local_cases[n];
        const size_t tokens = c->side * c->side, taps = c->taps * c->taps;
        float *x = test_values(tokens * c->channels, 1.0f, 1);
        float *y = test_values(tokens * c->channels, 1.0f, 2),
              *sum = test_array(tokens * c->channels, 4);
        float *kernel = test_values(taps * c->channels, 1.0f, 3),
              *dkernel = test_array(taps * c->channels, 4);
        memcpy(sum, y, tokens * c->channels * sizeof *y);
        memcpy(dkernel, kernel, taps * c->channels * sizeof *kernel);
        kernels->convolve_local(c->side, c->channels, c->taps, x, kernel, sum);
        kernels->convolve_local_gradient(c->side, c->channels, c->taps, x, y, dkernel);
        for (size_t at = 0; at < tokens * c->channels; at++) {
            const size_t t = at / c->channels, channel = at % c->channels;
            double exact = (double)y[at];
            for (size_t k = 0; k < taps; k++)
                exact += tap_product(c, t / c->side, t % c->side, k / c->taps, k % c->taps, x,
                                     channel, (double)kernel[k * c->channels + channel]);
            /* Roundings of a sum of taps terms below 1. */
            check_near("local convolution", (double)sum[at], exact, 6e-8 * (double)(taps * taps));
        }
        for (size_t at = 0; at < taps * c->channels; at++) {
            const size_t k = at / c->channels, channel = at % c->channels;
            double exact = (double)kernel[at];
            for (size_t t = 0; t < tokens; t++)
                exact += tap_product(c, t / c->side, t % c->side, k / c->taps, k % c->taps, x,
                                     channel, (double)y[t * c->channels + channel]);
            check_near("local convolution's gradient", (double)dkernel[at], exact,
                       6e-8 * (double)(tokens * tokens));
        }
        memory_free(x), memory_free(y), memory_free(sum), memory_free(kernel), memory_free(dkernel);
    }
}

/* Values of which many are equal, so that the first of them matters, and half below zero. */
static float pool_value(size_t i) {
    return (float)(int)(i * 2654435761u >> 7 & 7) - 3.5f + 0.5f * (float)(i % 2);
}

static void check_max_pool(size_t side, size_t channels) {
    const size_t pooled = (side + 1) / 2, ld = pooled * channels + 5, line = (side + 2) * channels;
    float *x = test_array(side * side * channels, 4), *y = test_array(pooled * ld, 4);
    float *dy = test_values(pooled * pooled * channels, 1.0f, 4);
    float *dx = test_values((side + 2) * line, 1.0f, 5), *exact = test_array((side + 2) * line, 4);
    uint8_t *choice = test_array(pooled * pooled * channels, 1);
    for (size_t i = 0; i < side * side * channels; i++)
        x[i] = pool_value(i);
    kernels->max_pool(side, channels, x, choice, y, ld);
    kernels->max_pool_backward(side, channels, choice, dy, dx);
    for (size_t p = 0; p < pooled * pooled * channels; p++) {
        const size_t c = p % channels, column = p / channels % pooled, row = p / channels / pooled;
        float largest = 0.0f;
        size_t first = MAX_POOL_NONE, at = 0;
        for (size_t k = 0; k < 9; k++) {
            const size_t i = 2 * row + k / 3, j = 2 * column + k % 3; /* in x with a border */
            if (i < 1 || j < 1 || i > side || j > side)
                continue;
            const float value = x[((i - 1) * side + j - 1) * channels + c];
            if (value > largest) {
                largest = value;
                first = k;
                at = i * line + j * channels + c;
            }
        }
        assert_true(y[row * ld + column * channels + c] == largest);
        assert_int_equal(choice[p], first);
        if (first != MAX_POOL_NONE)
            exact[at] += dy[p];
    }
    for (size_t i = 0; i < (side + 2) * line; i++)
        check_near("max-pooling backward", (double)dx[i], (double)exact[i], 1e-6);
    memory_free(x), memory_free(y), memory_free(dy);
    memory_free(dx), memory_free(exact), memory_free(choice);
}

static void max_pooling_and_its_backward(void **state) {
    (void)state;
    check_max_pool(1, 3);
    check_max_pool(2, 16);
    check_max_pool(5, 9);
    check_max_pool(8, 64);
    check_max_pool(9, 35);
    const float x[4] = {1.0f, NAN, 2.0f, -1.0f};
    uint8_t choice[1];
    float y[1];
    kernels->max_pool(2, 1, x, choice, y, 1);
    assert_true(isnan(*y));
}

/* A velocity that is halved, and a step of twice its length. */
static void sgd_in_closed_form(void **state) {
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        const size_t n = sizes[s];
        float *g = test_values(n, 1.0f, 17), *w = test_values(n, 1.0f, 18),
              *v = test_values(n, 1.0f, 19);
        float *w_before = test_values(n, 1.0f, 18), *v_before = test_values(n, 1.0f, 19);
        const SgdTerms terms = {
            .gradient_scale = 0.25f, .momentum = 0.5f, .decay = 0.125f, .rate = 2.0f};
        kernels->sgd(n, terms, g, w, v);
        for (size_t i = 0; i < n; i++) {
            const double velocity = 0.5 * (double)v_before[i] + 0.25 * (double)g[i];
            check_near("velocity", (double)v[i], velocity, 2e-7);
            check_near("SGD", (double)w[i], 0.875 * (double)w_before[i] - 2.0 * velocity, 4e-7);
        }
        memory_free(g), memory_free(w), memory_free(v), memory_free(w_before);
        memory_free(v_before);
    }
}

/* Rounded twice, to 6e-8 of values of up to 2. */
static void a_moving_average_approaches(void **state) {
    (void)state;
    for (size_t s = 0; s < SIZES; s++) {
        const size_t n = sizes[s];
        float *w = test_values(n, 1.0f, 18), *e = test_values(n, 1.0f, 19),
              *before = test_values(n, 1.0f, 19);
        kernels->average(n, 0.125f, w, e);
        for (size_t i = 0; i < n; i++)
            check_near("average", (double)e[i],
                       (double)before[i] + 0.125 * ((double)w[i] - (double)before[i]), 3e-7);
        memory_free(w), memory_free(e), memory_free(before);
    }
}

static void dropout_zeroes_and_scales(void **state) {
    (void)state;
    float x[3] = {1.0f, 2.0f, 3.0f};
    const uint16_t words[3] = {9999, 10000, 0};
    kernels->dropout(3, x, (Dropout){words, 10000, 4.0f});
    assert_true(x[0] == 4.0f && x[1] == 0.0f && x[2] == 12.0f);
    kernels->dropout(3, x, (Dropout){.threshold = 65536, .scale = 1.0f});
    assert_true(x[0] == 4.0f && x[1] == 0.0f && x[2] == 12.0f);
}

int main(void) {
    int failed = 0;
    for (int level = 0; level < CPU_LEVELS; level++) {
        kernels = kernels_at((CpuLevel)level);
        if (!kernels) {
            print_message("no %s here: its kernels are not tested\n",
                          cpu_level_name((CpuLevel)level));
            continue;
        }
        print_message("kernels for %s\n", cpu_level_name((CpuLevel)level));
        const struct CMUnitTest tests[] = {
            cmocka_unit_test(exponential_is_within_two_ulp),
            cmocka_unit_test(exponential_at_the_ends),
            cmocka_unit_test(gelu_is_within_a_millionth),
            cmocka_unit_test(gelu_drops_what_dropout_says),
            cmocka_unit_test(dropout_words_are_philox_halves),
            cmocka_unit_test(softmax_and_its_backward),
            cmocka_unit_test(softmax_without_dropout_sums_to_one),
            cmocka_unit_test(layer_norm_and_its_backward),
            cmocka_unit_test(row_operations),
            cmocka_unit_test(adamw_in_closed_form),
            cmocka_unit_test(sgd_in_closed_form),
            cmocka_unit_test(a_moving_average_approaches),
            cmocka_unit_test(dropout_zeroes_and_scales),
            cmocka_unit_test(local_convolutions),
            cmocka_unit_test(max_pooling_and_its_backward),
        };
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
