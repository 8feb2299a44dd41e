/* MixUp and CutMix: the distribution of what is drawn in closed form, and what it does to pixels.
 */

#include "check.h"
#include "vit/mix.h"
#include <stdlib.h>

enum { SIZE = 13, COUNT = 40000 };

static Job job_with(double mixup, double cutmix) {
    Job job;
    assert_ok(job_parse(&job, "x.ini", "", 0, NULL));
    job.image_size = SIZE;
    job.mixup = mixup;
    job.cutmix = cutmix;
    return job;
}

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* COUNT draws of lambda, sorted. */
static double *lambdas(double a) {
    const Job job = job_with(a, 0.0);
    double *lambda = test_array(COUNT, sizeof *lambda);
    for (size_t i = 0; i < COUNT; i++) {
        const MixDraw draw = mix_draw(&job, 3, i);
        assert_true(draw.kind == MIX_UP && draw.share >= 0.0 && draw.share <= 1.0);
        lambda[i] = draw.share;
    }
    qsort(lambda, COUNT, sizeof *lambda, ascending);
    return lambda;
}

static double central_moment(const double *lambda, double power) {
    double sum = 0.0;
    for (size_t i = 0; i < COUNT; i++)
        sum += pow(lambda[i] - 0.5, power);
    return sum / COUNT;
}

/* E (x - 1/2)^2k of Beta(a, a): with s = (2x - 1)^2 ~ Beta(1/2, a), it is E s^k / 4^k. */
static double beta_moment(double a, int k) {
    double moment = 1.0;
    for (int i = 0; i < k; i++)
        moment *= (0.5 + i) / (0.5 + a + i) / 4.0;
    return moment;
}

/* Means of COUNT numbers: five standard deviations of each. */
static void lambda_has_the_moments_of_beta(void **state) {
    (void)state;
    static const double list[] = {0.8, 1.0, 0.2, 0.5, 4.0, 100.0};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        const double a = list[i], five = 5.0 / sqrt((double)COUNT);
        double *lambda = lambdas(a);
        const double second = beta_moment(a, 1), fourth = beta_moment(a, 2);
        assert_true(fabs(central_moment(lambda, 1.0)) < five * sqrt(second));
        assert_true(fabs(central_moment(lambda, 2.0) - second) <
                    five * sqrt(fourth - second * second));
        assert_true(fabs(central_moment(lambda, 3.0)) < five * sqrt(beta_moment(a, 3)));
        assert_true(fabs(central_moment(lambda, 4.0) - fourth) <
                    five * sqrt(beta_moment(a, 4) - fourth * fourth));
        memory_free(lambda);
    }
}

static double uniform(double x) {
    return x;
}

static double arcsine(double x) {
    return 2.0 / 3.14159265358979323846 * asin(sqrt(x));
}

static double cubic(double x) {
    return x * x * (3.0 - 2.0 * x);
}

/* Kolmogorov and Smirnov: the largest distance from the distribution function exceeds 2.3 /
 * sqrt(COUNT) once in 20,000 seeds. */
static void lambda_has_the_distribution_of_beta(void **state) {
    (void)state;
    static const struct {
        double a, (*function)(double);
    } list[] = {{1.0, uniform}, {0.5, arcsine}, {2.0, cubic}};
    for (size_t k = 0; k < 3; k++) {
        double *lambda = lambdas(list[k].a), distance = 0.0;
        for (size_t i = 0; i < COUNT; i++)
            distance =
                fmax(distance, fabs(list[k].function(lambda[i]) - ((double)i + 0.5) / COUNT));
        assert_true(distance < 2.3 / sqrt((double)COUNT));
        memory_free(lambda);
    }
}

/* Where the square of Student's number is infinite or zero: never anything but a share. */
static void extreme_parameters_give_shares(void **state) {
    (void)state;
    static const double list[] = {1e-300, 1e-3, 1000.0};
    for (size_t k = 0; k < 3; k++)
        memory_free(lambdas(list[k]));
}

