/* RandAugment's operations, one by one, against Pillow and numpy (tests/reference/augment_ops.py),
 * and which of them a picture gets. */

#include "check.h"
#include "vit/h5.h"
#include "vit/rand_augment.h"
#include <stdlib.h>

static hid_t file;

/* ---- the operations ---- */

/* Whole numbers throughout: there is one answer. Elsewhere Pillow rounds down, or rounds twice. */
static bool is_exact(RandOperation operation) {
    return operation == RAND_POSTERIZE || operation == RAND_SOLARIZE ||
           operation == RAND_SOLARIZE_ADD || operation == RAND_INVERT || operation == RAND_EQUALIZE;
}

static size_t count_of(const char *object, const char *attribute) {
    uint64_t count;
    assert_ok(h5_get_count(file, object, attribute, &count));
    return (size_t)count;
}

static void read_bytes(const char *name, Picture picture, uint8_t *bytes) {
    const size_t shape[3] = {picture.height, picture.width, picture.channels};
    assert_ok(h5_read(file, name, H5T_NATIVE_UINT8, 3, shape, bytes));
}

/* A new array with picture number `image`, and what goes with it. */
static uint8_t *picture_of(size_t image, RandAugment *augment) {
    char name[64];
    double fill[PICTURE_CHANNELS_MAX];
    snprintf(name, sizeof name, "/images/%zu", image);
    *augment = (RandAugment){
        .picture = {count_of(name, "height"), count_of(name, "width"), count_of(name, "channels")}};
    assert_ok(h5_get_reals(file, name, "fill", augment->picture.channels, fill));
    for (size_t c = 0; c < augment->picture.channels; c++)
        augment->fill[c] = (uint8_t)lrint(fill[c]);
    uint8_t *bytes = test_array(picture_bytes(augment->picture), 1);
    read_bytes(name, augment->picture, bytes);
    return bytes;
}

/* The largest difference of levels. */
static int worst_of(size_t bytes, const uint8_t *a, const uint8_t *b) {
    int worst = 0;
    for (size_t i = 0; i < bytes; i++)
        worst = abs(a[i] - b[i]) > worst ? abs(a[i] - b[i]) : worst;
    return worst;
}

static void check_case(size_t number) {
    char name[64];
    RandAugment augment;
    RandStep step;
    snprintf(name, sizeof name, "/operations/case%zu", number);
    uint8_t *in = picture_of(count_of(name, "image"), &augment);
    const size_t bytes = picture_bytes(augment.picture);
    uint8_t *wanted = test_array(bytes, 1), *out = test_array(bytes, 1);
    step.operation = (RandOperation)count_of(name, "operation");
    assert_ok(h5_get_real(file, name, "strength", &step.strength));
    read_bytes(name, augment.picture, wanted);
    rand_augment_apply(&augment, step, in, out);
    const int worst = worst_of(bytes, out, wanted), allowed = is_exact(step.operation) ? 0 : 1;
    if (worst > allowed)
        print_error("%s, %s %g, %zu x %zu x %zu: off by %d\n", name,
                    rand_augment_name(step.operation), step.strength, augment.picture.height,
                    augment.picture.width, augment.picture.channels, worst);
    assert_true(worst <= allowed);
    memory_free(in);
    memory_free(wanted);
    memory_free(out);
}

static void operations_are_those_of_pillow(void **state) {
    (void)state;
    const size_t cases = count_of("/", "cases");
    assert_true(cases >= 10 * RAND_OPERATIONS);
    for (size_t i = 0; i < cases; i++)
        check_case(i);
}

static void check_unchanged(RandOperation operation, Picture picture) {
    RandAugment augment = {.picture = picture, .fill = {1, 2, 3, 4}};
    const size_t bytes = picture_bytes(picture);
    uint8_t *in = test_array(bytes, 1), *out = test_array(bytes, 1);
    for (size_t i = 0; i < bytes; i++)
        in[i] = (uint8_t)((i * 2654435761u + 977) >> 11);
    rand_augment_apply(&augment, (RandStep){operation, 0.0}, in, out);
    assert_memory_equal(in, out, bytes);
    memory_free(in);
    memory_free(out);
}

/* Pictures without an inside among them. */
static void without_strength_nothing_changes(void **state) {
    (void)state;
    static const Picture list[] = {{1, 1, 3}, {1, 7, 1}, {5, 1, 4}, {2, 2, 2}, {33, 31, 3}};
    for (RandOperation operation = RAND_ROTATE; operation <= RAND_SHARPNESS; operation++)
        for (size_t i = 0; i < sizeof list / sizeof *list; i++)
            check_unchanged(operation, list[i]);
}

/* ---- what a picture gets ---- */

enum { COUNT = 40000 };

/* Five standard deviations of a share p of n. */
static void check_share(size_t hits, size_t n, double p) {
    const double expected = p * (double)n;
    assert_true(fabs((double)hits - expected) < 5.0 * sqrt(expected * (1.0 - p)));
}

