#include "vit/mix.h"

#include "vit/random.h"
#include "vit/size.h"
#include <math.h>

bool mix_is_on(const Job *job) {
    return job->mixup > 0.0 || job->cutmix > 0.0;
}

/* Uniform in (0, 1), symmetric: a word's middle. */
static double inside(uint32_t word) {
    return ((double)word + 0.5) * 0x1p-32;
}

/* Beta(a, a) from two uniform numbers, for any a > 0: T = sqrt(2a (U^(-1/a) - 1)) cos(2 pi V) has
 * Student's distribution with 2a degrees of freedom (Bailey 1994, Mathematics of Computation 62),
 * and (1 + T / sqrt(2a + T^2)) / 2 then is Beta(a, a) (Devroye 1996, 'Random variate generation in
 * one line of code'). With a tiny a the square may be infinite, which gives 0 or 1. */
static double symmetric_beta(double a, uint32_t u, uint32_t v) {
    const double direction = cos(2.0 * 3.14159265358979323846 * inside(v));
    const double square = expm1(-log(inside(u)) / a) * direction * direction;
    return 0.5 + copysign(0.5 / sqrt(1.0 + 1.0 / square), direction);
}

/* Pixels [*first, *end) of a side: `length` of them around `centre`, rounded down to an even number
 * as the box's half is, and clipped. */
static void clip(size_t centre, size_t length, size_t size, size_t *first, size_t *end) {
    const size_t half = length / 2;
    *first = centre - size_smaller(centre, half);
    *end = size_smaller(centre + half, size);
}

/* block 1: the centre's row and column. */
static MixDraw cut(RandomStream stream, double lambda, size_t size) {
    MixDraw draw = {.kind = MIX_CUT};
    uint32_t words[4];
    random_block(stream, 1, words);
    const size_t row = (size_t)random_below(words[0], words[1], size);
    const size_t column = (size_t)random_below(words[2], words[3], size);
    const size_t length = (size_t)((double)size * sqrt(1.0 - lambda));
    clip(row, length, size, &draw.top, &draw.bottom);
    clip(column, length, size, &draw.left, &draw.right);
    const double area = (double)((draw.bottom - draw.top) * (draw.right - draw.left));
    draw.share = 1.0 - area / (double)(size * size);
    return draw;
}

/* block 0: whether, by what, and two words for lambda. */
MixDraw mix_draw(const Job *job, uint64_t epoch, uint64_t sample) {
    const RandomStream stream = random_stream(job->seed, RANDOM_MIX, epoch, sample, 0);
    uint32_t words[4];
    random_block(stream, 0, words);
    if (!mix_is_on(job) || inside(words[0]) >= job->mix_probability)
        return (MixDraw){.kind = MIX_NONE, .share = 1.0};
    const bool cuts =
        job->cutmix > 0.0 && (job->mixup == 0.0 || inside(words[1]) < job->mix_switch);
    const double lambda = symmetric_beta(cuts ? job->cutmix : job->mixup, words[2], words[3]);
    return cuts ? cut(stream, lambda, job->image_size) : (MixDraw){.kind = MIX_UP, .share = lambda};
}

/* a = own a + other b, b = own b + other a. */
static void blend(double share, size_t count, float *restrict a, float *restrict b) {
    const float own = (float)share, other = (float)(1.0 - share);
    for (size_t i = 0; i < count; i++) {
        const float mine = a[i], theirs = b[i];
        a[i] = own * mine + other * theirs;
        b[i] = own * theirs + other * mine;
    }
}

/* Of one channel, planes [size, size]. */
static void exchange_box(const MixDraw *draw, size_t size, float *restrict a, float *restrict b) {
    for (size_t y = draw->top; y < draw->bottom; y++)
        for (size_t i = y * size + draw->left; i < y * size + draw->right; i++) {
            const float mine = a[i];
            a[i] = b[i];
            b[i] = mine;
        }
}

void mix_planes(const MixDraw *draw, size_t images, size_t channels, size_t size, float *planes) {
    const size_t plane = size * size, values = channels * plane;
    for (size_t i = 0; i < images / 2; i++) {
        float *one = planes + i * values, *partner = planes + (images - 1 - i) * values;
        if (draw->kind == MIX_UP)
            blend(draw->share, values, one, partner);
        for (size_t c = 0; c < channels && draw->kind == MIX_CUT; c++)
            exchange_box(draw, size, one + c * plane, partner + c * plane);
    }
}
