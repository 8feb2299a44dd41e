/* The plain forward pass is the model's: its logits are PyTorch's in double, and those of the
 * trainer's own evaluation; and what is made of its probabilities is what PyTorch makes of them
 * (tests/reference/rollout.py). */

#include "check.h"
#include "forward.h"
#include "h5_found.h"
#include "rollout.h"
#include "vit/gemm.h"
#include "vit/h5.h"
#include "vit/vit.h"

/* Sums of a few thousand doubles, in another order. */
static const double same_model = 1e-12;
/* Those of the trainer are of floats. */
static const double same_as_trainer = 1e-5;

typedef struct Case {
    ModelShape shape;
    ParameterTable table;
    size_t images, batch_size;
    float *weights, *planes;  /* planes [images, 3, S, S] */
    double *logits, *rollout; /* theirs: [images, classes], of the first image [grid^2] */
    double *distance;         /* [depth, H] */
} Case;

static void read_planes(Case *c, hid_t file) {
    const size_t S = c->shape.image_size, shape[4] = {c->images, S, S, 3}, count = 3 * S * S;
    double *pixels = test_array(c->images * count, sizeof *pixels);
    assert_ok(h5_read(file, "/input/images", H5T_NATIVE_DOUBLE, 4, shape, pixels));
    c->planes = test_array(c->images * count, sizeof *c->planes);
    for (size_t i = 0; i < c->images * count; i++)
        c->planes[i / count * count + i % 3 * S * S + i % count / 3] = (float)pixels[i];
    memory_free(pixels);
}

static void read_model(Case *c, const char *path) {
    hid_t file;
    char *text = NULL, name[128];
    uint64_t images = 0, classes = 0;
    Job job;
    assert_ok(h5_open(path, &file));
    assert_ok(h5_get_text(file, "/", "job", &text));
    assert_ok(job_parse(&job, path, text, 0, NULL));
    memory_free(text);
    assert_ok(h5_get_count(file, "/", "batch", &images));
    assert_ok(h5_get_count(file, "/", "classes", &classes));
    c->images = images;
    c->batch_size = job.batch_size;
    c->shape = model_shape(&job, 3, classes);
    assert_ok(parameter_table_init(&c->table, &c->shape));
    c->weights = test_array(c->table.floats, sizeof *c->weights);
    for (size_t i = 0; i < c->table.count; i++) {
        const Parameter *entry = &c->table.entry[i];
        snprintf(name, sizeof name, "/model/%s", entry->name);
        assert_ok(h5_read(file, name, H5T_NATIVE_FLOAT, entry->axes, entry->shape,
                          c->weights + entry->offset));
    }
    const size_t shape[2] = {c->images, c->shape.classes};
    c->logits = test_array(shape[0] * shape[1], sizeof *c->logits);
    assert_ok(h5_read(file, "/logits", H5T_NATIVE_DOUBLE, 2, shape, c->logits));
    read_planes(c, file);
    h5_close(file);
}

static void read_rollout(Case *c, const char *name) {
    hid_t file;
    char path[128];
    const size_t tokens = c->shape.grid * c->shape.grid, heads[2] = {c->shape.depth, c->shape.H};
    assert_ok(h5_open(REFERENCE_FOLDER "/rollout.h5", &file));
    c->rollout = test_array(tokens, sizeof *c->rollout);
    c->distance = test_array(heads[0] * heads[1], sizeof *c->distance);
    snprintf(path, sizeof path, "/%s/rollout", name);
    assert_ok(h5_read(file, path, H5T_NATIVE_DOUBLE, 1, &tokens, c->rollout));
    snprintf(path, sizeof path, "/%s/distance", name);
    assert_ok(h5_read(file, path, H5T_NATIVE_DOUBLE, 2, heads, c->distance));
    h5_close(file);
}

static void case_free(Case *c) {
    memory_free(c->weights);
    memory_free(c->planes);
    memory_free(c->logits);
    memory_free(c->rollout);
    memory_free(c->distance);
    parameter_table_free(&c->table);
}

