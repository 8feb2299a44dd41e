/* Random erasing: how often, how large, where, and by what. */

#include "check.h"
#include "vit/erase.h"

enum { COUNT = 20000 };

static void as_often_as_asked(void **state) {
    (void)state;
    static const double list[] = {0.0, 0.25, 1.0};
    for (size_t p = 0; p < 3; p++) {
        double erased = 0.0;
        for (uint64_t sample = 0; sample < COUNT; sample++)
            erased += erase_draw(list[p], 1000, 1, 2, sample).height > 0;
        const double deviation = sqrt(list[p] * (1.0 - list[p]) / COUNT);
        assert_true(fabs(erased / COUNT - list[p]) <= 5.0 * deviation);
    }
}

/* On planes so large that a pixel more or less hardly counts: area and aspect ratio keep to their
 * bounds and come near them; as many ratios are below 1 as above. */
static void areas_and_sides_are_within_bounds(void **state) {
    (void)state;
    enum { SIDE = 4096 };
    const double pixel = 1.0 / SIDE;
    double least = 1.0, most = 0.0, tall = 0.0, flat = 1.0, taller = 0.0, highest = 0.0;
    for (uint64_t sample = 0; sample < COUNT; sample++) {
        const EraseDraw draw = erase_draw(1.0, SIDE, 1, 2, sample);
        const double height = (double)draw.height / SIDE, width = (double)draw.width / SIDE;
        assert_true(draw.top + draw.height <= SIDE && draw.left + draw.width <= SIDE);
        assert_true(height <= 0.97 + pixel && width <= 0.97 + pixel);
        taller += height > width;
        highest = fmax(highest, height);
        least = fmin(least, height * width);
        most = fmax(most, height * width);
        tall = fmax(tall, height / width);
        flat = fmin(flat, height / width);
    }
    assert_true(least > 0.02 - pixel && least < 0.021);
    assert_true(most < 1.0 / 3.0 + 2.0 * pixel && most > 0.33);
    assert_true(tall < 1.0 / 0.3 * 1.01 && tall > 3.2 && flat > 0.3 / 1.01 && flat < 0.31);
    assert_true(highest > 0.97 - pixel); /* sqrt(1 / 3 / 0.3) is above 1 */
    assert_true(fabs(taller / COUNT - 0.5) < 5.0 * 0.5 / sqrt(COUNT));
}

/* On planes of a few pixels the mean height is that of sqrt(area) sqrt(ratio): (2/3) (A^(3/2) -
 * a^(3/2)) / (A - a) for an area from a = 0.02 to A = 1/3, times sinh(b) / b with b = log(1/0.3) /
 * 2. Rounding up or down would move it by half a pixel, 0.06; five standard deviations are 0.007,
 * and that few sides are cut at 0.97 moves it by 0.001. */
static void sides_are_not_rounded(void **state) {
    (void)state;
    enum { SIDE = 8 };
    double height = 0.0;
    for (uint64_t sample = 0; sample < COUNT; sample++)
        height += (double)erase_draw(1.0, SIDE, 1, 2, sample).height / SIDE / COUNT;
    const double a = log(1.0 / 0.3) / 2.0, root = (pow(1.0 / 3.0, 1.5) - pow(0.02, 1.5)) / 0.47;
    assert_true(fabs(height - root * sinh(a) / a) < 0.01);
}

