/* Normalization, resizing and the geometry against PyTorch in double (tests/reference/augment.py)
 * for pictures of 32 x 32 x 3, and against a plain computation in double for others; crop,
 * RandAugment and erasing (test_crop, test_rand_augment, test_erase) in their places. */

#include "check.h"
#include "vit/augment.h"
#include "vit/h5.h"

/* Values are of order 1 with steps up to 4 a source pixel; coordinates up to 72 round to 4e-6 in
 * fp32 (one unit of the last place), and a few roundings add up: 2e-5 pixel times 4. */
static const double tolerance = 1e-4;

/* Of the reference's file, which has two. */
static const Picture reference = {32, 32, 3};
static hid_t file;
static uint8_t *pictures;

/* With a job's keys. */
static void augment_with(Augment *augment, size_t count, const char *const *keys) {
    Job job;
    DataHeader header = {.picture = reference};
    assert_ok(job_parse(&job, "x.ini", "", count, keys));
    assert_ok(h5_get_reals(file, "/", "channel_mean", 3, header.mean));
    assert_ok(h5_get_reals(file, "/", "channel_variance", 3, header.variance));
    assert_ok(augment_init(augment, &job, &header));
}

static void augment_for(Augment *augment, size_t size) {
    char key[64];
    snprintf(key, sizeof key, "augment.image_size=%zu", size);
    augment_with(augment, 2, (const char *const[]){key, "model.patch_size=1"});
}

/* Also when b is not a number. */
static double larger(double a, double b) {
    return a >= b ? a : b;
}

/* The largest difference of planes [channels, size, size] and `wanted` [size, size, channels]. */
static double worst_difference(const Augment *augment, const float *planes, const double *wanted) {
    const size_t plane = augment->size * augment->size, channels = augment->picture.channels;
    double worst = 0.0;
    for (size_t i = 0; i < plane; i++)
        for (size_t c = 0; c < channels; c++)
            worst = larger(worst, fabs((double)planes[c * plane + i] - wanted[i * channels + c]));
    return worst;
}

static void check_planes(const Augment *augment, const uint8_t *pixels, const AugmentDraw *draw,
                         const double *wanted, const char *what) {
    float *scratch = test_array(augment_scratch(augment->picture, augment->size), sizeof(float));
    float *planes =
        test_array(augment->size * augment->size * augment->picture.channels, sizeof(float));
    /* Nothing that was there before counts. */
    for (size_t i = 0; i < augment_scratch(augment->picture, augment->size); i++)
        scratch[i] = NAN;
    augment_image(augment, pixels, draw, scratch, planes);
    const double worst = worst_difference(augment, planes, wanted);
    if (!(worst <= tolerance))
        print_error("%s, size %zu: off by %.3g\n", what, augment->size, worst);
    assert_true(worst <= tolerance);
    memory_free(scratch);
    memory_free(planes);
}

static void check_picture(size_t image, size_t size, const AugmentDraw *draw, const double *wanted,
                          const char *what) {
    Augment augment;
    augment_for(&augment, size);
    check_planes(&augment, pictures + image * picture_bytes(reference), draw, wanted, what);
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
            check_picture(image, size, NULL, wanted + image * values, name);
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
        check_picture(image, size, &draw, wanted, name);
        memory_free(wanted);
    }
}

/* ---- a plain computation ---- */

/* A picture of other sides and numbers of channels, noise. */
typedef struct Sample {
    DataHeader header;
    uint8_t *pixels;
    size_t size; /* that it is resized to */
} Sample;

static double normalized(const Sample *s, size_t y, size_t x, size_t c) {
    const Picture *picture = &s->header.picture;
    const double pixel = s->pixels[(y * picture->width + x) * picture->channels + c];
    return (pixel - s->header.mean[c]) / sqrt(s->header.variance[c]);
}

/* The value at place `at` of a side of `count` pixels lies between two of them. */
static void between(double at, size_t count, size_t pixel[static 2], double *weight) {
    at = fmin(fmax(at, 0.0), (double)(count - 1));
    pixel[0] = (size_t)floor(at);
    pixel[1] = pixel[0] + 1 < count ? pixel[0] + 1 : pixel[0];
    *weight = at - floor(at);
}