/* Of n(0, 1). */
static double density(double z) {
    return exp(-z * z / 2.0) / sqrt(2.0 * 3.14159265358979323846);
}
static double below(double z) {
    return erfc(-z / sqrt(2.0)) / 2.0;
}

typedef struct Tally {
    size_t carried_out, of[RAND_OPERATIONS], negative, at_most;
    double sum, squares; /* of the magnitudes */
} Tally;

static void note(Tally *tally, const RandStep *step) {
    const double magnitude = 10.0 * fabs(step->strength);
    assert_true(step->operation < RAND_OPERATIONS && magnitude <= 10.0);
    tally->carried_out++;
    tally->of[step->operation]++;
    tally->negative += step->strength < 0.0;
    tally->at_most += magnitude == 10.0;
    tally->sum += magnitude;
    tally->squares += magnitude * magnitude;
}

/* m = min(9 + z / 2, 10) with z normal: with d = 2, where it is cut, E[min(z, d)] = -n(d) + d (1 -
 * N(d)), E[min(z, d)^2] = N(d) - d n(d) + d^2 (1 - N(d)). */
static void operations_are_drawn_as_defined(void **state) {
    (void)state;
    const RandAugment augment = {.picture = {8, 8, 3}, .steps = 3, .magnitude = 9.0};
    Tally tally = {0};
    for (uint64_t sample = 0; sample < COUNT; sample++) {
        const RandDraw draw = rand_augment_draw(&augment, 1, 5, sample);
        assert_true(draw.count <= 3);
        for (size_t i = 0; i < draw.count; i++)
            note(&tally, &draw.step[i]);
    }
    const size_t n = tally.carried_out;
    const double d = 2.0, beyond = 1.0 - below(d), mean_z = -density(d) + d * beyond;
    const double variance_z = below(d) - d * density(d) + d * d * beyond - mean_z * mean_z;
    const double mean = tally.sum / (double)n, variance = tally.squares / (double)n - mean * mean;
    check_share(n, 3 * COUNT, 0.5);
    check_share(tally.negative, n, 0.5);
    check_share(tally.at_most, n, beyond);
    for (size_t operation = 0; operation < RAND_OPERATIONS; operation++)
        check_share(tally.of[operation], n, 1.0 / RAND_OPERATIONS);
    assert_true(fabs(mean - (9.0 + mean_z / 2.0)) < 5.0 * sqrt(variance_z / 4.0 / (double)n));
    /* The variance of a variance of a cut normal is below a normal's, 2 sigma^4 / n. */
    assert_true(fabs(variance - variance_z / 4.0) < 5.0 * sqrt(2.0 / (double)n) / 4.0);
}

static void magnitudes_end_at_zero(void **state) {
    (void)state;
    const RandAugment augment = {.picture = {8, 8, 3}, .steps = 1};
    size_t n = 0, none = 0;
    for (uint64_t sample = 0; sample < COUNT; sample++) {
        const RandDraw draw = rand_augment_draw(&augment, 1, 5, sample);
        n += draw.count;
        none += draw.count == 1 && draw.step[0].strength == 0.0;
    }
    check_share(none, n, 0.5);
}

static bool same(const RandDraw *a, const RandDraw *b) {
    bool equal = a->count == b->count;
    for (size_t i = 0; equal && i < a->count; i++)
        equal = a->step[i].operation == b->step[i].operation &&
                a->step[i].strength == b->step[i].strength;
    return equal;
}

static void draws_depend_on_seed_epoch_and_sample(void **state) {
    (void)state;
    const RandAugment augment = {.picture = {8, 8, 3}, .steps = RAND_STEPS_MAX, .magnitude = 5.0};
    const RandDraw draw = rand_augment_draw(&augment, 7, 2, 3);
    const RandDraw others[] = {rand_augment_draw(&augment, 8, 2, 3),
                               rand_augment_draw(&augment, 7, 3, 3),
                               rand_augment_draw(&augment, 7, 2, 4)};
    const RandDraw again = rand_augment_draw(&augment, 7, 2, 3);
    assert_true(same(&draw, &again));
    for (size_t i = 0; i < 3; i++)
        assert_false(same(&draw, &others[i]));
}

static int open_file(void **state) {
    (void)state;
    assert_ok(h5_open(REFERENCE_FOLDER "/augment_ops.h5", &file));
    return 0;
}

static int close_file(void **state) {
    (void)state;
    return h5_close(file) != STATUS_OK;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_are_those_of_pillow),
        cmocka_unit_test(without_strength_nothing_changes),
        cmocka_unit_test(operations_are_drawn_as_defined),
        cmocka_unit_test(magnitudes_end_at_zero),
        cmocka_unit_test(draws_depend_on_seed_epoch_and_sample),
    };
    return cmocka_run_group_tests(tests, open_file, close_file);
}