static void one_of_both_is_drawn_with_its_probability(void **state) {
    (void)state;
    Job job = job_with(0.8, 1.0);
    size_t count[3] = {0};
    job.mix_probability = 0.5;
    job.mix_switch = 0.25;
    for (size_t i = 0; i < COUNT; i++) {
        const MixDraw draw = mix_draw(&job, 1, i), again = mix_draw(&job, 1, i);
        assert_memory_equal(&draw, &again, sizeof draw);
        count[draw.kind]++;
        assert_true(draw.kind != MIX_NONE || draw.share == 1.0);
    }
    const double wanted[3] = {0.5, 0.375, 0.125};
    for (size_t k = 0; k < 3; k++)
        assert_true(fabs((double)count[k] / COUNT - wanted[k]) <
                    5.0 * sqrt(wanted[k] * (1.0 - wanted[k]) / COUNT));
}

static void off_never_and_always(void **state) {
    (void)state;
    Job off = job_with(0.0, 0.0), never = job_with(0.8, 1.0), cut = job_with(0.0, 1.0);
    never.mix_probability = 0.0;
    cut.mix_switch = 0.0;
    assert_true(!mix_is_on(&off) && mix_is_on(&never) && mix_is_on(&cut));
    for (size_t i = 0; i < 1000; i++) {
        assert_true(mix_draw(&off, 1, i).kind == MIX_NONE);
        assert_true(mix_draw(&never, 1, i).kind == MIX_NONE);
        assert_true(mix_draw(&cut, 1, i).kind == MIX_CUT);
    }
}

static void seed_epoch_and_sample_each_matter(void **state) {
    (void)state;
    Job job = job_with(0.8, 0.0), other = job;
    other.seed++;
    for (size_t i = 0; i < 100; i++) {
        const double share = mix_draw(&job, 1, i).share;
        assert_true(share != mix_draw(&job, 2, i).share);
        assert_true(share != mix_draw(&job, 1, i + 1).share);
        assert_true(share != mix_draw(&other, 1, i).share);
    }
}

/* The box of unclipped length `length` around every pixel is as likely as any other: its ends say
 * where its centre was, unless they are clipped. */
static void boxes_are_around_uniform_pixels(void **state) {
    (void)state;
    const Job job = job_with(0.0, 1.0);
    double rows = 0.0, columns = 0.0;
    size_t empty = 0;
    for (size_t i = 0; i < COUNT; i++) {
        const MixDraw draw = mix_draw(&job, 2, i);
        assert_true(draw.top <= draw.bottom && draw.bottom <= SIZE);
        assert_true(draw.left <= draw.right && draw.right <= SIZE);
        rows += (double)(draw.top + draw.bottom) / 2.0 / COUNT;
        columns += (double)(draw.left + draw.right) / 2.0 / COUNT;
        empty += draw.bottom == draw.top;
    }
    /* The centre of a box of even length is at the border before its middle pixel: (SIZE - 1) / 2
     * on average. Clipping both ends keeps it within a pixel of that. */
    assert_true(fabs(rows - columns) < 5.0 * SIZE / sqrt(6.0 * COUNT));
    assert_true(fabs(rows - SIZE / 2.0) < 1.0);
    /* Less than two pixels long: 1 - lambda < (2 / SIZE)^2, which is uniform. */
    const double wanted = 4.0 / (SIZE * SIZE);
    assert_true(fabs((double)empty / COUNT - wanted) < 5.0 * sqrt(wanted / COUNT));
}

/* ---- what it does to pixels ---- */

enum { CHANNELS = 2, PLANE = SIZE * SIZE, VALUES = CHANNELS * PLANE, IMAGES = 5 };

/* Image i is i everywhere. */
static void fill(float *planes) {
    for (size_t i = 0; i < IMAGES * VALUES; i++)
        planes[i] = (float)(i / VALUES);
}

static void the_share_is_the_part_of_own_pixels(void **state) {
    (void)state;
    const Job job = job_with(0.0, 1.0);
    float planes[IMAGES * VALUES];
    for (size_t sample = 0; sample < 500; sample++) {
        const MixDraw draw = mix_draw(&job, 5, sample);
        fill(planes);
        mix_planes(&draw, 4, CHANNELS, SIZE, planes);
        for (size_t i = 0; i < IMAGES; i++) {
            size_t own = 0, other = 0;
            for (size_t v = 0; v < VALUES; v++) {
                own += planes[i * VALUES + v] == (float)i;
                other += i < 4 && planes[i * VALUES + v] == (float)(3 - i);
            }
            assert_true(own + other == VALUES);
            /* Image 4 is not of this unit. */
            assert_true(i == 4 ? own == VALUES : fabs((double)own / VALUES - draw.share) < 1e-15);
        }
    }
}

