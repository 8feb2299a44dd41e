/* The whole model against PyTorch in double (tests/reference/generate.py): loss, logits and every
 * parameter's gradient, tensor by tensor, ||ours - theirs|| / ||theirs||. */

#include "check.h"
#include "vit/gemm.h"
#include "vit/h5.h"
#include "vit/vit.h"
#include <omp.h>

/* fp32 products over at most a few thousand terms lose about 1e-6. */
static const double tolerance = 1e-5;
/* Key biases have no gradient at all (softmax ignores them): only rounding, relative to the query
 * biases'. */
static const double key_bias_tolerance = 1e-6;

typedef struct Case {
    hid_t file;
    Job job;
    ModelShape shape;
    ParameterTable table;
    size_t images;
    double *pixels; /* [images, S, S, 3] */
    uint16_t *labels;
    uint32_t *samples;
    float *weights, *gradient, *logits;
    uint64_t step;
} Case;

static void load(const void *context, size_t image, float *planes) {
    const Case *c = context;
    const size_t plane = c->shape.image_size * c->shape.image_size;
    for (size_t i = 0; i < 3 * plane; i++)
        planes[i] = (float)c->pixels[image * 3 * plane + i % plane * 3 + i / plane];
}

static void read_samples(Case *c) {
    c->samples = test_array(c->images, sizeof *c->samples);
    if (!h5_exists(c->file, "/input/samples"))
        return;
    uint64_t wide[16] = {0};
    assert_true(c->images <= 16);
    assert_ok(h5_read(c->file, "/input/samples", H5T_NATIVE_UINT64, 1, &c->images, wide));
    for (size_t i = 0; i < c->images; i++)
        c->samples[i] = (uint32_t)wide[i];
    uint64_t seed = 0;
    assert_ok(h5_get_count(c->file, "/", "step", &c->step));
    assert_ok(h5_get_count(c->file, "/", "seed", &seed));
    c->job.seed = seed;
}

static void case_open(Case *c, const char *name) {
    char path[512], *text = NULL;
    uint64_t images = 0, classes = 0;
    *c = (Case){0};
    snprintf(path, sizeof path, "%s/model_%s.h5", REFERENCE_FOLDER, name);
    assert_ok(h5_open(path, &c->file));
    assert_ok(h5_get_text(c->file, "/", "job", &text));
    assert_ok(job_parse(&c->job, path, text, 0, NULL));
    memory_free(text);
    assert_ok(h5_get_count(c->file, "/", "batch", &images));
    assert_ok(h5_get_count(c->file, "/", "classes", &classes));
    c->images = images;
    c->shape = model_shape(&c->job, 3, classes);
    assert_ok(parameter_table_init(&c->table, &c->shape));
    const size_t S = c->shape.image_size, shape[4] = {c->images, S, S, 3};
    c->pixels = test_array(c->images * S * S * 3, sizeof *c->pixels);
    c->labels = test_array(c->images, sizeof *c->labels);
    assert_ok(h5_read(c->file, "/input/images", H5T_NATIVE_DOUBLE, 4, shape, c->pixels));
    assert_ok(h5_read(c->file, "/input/labels", H5T_NATIVE_UINT16, 1, shape, c->labels));
    read_samples(c);
    c->weights = test_array(c->table.floats, sizeof(float));
    c->gradient = test_array(c->table.floats, sizeof(float));
    c->logits = test_array(c->images * c->shape.classes, sizeof(float));
    for (size_t i = 0; i < c->table.count; i++) {
        const Parameter *entry = &c->table.entry[i];
        snprintf(path, sizeof path, "/model/%s", entry->name);
        assert_ok(h5_read(c->file, path, H5T_NATIVE_FLOAT, entry->axes, entry->shape,
                          c->weights + entry->offset));
    }
}

static void case_close(Case *c) {
    memory_free(c->pixels);
    memory_free(c->labels);
    memory_free(c->samples);
    memory_free(c->weights);
    memory_free(c->gradient);
    memory_free(c->logits);
    parameter_table_free(&c->table);
    h5_close(c->file);
}

static double relative_error(size_t count, const float *ours, const double *theirs) {
    double difference = 0.0, norm = 0.0;
    for (size_t i = 0; i < count; i++) {
        difference += (ours[i] - theirs[i]) * (ours[i] - theirs[i]);
        norm += theirs[i] * theirs[i];
    }
    return sqrt(difference / norm);
}