static double mixed(const double corner[static 4], double down, double right) {
    return (1 - down) * ((1 - right) * corner[0] + right * corner[1]) +
           down * ((1 - right) * corner[2] + right * corner[3]);
}

/* Pixel (y, x) of the resized picture. */
static double resized(const Sample *s, size_t y, size_t x, size_t c) {
    const Picture *picture = &s->header.picture;
    const double size = (double)s->size;
    size_t row[2], column[2];
    double down, right;
    between(((double)y + 0.5) * (double)picture->height / size - 0.5, picture->height, row, &down);
    between(((double)x + 0.5) * (double)picture->width / size - 0.5, picture->width, column,
            &right);
    const double corner[] = {
        normalized(s, row[0], column[0], c), normalized(s, row[0], column[1], c),
        normalized(s, row[1], column[0], c), normalized(s, row[1], column[1], c)};
    return mixed(corner, down, right);
}

/* d c b a | a b c d | d c b a */
static double reflected(double at, double size) {
    while (at < -0.5 || at > size - 0.5)
        at = at < -0.5 ? -1.0 - at : 2.0 * size - 1.0 - at;
    return at;
}

/* Pixel (y, x) of the flipped, rotated and zoomed picture: looked up by the zoom first. */
static double resampled(const Sample *s, const AugmentDraw *draw, size_t y, size_t x, size_t c) {
    const double size = (double)s->size, centre = (size - 1.0) / 2.0;
    const double zoomed_x = ((double)x - centre) * draw->zoom_width;
    const double zoomed_y = ((double)y - centre) * draw->zoom_height;
    const double turned_x = cos(draw->angle) * zoomed_x - sin(draw->angle) * zoomed_y;
    const double turned_y = sin(draw->angle) * zoomed_x + cos(draw->angle) * zoomed_y;
    size_t row[2], column[2];
    double down, right;
    between(reflected(centre + turned_y, size), s->size, row, &down);
    between(reflected(centre + (draw->flip ? -turned_x : turned_x), size), s->size, column, &right);
    const double corner[] = {resized(s, row[0], column[0], c), resized(s, row[0], column[1], c),
                             resized(s, row[1], column[0], c), resized(s, row[1], column[1], c)};
    return mixed(corner, down, right);
}

static void check_sample(const Sample *s, const AugmentDraw *draw) {
    const size_t size = s->size, channels = s->header.picture.channels;
    double *wanted = test_array(size * size * channels, sizeof *wanted);
    Augment augment;
    Job job;
    char what[64];
    for (size_t i = 0; i < size * size * channels; i++) {
        const size_t y = i / channels / size, x = i / channels % size, c = i % channels;
        wanted[i] = draw ? resampled(s, draw, y, x, c) : resized(s, y, x, c);
    }
    assert_ok(job_parse(&job, "x.ini", "", 0, NULL));
    job.image_size = size;
    assert_ok(augment_init(&augment, &job, &s->header));
    snprintf(what, sizeof what, "%zu x %zu x %zu", s->header.picture.height,
             s->header.picture.width, channels);
    check_planes(&augment, s->pixels, draw, wanted, what);
    augment_free(&augment);
    memory_free(wanted);
}