/* In the room that the rectangle leaves. */
static void places_are_uniform(void **state) {
    (void)state;
    enum { SIDE = 1024 };
    double down = 0.0, right = 0.0, together = 0.0;
    size_t first = 0, last = 0;
    for (uint64_t sample = 0; sample < COUNT; sample++) {
        const EraseDraw draw = erase_draw(1.0, SIDE, 1, 2, sample);
        const double y = (double)draw.top / (double)(SIDE - draw.height);
        const double x = (double)draw.left / (double)(SIDE - draw.width);
        down += y / COUNT;
        right += x / COUNT;
        together += (y - 0.5) * (x - 0.5) / COUNT;
        first += y < 0.1;
        last += y > 0.9;
    }
    /* Uniform: variance 1/12, of a product of two 1/144. A pixel on 30 to 1,000. */
    const double five = 5.0 / sqrt(COUNT), tenth = five * 0.3 + 0.01;
    assert_true(fabs(down - 0.5) < five * 0.29 + 0.005 && fabs(right - 0.5) < five * 0.29 + 0.005);
    assert_true(fabs(together) < five / 12.0);
    assert_true(fabs((double)first / COUNT - 0.1) < tenth);
    assert_true(fabs((double)last / COUNT - 0.1) < tenth);
}

static void only_the_rectangle_changes(void **state) {
    (void)state;
    enum { SIDE = 19, CHANNELS = 2, VALUES = SIDE * SIDE * CHANNELS };
    EraseDraw draw = {.top = 3, .left = 5, .height = 7, .width = 11};
    draw.noise = random_stream(1, RANDOM_ERASING, 2, 3, 1);
    float planes[VALUES];
    for (size_t i = 0; i < VALUES; i++)
        planes[i] = 100.0f;
    erase_planes(&draw, CHANNELS, SIDE, planes);
    for (size_t i = 0; i < VALUES; i++) {
        const size_t x = i % SIDE, y = i / SIDE % SIDE;
        assert_true((planes[i] != 100.0f) == (x >= 5 && x < 16 && y >= 3 && y < 10));
    }
}

/* Mean 0, variance 1, fourth moment 3 (standard deviations 1, sqrt 2, sqrt 96), neighbours
 * independent: five standard deviations. */
static void noise_is_normal(void **state) {
    (void)state;
    enum { SIDE = 250, VALUES = SIDE * SIDE };
    const EraseDraw draw = {
        .height = SIDE, .width = SIDE, .noise = random_stream(1, RANDOM_ERASING, 2, 3, 1)};
    float *planes = test_array(VALUES, sizeof *planes);
    double moment[5] = {0}, beside = 0.0;
    erase_planes(&draw, 1, SIDE, planes);
    for (size_t i = 0; i < VALUES; i++) {
        for (int power = 1; power < 5; power++)
            moment[power] += pow((double)planes[i], power) / VALUES;
        beside += i > 0 ? (double)planes[i] * (double)planes[i - 1] / VALUES : 0.0;
    }
    const double five = 5.0 / sqrt(VALUES);
    assert_true(fabs(moment[1]) < five && fabs(moment[2] - 1.0) < five * sqrt(2.0));
    assert_true(fabs(moment[4] - 3.0) < five * sqrt(96.0) && fabs(beside) < five);
    memory_free(planes);
}

static bool same(EraseDraw a, EraseDraw b) {
    return a.top == b.top && a.left == b.left && a.height == b.height && a.width == b.width &&
           a.noise.when == b.noise.when && a.noise.who == b.noise.who &&
           a.noise.seed == b.noise.seed;
}

static void draws_depend_on_seed_epoch_and_sample(void **state) {
    (void)state;
    const EraseDraw draw = erase_draw(1.0, 1000, 1, 2, 3);
    assert_true(same(draw, erase_draw(1.0, 1000, 1, 2, 3)));
    assert_true(draw.top != erase_draw(1.0, 1000, 2, 2, 3).top);
    assert_true(draw.top != erase_draw(1.0, 1000, 1, 3, 3).top);
    assert_true(draw.top != erase_draw(1.0, 1000, 1, 2, 4).top);
    assert_false(same(draw, erase_draw(1.0, 1000, 1, 3, 3)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_often_as_asked),
        cmocka_unit_test(areas_and_sides_are_within_bounds),
        cmocka_unit_test(sides_are_not_rounded),
        cmocka_unit_test(places_are_uniform),
        cmocka_unit_test(only_the_rectangle_changes),
        cmocka_unit_test(noise_is_normal),
        cmocka_unit_test(draws_depend_on_seed_epoch_and_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