static double norm_of(size_t count, const float *values) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i] * (double)values[i];
    return sqrt(sum);
}

/* The largest error over the gradients; key biases are compared with the query biases' norm. */
static void check_gradients(const Case *c, double *largest, double *largest_key_bias) {
    for (size_t i = 0; i < c->table.count; i++) {
        const Parameter *entry = &c->table.entry[i];
        if (strstr(entry->name, "/key/bias")) {
            const Parameter *query = &c->table.entry[i - 2];
            assert_non_null(strstr(query->name, "/query/bias"));
            double error = norm_of(entry->count, c->gradient + entry->offset) /
                           norm_of(query->count, c->gradient + query->offset);
            *largest_key_bias = fmax(*largest_key_bias, error);
            continue;
        }
        char path[128];
        double *theirs = test_array(entry->count, sizeof *theirs);
        snprintf(path, sizeof path, "/gradient/%s", entry->name);
        assert_ok(h5_read(c->file, path, H5T_NATIVE_DOUBLE, entry->axes, entry->shape, theirs));
        double error = relative_error(entry->count, c->gradient + entry->offset, theirs);
        if (!(error <= tolerance))
            print_error("%s: relative error %.3g\n", entry->name, error);
        *largest = fmax(*largest, isnan(error) ? INFINITY : error);
        memory_free(theirs);
    }
}

static void check_case(const char *name, size_t unit_images, size_t threads) {
    Case c;
    case_open(&c, name);
    omp_set_num_threads((int)threads);
    VitOptions options = {.seed = c.job.seed,
                          .batch_size = c.images,
                          .unit_images = unit_images,
                          .threads = threads,
                          .images = c.images,
                          .nodes = 1};
    Vit *vit = NULL;
    assert_ok(vit_init(&vit, &c.shape, &c.table, &options));
    VitInput input = {.images = c.images,
                      .batch = c.images,
                      .sample = c.samples,
                      .label = c.labels,
                      .load = load,
                      .context = &c};
    VitSums sums;
    vit_forward_backward(vit, c.weights, c.step, &input, 1.0f / (float)c.images, c.logits, NULL,
                         &sums);
    vit_whole_gradient(vit, c.weights, c.images, c.gradient);

    const size_t one = 1, shape[2] = {c.images, c.shape.classes};
    double loss = 0.0, *logits = test_array(shape[0] * shape[1], sizeof *logits);
    assert_ok(h5_read(c.file, "/loss", H5T_NATIVE_DOUBLE, 1, &one, &loss));
    assert_ok(h5_read(c.file, "/logits", H5T_NATIVE_DOUBLE, 2, shape, logits));
    double logit_error = relative_error(shape[0] * shape[1], c.logits, logits);
    double loss_error = fabs(sums.loss.value[0] / (double)c.images - loss) / loss;
    double gradient_error = 0.0, key_bias_error = 0.0;
    check_gradients(&c, &gradient_error, &key_bias_error);
    print_message("%-8s units of %zu, %zu threads: loss %.2g, logits %.2g, gradients %.2g, "
                  "key biases %.2g\n",
                  name, unit_images, threads, loss_error, logit_error, gradient_error,
                  key_bias_error);
    assert_true(loss_error <= tolerance);
    assert_true(logit_error <= tolerance);
    assert_true(gradient_error <= tolerance);
    assert_true(key_bias_error <= key_bias_tolerance);
    memory_free(logits);
    vit_free(vit);
    case_close(&c);
}

static void flatten(void **state) {
    (void)state;
    check_case("flatten", 4, 1);
    check_case("flatten", 1, 3);
}

static void mean_pooling(void **state) {
    (void)state;
    check_case("mean", 2, 2);
}

static void patches_that_do_not_divide_the_image(void **state) {
    (void)state;
    check_case("cut", 1, 1);
}

static void reference_proportions(void **state) {
    (void)state;
    check_case("wide", 2, 2);
}

static void dropout_from_the_defined_random_numbers(void **state) {
    (void)state;
    check_case("dropout", 2, 1);
    check_case("dropout", 1, 3);
}

int main(void) {
    gemm_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flatten),
        cmocka_unit_test(mean_pooling),
        cmocka_unit_test(patches_that_do_not_divide_the_image),
        cmocka_unit_test(reference_proportions),
        cmocka_unit_test(dropout_from_the_defined_random_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
