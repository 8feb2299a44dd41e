/* Normalization, resizing and the geometry against PyTorch in double (tests/reference/augment.py).
 */

#include "check.h"
#include "vit/augment.h"
#include "vit/h5.h"

/* Values are of order 1 with steps up to 4 a source pixel; coordinates up to 72 round to 4e-6 in
 * fp32 (one unit of the last place), and a few roundings add up: 2e-5 pixel times 4. */
static const double tolerance = 1e-4;

static hid_t file;
static uint8_t *pictures;

static void augment_for(Augment *augment, size_t size, size_t patch) {
    Job job;
    DataHeader header = {0};
    assert_ok(job_parse(&job, "x.ini", "", 0, NULL));
    job.image_size = size;
    job.patch_size = patch;
    assert_ok(h5_get_reals(file, "/", "channel_mean", 3, header.mean));
    assert_ok(h5_get_reals(file, "/", "channel_variance", 3, header.variance));
    assert_ok(augment_init(augment, &job, &header));
}

/* Compares patches with a picture [size, size, 3] in rows, as far as patches reach. */
static double worst_difference(const Augment *augment, const float *patches, const double *wanted) {
    const size_t P = augment->patch, seen = augment->side * P;
    double worst = 0.0;
    for (size_t y = 0; y < seen; y++)
        for (size_t x = 0; x < seen; x++)
            for (size_t c = 0; c < 3; c++) {
                const size_t patch = y / P * augment->side + x / P;
                const double ours = (double)patches[((patch * P + y % P) * P + x % P) * 3 + c];
                worst = fmax(worst, fabs(ours - wanted[(y * augment->size + x) * 3 + c]));
            }
    return worst;
}

static void check_picture(size_t image, size_t size, size_t patch, const AugmentDraw *draw,
                          const double *wanted, const char *what) {
    Augment augment;
    augment_for(&augment, size, patch);
    float *scratch = test_array(augment_scratch(&augment), sizeof(float));
    float *patches = test_array(size * size * 3, sizeof(float));
    augment_image(&augment, pictures + image * DATA_IMAGE_BYTES, draw, scratch, patches);
    const double worst = worst_difference(&augment, patches, wanted);
    if (!(worst <= tolerance))
        print_error("%s, image %zu, size %zu: off by %.3g\n", what, image, size, worst);
    assert_true(worst <= tolerance);
    memory_free(scratch);
    memory_free(patches);
    augment_free(&augment);
}

static void normalized_and_resized(void **state) {
    (void)state;
    static const size_t sizes[] = {72, 36, 45, 20};
    for (size_t s = 0; s < 4; s++) {
        const size_t size = sizes[s], shape[4] = {2, size, size, 3}, values = size * size * 3;
        char name[64];
        double *wanted = test_array(2 * values, sizeof *wanted);
        snprintf(name, sizeof name, "/resized/%zu", size);
        assert_ok(h5_read(file, name, H5T_NATIVE_DOUBLE, 4, shape, wanted));
        for (size_t image = 0; image < 2; image++) {
            check_picture(image, size, 4, NULL, wanted + image * values, name);
            check_picture(image, size, 7, NULL, wanted + image * values, name);
            check_picture(image, size, size, NULL, wanted + image * values, name);
        }
        memory_free(wanted);
    }
}

static void flipped_rotated_and_zoomed(void **state) {
    (void)state;
    uint64_t cases = 0;
    assert_ok(h5_get_count(file, "/", "cases", &cases));
    assert_true(cases > 10);
    for (uint64_t i = 0; i < cases; i++) {
        char name[64], output[80];
        uint64_t image, size, flip;
        AugmentDraw draw = {0};
        snprintf(name, sizeof name, "/geometry/case%llu", (unsigned long long)i);
        snprintf(output, sizeof output, "%s/output", name);
        assert_ok(h5_get_count(file, name, "image", &image));
        assert_ok(h5_get_count(file, name, "size", &size));
        assert_ok(h5_get_count(file, name, "flip", &flip));
        assert_ok(h5_get_real(file, name, "angle", &draw.angle));
        assert_ok(h5_get_real(file, name, "zoom_height", &draw.zoom_height));
        assert_ok(h5_get_real(file, name, "zoom_width", &draw.zoom_width));
        draw.flip = flip != 0;
        const size_t shape[3] = {size, size, 3};
        double *wanted = test_array(size * size * 3, sizeof *wanted);
        assert_ok(h5_read(file, output, H5T_NATIVE_DOUBLE, 3, shape, wanted));
        check_picture(image, size, 6, &draw, wanted, name);
        memory_free(wanted);
    }
}

static void draws_are_within_bounds_and_reproducible(void **state) {
    (void)state;
    Augment augment;
    augment_for(&augment, 72, 6);
    augment.rotation = 0.02;
    augment.zoom = 0.2;
    augment.flip = true;
    const double most = 0.02 * 2.0 * 3.14159265358979323846;
    double flips = 0.0, angle = 0.0, width = 0.0, height = 0.0, together = 0.0;
    enum { COUNT = 20000 };
    for (uint64_t s = 0; s < COUNT; s++) {
        const AugmentDraw a = augment_draw(&augment, 3, s), b = augment_draw(&augment, 3, s);
        assert_true(a.flip == b.flip && a.angle == b.angle && a.zoom_width == b.zoom_width);
        assert_true(fabs(a.angle) <= most && fabs(a.zoom_width - 1.0) <= 0.2 &&
                    fabs(a.zoom_height - 1.0) <= 0.2);
        flips += a.flip / (double)COUNT;
        angle += fabs(a.angle) / most / COUNT;
        width += (a.zoom_width - 1.0) / 0.2 / COUNT;
        height += (a.zoom_height - 1.0) / 0.2 / COUNT;
        together += (a.zoom_height - 1.0) * (a.zoom_width - 1.0) / 0.04 / COUNT;
    }
    /* Means of COUNT uniform numbers: five standard deviations. */
    const double five = 5.0 / sqrt((double)COUNT);
    assert_true(fabs(flips - 0.5) < five * 0.5 && fabs(angle - 0.5) < five * 0.29);
    assert_true(fabs(width) < five * 0.58 && fabs(height) < five * 0.58);
    assert_true(fabs(together) < five / 3.0);
    const AugmentDraw here = augment_draw(&augment, 3, 5), next = augment_draw(&augment, 4, 5);
    assert_true(here.angle != next.angle);
    augment_free(&augment);
}

static int open_file(void **state) {
    (void)state;
    const size_t shape[4] = {2, 32, 32, 3};
    assert_ok(h5_open(REFERENCE_FOLDER "/augment.h5", &file));
    pictures = test_array(2 * DATA_IMAGE_BYTES, 1);
    assert_ok(h5_read(file, "/images", H5T_NATIVE_UINT8, 4, shape, pictures));
    return 0;
}

static int close_file(void **state) {
    (void)state;
    memory_free(pictures);
    return h5_close(file) != STATUS_OK;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalized_and_resized),
        cmocka_unit_test(flipped_rotated_and_zoomed),
        cmocka_unit_test(draws_are_within_bounds_and_reproducible),
    };
    return cmocka_run_group_tests(tests, open_file, close_file);
}
