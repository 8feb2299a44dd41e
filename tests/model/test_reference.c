/* The whole model against PyTorch in double (tests/reference/generate.py): loss, logits and every
 * parameter's gradient, tensor by tensor, ||ours - theirs|| / ||theirs||.
 *
 * test_reference [FILE.h5...]: with files, those of models of other sizes
 * (tests/reference/real.py).
 */

#include "check.h"
#include "h5_found.h"
#include "vit/gemm.h"
#include "vit/h5.h"
#include "vit/vit.h"
#include <omp.h>

/* fp32 products over at most a few thousand terms lose about 1e-6. */
static const double tolerance = 1e-5;
/* Biases of keys and of sequence pooling have no gradient at all (softmax ignores them): only
 * rounding, relative to the gradient of their kernels. */
static const double zero_tolerance = 3e-7;

typedef struct Case {
    hid_t file;
    Job job;
    ModelShape shape;
    ParameterTable table;
    size_t images;
    double *pixels;            /* [images, S, S, 3] */
    uint16_t *labels, *others; /* others and share: NULL without soft targets */
    double *share;
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

static void read_targets(Case *c) {
    c->labels = test_array(c->images, sizeof *c->labels);
    assert_ok(h5_read(c->file, "/input/labels", H5T_NATIVE_UINT16, 1, &c->images, c->labels));
    if (!h5_exists(c->file, "/input/share"))
        return;
    c->others = test_array(c->images, sizeof *c->others);
    c->share = test_array(c->images, sizeof *c->share);
    assert_ok(h5_read(c->file, "/input/others", H5T_NATIVE_UINT16, 1, &c->images, c->others));
    assert_ok(h5_read(c->file, "/input/share", H5T_NATIVE_DOUBLE, 1, &c->images, c->share));
}

static void case_open(Case *c, const char *file) {
    char path[512], *text = NULL;
    uint64_t images = 0, classes = 0;
    *c = (Case){0};
    snprintf(path, sizeof path, "%s", file);
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
    assert_ok(h5_read(c->file, "/input/images", H5T_NATIVE_DOUBLE, 4, shape, c->pixels));
    read_targets(c);
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
    memory_free(c->others);
    memory_free(c->share);
    memory_free(c->samples);
    memory_free(c->weights);
    memory_free(c->gradient);
    memory_free(c->logits);
    parameter_table_free(&c->table);
    h5_close(c->file);
}

/* Where theirs are all zero, so have to be ours. */
static double relative_error(size_t count, const float *ours, const double *theirs) {
    double difference = 0.0, norm = 0.0;
    for (size_t i = 0; i < count; i++) {
        difference += (ours[i] - theirs[i]) * (ours[i] - theirs[i]);
        norm += theirs[i] * theirs[i];
    }
    return norm == 0.0 && difference == 0.0 ? 0.0 : sqrt(difference / norm);
}

static double norm_of(size_t count, const float *values) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++)
        sum += (double)values[i] * (double)values[i];
    return sqrt(sum);
}

/* The kernel of a bias that has no gradient, as tensor number i; otherwise NULL. */
static const Parameter *kernel_of_zero(const ParameterTable *table, size_t i) {
    const char *name = table->entry[i].name;
    if (!strstr(name, "/key/bias") && strcmp(name, "pool/bias") != 0)
        return NULL;
    assert_non_null(strstr(table->entry[i - 1].name, "/kernel"));
    return &table->entry[i - 1];
}

/* The largest error over the gradients, and the largest of those that should be zero. */
static void check_gradients(const Case *c, double *largest, double *largest_zero) {
    for (size_t i = 0; i < c->table.count; i++) {
        const Parameter *entry = &c->table.entry[i], *kernel = kernel_of_zero(&c->table, i);
        if (kernel) {
            const double error = norm_of(entry->count, c->gradient + entry->offset) /
                                 norm_of(kernel->count, c->gradient + kernel->offset);
            if (!(error <= zero_tolerance))
                print_error("%s: %.3g of %s\n", entry->name, error, kernel->name);
            *largest_zero = fmax(*largest_zero, isnan(error) ? INFINITY : error);
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

static void check_file(const char *file, const char *name, size_t unit_images, size_t threads) {
    Case c;
    case_open(&c, file);
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
                      .other = c.others,
                      .share = c.share,
                      .smoothing = c.job.label_smoothing,
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
    double gradient_error = 0.0, zero_error = 0.0;
    check_gradients(&c, &gradient_error, &zero_error);
    print_message("%-11s units of %zu, %zu threads: loss %.2g, logits %.2g, gradients %.2g, "
                  "zero ones %.2g\n",
                  name, unit_images, threads, loss_error, logit_error, gradient_error, zero_error);
    assert_true(loss_error <= tolerance);
    assert_true(logit_error <= tolerance);
    assert_true(gradient_error <= tolerance);
    assert_true(zero_error <= zero_tolerance);
    memory_free(logits);
    vit_free(vit);
    case_close(&c);
}

static void check_case(const char *name, size_t unit_images, size_t threads) {
    char file[512];
    snprintf(file, sizeof file, "%s/model_%s.h5", REFERENCE_FOLDER, name);
    check_file(file, name, unit_images, threads);
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

static void one_convolution_sequence_pooling_and_local_convolution(void **state) {
    (void)state;
    check_case("convolution", 2, 1);
    check_case("convolution", 1, 3);
}

static void two_convolutions_sine_positions_and_a_class_token(void **state) {
    (void)state;
    check_case("class", 2, 2);
}

static void local_convolution_wider_than_the_grid(void **state) {
    (void)state;
    check_case("sequence", 3, 1);
}

static void class_token_without_positions(void **state) {
    (void)state;
    check_case("tokens", 2, 1);
}

static void soft_targets(void **state) {
    (void)state;
    check_case("soft", 2, 1);
    check_case("soft", 4, 2);
}

static void dropped_branches(void **state) {
    (void)state;
    check_case("depth", 2, 1);
    check_case("depth", 1, 3);
}

static int given_files;
static char **given_file;

static const char *file_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void files_of_the_command_line(void **state) {
    (void)state;
    for (int i = 0; i < given_files; i++)
        check_file(given_file[i], file_name(given_file[i]), 4, 2);
}

static int check_given(int count, char **file) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(files_of_the_command_line)};
    given_files = count;
    given_file = file;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv) {
    gemm_init();
    if (argc > 1)
        return check_given(argc - 1, argv + 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flatten),
        cmocka_unit_test(mean_pooling),
        cmocka_unit_test(patches_that_do_not_divide_the_image),
        cmocka_unit_test(reference_proportions),
        cmocka_unit_test(dropout_from_the_defined_random_numbers),
        cmocka_unit_test(one_convolution_sequence_pooling_and_local_convolution),
        cmocka_unit_test(two_convolutions_sine_positions_and_a_class_token),
        cmocka_unit_test(local_convolution_wider_than_the_grid),
        cmocka_unit_test(class_token_without_positions),
        cmocka_unit_test(soft_targets),
        cmocka_unit_test(dropped_branches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
