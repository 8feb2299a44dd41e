/* What the model promises besides its numbers: chunks, units and threads change nothing but
 * rounding; hooks. */

#include "check.h"
#include "vit/gemm.h"
#include "vit/vit.h"
#include <omp.h>

enum { MOST = 150 };

typedef struct Case {
    ModelShape shape;
    ParameterTable table;
    float *weights, *pictures;
    uint32_t samples[MOST];
    uint16_t labels[MOST];
    size_t first; /* of the pictures */
} Case;

static void load(const void *context, size_t image, float *patches) {
    const Case *c = context;
    const size_t count = c->shape.T * c->shape.patch_values;
    memcpy(patches, c->pictures + (c->first + image) * count, count * sizeof *patches);
}

static void case_open(Case *c, double dropout) {
    Job job;
    *c = (Case){0};
    assert_ok(job_parse(&job, "tiny.ini",
                        "[augment]\nimage_size = 8\n[model]\npatch_size = 4\ndim = 8\ndepth = 2\n"
                        "heads = 2\nkey_dim = 4\nmlp = 16,8\nhead = 12\n",
                        0, NULL));
    job.dropout = dropout;
    job.head_dropout = dropout;
    c->shape = model_shape(&job, 7);
    assert_ok(parameter_table_init(&c->table, &c->shape));
    c->weights = test_array(c->table.floats, sizeof(float));
    parameter_initialize(&c->table, 1, c->weights);
    c->pictures = test_values(MOST * c->shape.T * c->shape.patch_values, 1.0f, 3);
    for (size_t i = 0; i < MOST; i++) {
        c->samples[i] = (uint32_t)(1000 - i);
        c->labels[i] = (uint16_t)(i % 7);
    }
}

static void case_close(Case *c) {
    parameter_table_free(&c->table);
    memory_free(c->weights);
    memory_free(c->pictures);
}

/* Trains on images [first, first + count); gradient of the sum of losses. */
static VitSums train(Case *c, size_t first, size_t count, size_t unit_images, size_t threads,
                     size_t room, float *gradient, float *logits) {
    Vit *vit = NULL;
    VitSums sums;
    const VitOptions options = {
        .seed = 5, .unit_images = unit_images, .threads = threads, .images = room};
    omp_set_num_threads((int)threads);
    assert_ok(vit_init(&vit, &c->shape, &c->table, &options));
    c->first = first;
    const VitInput input = {count, c->samples + first, c->labels + first, load, c};
    vit_train(vit, c->weights, 11, &input, 1.0f, gradient, logits, NULL, &sums);
    vit_free(vit);
    return sums;
}

static void check_same(size_t count, const float *a, const float *b, double tolerance) {
    double difference = 0.0, norm = 0.0;
    for (size_t i = 0; i < count; i++) {
        difference += pow((double)a[i] - (double)b[i], 2.0);
        norm += pow((double)b[i], 2.0);
    }
    assert_true(norm > 0.0);
    assert_true(sqrt(difference / norm) <= tolerance);
}

static void units_threads_and_chunks_change_rounding_only(void **state) {
    (void)state;
    Case c;
    case_open(&c, 0.2);
    float *one = test_array(c.table.floats, 4), *other = test_array(c.table.floats, 4);
    const VitSums sums = train(&c, 0, MOST, 1, 1, MOST, one, NULL);
    static const size_t ways[][2] = {{4, 1}, {3, 2}, {150, 1}, {1, 5}, {64, 3}};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        const VitSums again = train(&c, 0, MOST, ways[w][0], ways[w][1], MOST, other, NULL);
        assert_true(fabs(again.loss - sums.loss) <= 1e-6 * sums.loss);
        assert_true(again.hits == sums.hits && again.top5_hits == sums.top5_hits);
        check_same(c.table.floats, other, one, 1e-6);
    }
    memory_free(one), memory_free(other);
    case_close(&c);
}

static void a_batch_is_the_sum_of_its_parts(void **state) {
    (void)state;
    Case c;
    case_open(&c, 0.2);
    float *all = test_array(c.table.floats, 4), *left = test_array(c.table.floats, 4),
          *right = test_array(c.table.floats, 4);
    const VitSums whole = train(&c, 0, 100, 4, 2, 100, all, NULL);
    const VitSums a = train(&c, 0, 37, 4, 2, 100, left, NULL);
    const VitSums b = train(&c, 37, 63, 4, 2, 100, right, NULL);
    for (size_t i = 0; i < c.table.floats; i++)
        left[i] += right[i];
    check_same(c.table.floats, left, all, 1e-6);
    assert_true(fabs(a.loss + b.loss - whole.loss) <= 1e-6 * whole.loss);
    assert_true(a.hits + b.hits == whole.hits);
    memory_free(all), memory_free(left), memory_free(right);
    case_close(&c);
}