static void pictures_of_any_sides_and_channels(void **state) {
    (void)state;
    static const Picture list[] = {{48, 40, 1}, {20, 64, 3}, {64, 64, 4},
                                   {1, 9, 2},   {7, 1, 3},   {1, 1, 1}};
    static const AugmentDraw draws[] = {
        {.zoom_height = 1.0, .zoom_width = 1.0},
        {.flip = true, .zoom_height = 1.0, .zoom_width = 1.0},
        {.flip = true, .angle = 0.11, .zoom_height = 0.9, .zoom_width = 1.15},
        {.angle = -2.5, .zoom_height = 1.7, .zoom_width = 2.6}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        for (size_t size = 1; size <= 70; size += 23) {
            Sample s = {.size = size,
                        .header = {.picture = list[i],
                                   .mean = {120.0, 100.0, 140.0, 90.0},
                                   .variance = {4000.0, 5000.0, 3000.0, 6000.0}}};
            s.pixels = test_array(picture_bytes(list[i]), 1);
            for (size_t p = 0; p < picture_bytes(list[i]); p++)
                s.pixels[p] = (uint8_t)((p * 2654435761u + 977) >> 11);
            check_sample(&s, NULL);
            for (size_t d = 0; d < sizeof draws / sizeof *draws; d++)
                check_sample(&s, &draws[d]);
            memory_free(s.pixels);
        }
}

static void draws_are_within_bounds_and_reproducible(void **state) {
    (void)state;
    Augment augment;
    augment_for(&augment, 72);
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

/* ---- what the newer keys add ---- */

/* A new array with the planes of the first picture. */
static float *planes_of(const Augment *augment, const AugmentDraw *draw) {
    float *scratch = test_array(augment_scratch(augment->picture, augment->size), sizeof(float));
    float *planes =
        test_array(augment->size * augment->size * augment->picture.channels, sizeof(float));
    augment_image(augment, pictures, draw, scratch, planes);
    memory_free(scratch);
    return planes;
}

static void check_same(const Augment *augment, const float *a, const float *b) {
    assert_memory_equal(a, b,
                        augment->picture.channels * augment->size * augment->size * sizeof *a);
}

/* To the bit, on each instruction set: so the resampling may be left out. */
static void resampling_by_nothing_changes_nothing(void **state) {
    (void)state;
    static const size_t sizes[] = {72, 32, 45, 1};
    static const float identity[6] = {1.0f, -0.0f, 0.0f, 0.0f, 1.0f, 0.0f};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int level = 0; level < CPU_LEVELS; level++) {
            const Kernels *kernels = kernels_at((CpuLevel)level);
            Augment augment;
            if (!kernels)
                continue;
            augment_for(&augment, sizes[s]);
            float *plain = planes_of(&augment, NULL);
            float *resampled = planes_of(&augment, NULL);
            for (size_t y = 0; y < augment.size; y++)
                kernels->resample_row(3, augment.size, plain, identity, y, resampled);
            check_same(&augment, plain, resampled);
            memory_free(plain);
            memory_free(resampled);
            augment_free(&augment);
        }
}

/* Crop and flip, RandAugment, normalization, erasing: each on what the one before it made. */
static void parts_follow_each_other(void **state) {
    (void)state;
    static const char *const keys[] = {"augment.image_size=32", "augment.rotation=0",
                                       "augment.zoom=0",        "augment.crop=4",
                                       "augment.randaugment=3", "augment.erasing=1"};
    uint8_t bytes[2][32 * 32 * 3];
    Augment augment;
    augment_with(&augment, sizeof keys / sizeof *keys, keys);
    float *wanted = test_array((size_t)32 * 32 * 3, sizeof *wanted);
    for (uint64_t sample = 0; sample < 30; sample++) {
        const AugmentDraw draw = augment_draw(&augment, 4, sample);
        float *planes = planes_of(&augment, &draw);
        crop_picture(reference, draw.crop, draw.flip, pictures, bytes[0]);
        for (size_t i = 0; i < draw.rand.count; i++) {
            rand_augment_apply(&augment.rand, draw.rand.step[i], bytes[0], bytes[1]);
            memcpy(bytes[0], bytes[1], sizeof bytes[0]);
        }
        for (size_t i = 0; i < sizeof bytes[0]; i++)
            wanted[i % 3 * 1024 + i / 3] = augment.normalized[i % 3][bytes[0][i]];
        assert_true(draw.erase.height > 0);
        erase_planes(&draw.erase, 3, 32, wanted);
        check_same(&augment, planes, wanted);
        memory_free(planes);
    }
    memory_free(wanted);
    augment_free(&augment);
}

/* RandAugment moves a picture by 14.4 pixels: the mean colour, rounded to a level, comes in. */
static void what_comes_in_is_the_mean_colour(void **state) {
    (void)state;
    static const char *const keys[] = {"augment.image_size=32", "augment.randaugment=1"};
    const AugmentDraw draw = {
        .zoom_height = 1.0, .zoom_width = 1.0, .rand = {1, {{RAND_TRANSLATE_X, 1.0}}}};
    double variance[3];
    Augment augment;
    assert_ok(h5_get_reals(file, "/", "channel_variance", 3, variance));
    augment_with(&augment, 2, keys);
    float *planes = planes_of(&augment, &draw);
    for (size_t i = 0; i < (size_t)32 * 32 * 3; i++) {
        const double levels = fabs((double)planes[i]) * sqrt(variance[i / 1024]);
        assert_true(i % 32 < 18 || levels < 0.501);
    }
    memory_free(planes);
    augment_free(&augment);
}

/* Where crop or RandAugment is on the flip is theirs: the geometry afterwards does not flip back.
 */
static void a_picture_is_flipped_once(void **state) {
    (void)state;
    static const char *const keys[] = {"augment.crop=1"};
    Augment before, after;
    augment_with(&before, 1, keys);
    augment_with(&after, 0, NULL);
    assert_true(before.flip_bytes && !after.flip_bytes);
    const AugmentDraw draw = {.flip = true, .zoom_height = 1.0, .zoom_width = 1.0};
    float *one = planes_of(&before, &draw), *other = planes_of(&after, &draw);
    for (size_t i = 0; i < (size_t)72 * 72 * 3; i++)
        assert_true(fabs((double)one[i] - (double)other[i]) < tolerance);
    memory_free(one);
    memory_free(other);
    augment_free(&before);
    augment_free(&after);
}

/* A key that is off draws nothing; the older draws are the same with the newer keys. */
static void draws_of_older_jobs_stay(void **state) {
    (void)state;
    static const char *const keys[] = {"augment.crop=4", "augment.randaugment=2",
                                       "augment.erasing=1"};
    Augment older, newer;
    augment_with(&older, 0, NULL);
    augment_with(&newer, 3, keys);
    for (uint64_t sample = 0; sample < 100; sample++) {
        const AugmentDraw a = augment_draw(&older, 1, sample), b = augment_draw(&newer, 1, sample);
        assert_true(a.flip == b.flip && a.angle == b.angle && a.zoom_height == b.zoom_height &&
                    a.zoom_width == b.zoom_width);
        assert_true(a.crop.down == 0 && a.crop.right == 0 && a.rand.count == 0 &&
                    a.erase.height == 0 && b.erase.height > 0);
    }
    augment_free(&older);
    augment_free(&newer);
}

/* Values are normalized only; without the newer keys resizing rounds the last row and column. */
static void evaluation_knows_nothing_of_it(void **state) {
    (void)state;
    static const char *const keys[] = {"augment.image_size=32", "augment.crop=4",
                                       "augment.randaugment=2", "augment.erasing=1"};
    Augment older, newer;
    augment_with(&older, 1, keys);
    augment_with(&newer, 4, keys);
    assert_true(newer.unresized && !older.unresized);
    float *a = planes_of(&older, NULL), *b = planes_of(&newer, NULL);
    for (size_t i = 0; i < (size_t)32 * 32 * 3; i++)
        assert_true(i % 32 < 31 && i / 32 % 32 < 31 ? a[i] == b[i] : fabsf(a[i] - b[i]) < 1e-6f);
    memory_free(a);
    memory_free(b);
    augment_free(&older);
    augment_free(&newer);
}

static int open_file(void **state) {
    (void)state;
    const size_t shape[4] = {2, reference.height, reference.width, reference.channels};
    assert_ok(h5_open(REFERENCE_FOLDER "/augment.h5", &file));
    pictures = test_array(2 * picture_bytes(reference), 1);
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
        cmocka_unit_test(pictures_of_any_sides_and_channels),
        cmocka_unit_test(draws_are_within_bounds_and_reproducible),
        cmocka_unit_test(resampling_by_nothing_changes_nothing),
        cmocka_unit_test(parts_follow_each_other),
        cmocka_unit_test(what_comes_in_is_the_mean_colour),
        cmocka_unit_test(a_picture_is_flipped_once),
        cmocka_unit_test(draws_of_older_jobs_stay),
        cmocka_unit_test(evaluation_knows_nothing_of_it),
    };
    return cmocka_run_group_tests(tests, open_file, close_file);
}