static double relative_error(size_t count, const double *ours, const double *theirs) {
    double difference = 0.0, norm = 0.0;
    for (size_t i = 0; i < count; i++) {
        difference += (ours[i] - theirs[i]) * (ours[i] - theirs[i]);
        norm += theirs[i] * theirs[i];
    }
    return sqrt(difference / norm);
}

/* ---- the trainer's evaluation ---- */

static void load(const void *context, size_t image, float *planes) {
    const Case *c = context;
    const size_t count = 3 * c->shape.image_size * c->shape.image_size;
    memcpy(planes, c->planes + image * count, count * sizeof *planes);
}

static void evaluate(const Case *c, double *logits) {
    const VitOptions options = {.batch_size = c->batch_size,
                                .unit_images = 1,
                                .threads = 1,
                                .images = c->images,
                                .nodes = 8};
    const size_t count = c->images * c->shape.classes;
    uint16_t *label = test_array(c->images, sizeof *label);
    float *values = test_array(count, sizeof *values);
    const VitInput input = {
        .images = c->images, .batch = c->images, .label = label, .load = load, .context = c};
    Vit *vit = NULL;
    VitSums sums;
    assert_ok(vit_init(&vit, &c->shape, &c->table, &options));
    vit_evaluate(vit, c->weights, &input, values, NULL, &sums);
    for (size_t i = 0; i < count; i++)
        logits[i] = (double)values[i];
    vit_free(vit);
    memory_free(values);
    memory_free(label);
}

/* ---- the checks ---- */

static void check_probabilities(const Case *c, const double *probability) {
    const size_t T = c->shape.T, rows = c->shape.depth * c->shape.H * T;
    for (size_t row = 0; row < rows; row++) {
        double sum = 0.0;
        for (size_t t = 0; t < T; t++)
            sum += probability[row * T + t];
        assert_true(fabs(sum - 1.0) < 1e-13);
    }
}

static void check_sight(const Case *c, const double *probability) {
    const size_t tokens = c->shape.grid * c->shape.grid, heads = c->shape.depth * c->shape.H;
    double *map = test_array(tokens, sizeof *map), *distance = test_array(heads, sizeof *distance);
    assert_ok(rollout_map(&c->shape, probability, map));
    for (size_t h = 0; h < heads; h++)
        distance[h] = rollout_distance(&c->shape, probability + h * c->shape.T * c->shape.T);
    assert_true(relative_error(tokens, map, c->rollout) <= same_model);
    assert_true(relative_error(heads, distance, c->distance) <= same_model);
    memory_free(map);
    memory_free(distance);
}

static void check(const char *name, const char *file) {
    Case c = {0};
    read_model(&c, file);
    read_rollout(&c, name);
    const size_t classes = c.shape.classes, values = 3 * c.shape.image_size * c.shape.image_size;
    double *trained = test_array(c.images * classes, sizeof *trained);
    evaluate(&c, trained);
    for (size_t i = 0; i < c.images; i++) {
        Forward forward;
        assert_ok(forward_run(&forward, &c.shape, &c.table, c.weights, c.planes + i * values));
        const double *theirs = c.logits + i * classes;
        assert_true(relative_error(classes, forward.logits, theirs) <= same_model);
        assert_true(relative_error(classes, trained + i * classes, forward.logits) <=
                    same_as_trainer);
        check_probabilities(&c, forward.probability);
        if (i == 0)
            check_sight(&c, forward.probability);
        forward_free(&forward);
    }
    memory_free(trained);
    case_free(&c);
}

#define MODEL(name)                                                                                \
    static void name(void **state) {                                                               \
        (void)state;                                                                               \
        check(#name, REFERENCE_FOLDER "/model_" #name ".h5");                                      \
    }
MODEL(flatten)
MODEL(mean)
MODEL(cut)
MODEL(wide)
MODEL(convolution)
MODEL(class)
MODEL(sequence)
MODEL(tokens)
MODEL(soft)

int main(void) {
    gemm_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flatten),  cmocka_unit_test(mean),  cmocka_unit_test(cut),
        cmocka_unit_test(wide),     cmocka_unit_test(class), cmocka_unit_test(convolution),
        cmocka_unit_test(sequence), cmocka_unit_test(soft),  cmocka_unit_test(tokens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