static void the_same_call_gives_the_same_bits(void **state) {
    (void)state;
    Case c;
    case_open(&c, 0.2);
    float *one = test_array(c.table.floats, 4), *other = test_array(c.table.floats, 4);
    train(&c, 0, MOST, 4, 3, MOST, one, NULL);
    train(&c, 0, MOST, 4, 3, MOST, other, NULL);
    assert_memory_equal(one, other, c.table.floats * sizeof *one);
    memory_free(one), memory_free(other);
    case_close(&c);
}

static void evaluation_is_training_without_dropout(void **state) {
    (void)state;
    Case c;
    case_open(&c, 0.0);
    float *gradient = test_array(c.table.floats, 4), *trained = test_array(MOST * 7, 4),
          *evaluated = test_array(MOST * 7, 4);
    const VitSums sums = train(&c, 0, MOST, 4, 2, MOST, gradient, trained);
    Vit *vit = NULL;
    VitSums again;
    const VitOptions options = {.seed = 5, .unit_images = 4, .threads = 2, .images = 8};
    assert_ok(vit_init(&vit, &c.shape, &c.table, &options));
    c.first = 0;
    const VitInput input = {.images = MOST, .label = c.labels, .load = load, .context = &c};
    vit_evaluate(vit, c.weights, &input, evaluated, NULL, &again);
    check_same(MOST * 7, evaluated, trained, 1e-6);
    assert_true(again.hits == sums.hits && again.top5_hits == sums.top5_hits);
    assert_true(fabs(again.loss - sums.loss) <= 1e-6 * sums.loss);
    vit_free(vit);
    memory_free(gradient), memory_free(trained), memory_free(evaluated);
    case_close(&c);
}

static void hits_are_counted_by_rank(void **state) {
    (void)state;
    Case c;
    case_open(&c, 0.0);
    float *gradient = test_array(c.table.floats, 4), *logits = test_array(MOST * 7, 4);
    const VitSums sums = train(&c, 0, MOST, 4, 1, MOST, gradient, logits);
    uint64_t hits = 0, top5 = 0;
    double loss = 0.0;
    for (size_t i = 0; i < MOST; i++) {
        size_t above = 0;
        double sum = 0.0;
        for (size_t k = 0; k < 7; k++) {
            above += logits[i * 7 + k] > logits[i * 7 + c.labels[i]];
            sum += exp((double)logits[i * 7 + k]);
        }
        hits += above == 0;
        top5 += above < 5;
        loss += log(sum) - (double)logits[i * 7 + c.labels[i]];
    }
    assert_true(sums.hits == hits && sums.top5_hits == top5 && hits < top5);
    assert_true(fabs(sums.loss - loss) <= 1e-9 * loss);
    memory_free(gradient), memory_free(logits);
    case_close(&c);
}

typedef struct Announced {
    size_t times[64], calls, progress;
    bool head_first;
    const ParameterTable *table;
} Announced;

static void on_ready(void *context, size_t first, size_t count) {
    Announced *seen = context;
    if (seen->calls++ == 0)
        seen->head_first = first == seen->table->encoder_count;
    for (size_t i = first; i < first + count; i++)
        seen->times[i]++;
}

static void on_progress(void *context) {
    ((Announced *)context)->progress++;
}

static void every_gradient_is_announced_once(void **state) {
    (void)state;
    Case c;
    case_open(&c, 0.2);
    float *gradient = test_values(c.table.floats, 1.0f, 4);
    Vit *vit = NULL;
    const VitOptions options = {.seed = 5, .unit_images = 4, .threads = 2, .images = MOST};
    omp_set_num_threads(2);
    assert_ok(vit_init(&vit, &c.shape, &c.table, &options));
    assert_true(c.table.count <= 64);
    for (size_t images = 0; images <= MOST; images += 75) {
        Announced seen = {.table = &c.table};
        const VitHooks hooks = {on_ready, on_progress, &seen};
        const VitInput input = {images, c.samples, c.labels, load, &c};
        VitSums sums;
        c.first = 0;
        vit_train(vit, c.weights, 0, &input, 1.0f, gradient, NULL, &hooks, &sums);
        for (size_t i = 0; i < c.table.count; i++)
            assert_int_equal(seen.times[i], 1);
        assert_true(seen.head_first);
        assert_true(images == 0 || seen.progress > 0);
        for (size_t i = 0; images == 0 && i < c.table.floats; i++)
            assert_true(gradient[i] == 0.0f);
    }
    vit_free(vit);
    memory_free(gradient);
    case_close(&c);
}

int main(void) {
    gemm_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_threads_and_chunks_change_rounding_only),
        cmocka_unit_test(a_batch_is_the_sum_of_its_parts),
        cmocka_unit_test(the_same_call_gives_the_same_bits),
        cmocka_unit_test(evaluation_is_training_without_dropout),
        cmocka_unit_test(hits_are_counted_by_rank),
        cmocka_unit_test(every_gradient_is_announced_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