static void only_the_box_is_the_partners(void **state) {
    (void)state;
    const MixDraw draw = {
        .kind = MIX_CUT, .share = 0.5, .top = 2, .bottom = 9, .left = 0, .right = 4};
    float planes[IMAGES * VALUES];
    fill(planes);
    mix_planes(&draw, IMAGES, CHANNELS, SIZE, planes);
    for (size_t v = 0; v < IMAGES * VALUES; v++) {
        const size_t i = v / VALUES, y = v % PLANE / SIZE, x = v % PLANE % SIZE;
        const bool inside = y >= 2 && y < 9 && x < 4;
        assert_true(planes[v] == (float)(inside ? IMAGES - 1 - i : i));
    }
}

static void mixing_up_blends_partners(void **state) {
    (void)state;
    const MixDraw draw = {.kind = MIX_UP, .share = 0.75};
    float planes[IMAGES * VALUES];
    fill(planes);
    mix_planes(&draw, IMAGES, CHANNELS, SIZE, planes);
    for (size_t v = 0; v < IMAGES * VALUES; v++) {
        const float i = (float)(v / VALUES);
        assert_true(planes[v] == 0.75f * i + 0.25f * (4.0f - i));
    }
}

/* A unit that is reversed gives the same pictures, reversed: both of a pair are treated alike. */
static void partners_are_treated_alike(void **state) {
    (void)state;
    const Job job = job_with(0.8, 1.0);
    float *planes = test_values(IMAGES * VALUES, 2.0f, 3);
    float *mixed = test_array(IMAGES * VALUES, sizeof *mixed);
    float *reversed = test_array(IMAGES * VALUES, sizeof *reversed);
    for (size_t sample = 0; sample < 50; sample++) {
        const MixDraw draw = mix_draw(&job, 5, sample);
        memcpy(mixed, planes, IMAGES * VALUES * sizeof *mixed);
        for (size_t i = 0; i < IMAGES; i++)
            memcpy(reversed + i * VALUES, planes + (IMAGES - 1 - i) * VALUES,
                   VALUES * sizeof *planes);
        mix_planes(&draw, IMAGES, CHANNELS, SIZE, mixed);
        mix_planes(&draw, IMAGES, CHANNELS, SIZE, reversed);
        for (size_t i = 0; i < IMAGES; i++)
            assert_memory_equal(mixed + i * VALUES, reversed + (IMAGES - 1 - i) * VALUES,
                                VALUES * sizeof *mixed);
    }
    memory_free(planes);
    memory_free(mixed);
    memory_free(reversed);
}

static void one_image_alone_stays_as_it_is(void **state) {
    (void)state;
    const MixDraw draws[] = {
        {.kind = MIX_NONE, .share = 1.0},
        {.kind = MIX_UP, .share = 0.3},
        {.kind = MIX_CUT, .share = 0.0, .bottom = SIZE, .right = SIZE},
    };
    float *planes = test_values(VALUES, 2.0f, 3), *mixed = test_values(VALUES, 2.0f, 3);
    for (size_t k = 0; k < 3; k++) {
        mix_planes(&draws[k], 1, CHANNELS, SIZE, mixed);
        assert_memory_equal(mixed, planes, VALUES * sizeof *mixed);
        mix_planes(&draws[k], 0, CHANNELS, SIZE, NULL);
    }
    memory_free(planes);
    memory_free(mixed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lambda_has_the_moments_of_beta),
        cmocka_unit_test(lambda_has_the_distribution_of_beta),
        cmocka_unit_test(extreme_parameters_give_shares),
        cmocka_unit_test(one_of_both_is_drawn_with_its_probability),
        cmocka_unit_test(off_never_and_always),
        cmocka_unit_test(seed_epoch_and_sample_each_matter),
        cmocka_unit_test(boxes_are_around_uniform_pixels),
        cmocka_unit_test(the_share_is_the_part_of_own_pixels),
        cmocka_unit_test(only_the_box_is_the_partners),
        cmocka_unit_test(mixing_up_blends_partners),
        cmocka_unit_test(partners_are_treated_alike),
        cmocka_unit_test(one_image_alone_stays_as_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
