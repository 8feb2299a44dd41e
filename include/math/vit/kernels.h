#ifndef VIT_KERNELS_H
#define VIT_KERNELS_H

#include "vit/cpu.h"
#include "vit/random.h"
#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* Vector kernels: everything of a training step that is not a matrix product. One portable source
 * compiled for each instruction set; the processor decides at run time. All arrays are fp32,
 * row-major; all calls are local, by one thread, without allocation. Results depend on the
 * instruction set (order of sums), never on anything else. */

/* Decisions of dropout: element e of a site's tensor is kept when words[e] < threshold (words NULL:
 * always), and then scaled. */
typedef struct Dropout {
    const uint16_t *words;
    uint32_t threshold; /* round((1 - rate) * 65536) */
    float scale; /* 65536 / threshold; what else shall scale the result is multiplied to it */
} Dropout;

/* Elements of one call of the generator: 16 Philox blocks of 8 halves. */
enum { DROPOUT_GROUP = 128 };

static inline size_t dropout_groups(size_t elements) {
    return (elements + DROPOUT_GROUP - 1) / DROPOUT_GROUP;
}

/* One AdamW step w = w - decay w - rate m / (root_scale sqrt(v) + epsilon), after the moments'
 * update with gradient g * gradient_scale. See vit/adamw.h for the two rules in these terms. */
typedef struct AdamwTerms {
    float gradient_scale;
    float gain1, gain2; /* 1 - beta1, 1 - beta2, which fp32 would not give from the betas */
    float decay, rate, root_scale, epsilon;
} AdamwTerms;

/* One step of gradient descent with momentum: v = momentum v + g gradient_scale;
 * w = w - decay w - rate v. */
typedef struct SgdTerms {
    float gradient_scale, momentum, decay, rate;
} SgdTerms;

enum { MAX_POOL_NONE = 9 };

typedef struct Kernels {
    CpuLevel level;

    /* y = e^x, x <= 0 (also -infinity): at most 2 ulp. For tests; the other kernels have it inside.
     */
    void (*exponential)(size_t n, const float *x, float *y);

    /* words[128 groups]: element e = 128 g + 32 w + 16 h + l is half h (low first) of word w of
     * Philox block 16 g + l of the stream. */
    void (*dropout_words)(RandomStream stream, size_t groups, uint16_t *words);
    /* x[n] *= decision * scale. */
    void (*dropout)(size_t n, float *x, Dropout dropout);

    /* x = (x + bias[column]) * scale, in place; x [rows, cols]. */
    void (*add_bias)(size_t rows, size_t cols, const float *bias, float scale, float *x);
    /* out [cols, rows] = transpose of in [rows, cols]; leading dimensions in floats. */
    void (*transpose)(size_t rows, size_t cols, const float *in, size_t ld_in, float *out,
                      size_t ld_out);
    /* y = x * gamma[column] + beta[column]; x [rows, cols]: a layer norm's result again. */
    void (*scale_columns)(size_t rows, size_t cols, const float *x, const float *gamma,
                          const float *beta, float *y);
    /* y += x. */
    void (*add)(size_t n, const float *x, float *y);
    /* z = x * y. */
    void (*multiply)(size_t n, const float *x, const float *y, float *z);
    /* sum[cols] += columns of x [rows, cols]. */
    void (*add_column_sums)(size_t rows, size_t cols, const float *x, float *sum);
    /* row r of y = row r of x [rows, cols] * factor[r]; y may be x. */
    void (*scale_rows)(size_t rows, size_t cols, const float *factor, const float *x, float *y);

    /* Layer normalization over rows of x [rows, cols] (Ba et al. 2016): normalized = (x - mean) /
     * sqrt(var + epsilon), y = normalized * gamma + beta; inverse[rows] = 1 / sqrt(var + epsilon).
     */
    void (*layer_norm)(size_t rows, size_t cols, const float *x, const float *gamma,
                       const float *beta, float epsilon, float *y, float *normalized,
                       float *inverse);
    /* dx += gradient through the layer norm of dy; dgamma, dbeta [cols] are added to.
     * dx_r += inverse_r (h - mean(h) - normalized mean(h normalized)), h = dy gamma. */
    void (*layer_norm_backward)(size_t rows, size_t cols, const float *dy, const float *gamma,
                                const float *normalized, const float *inverse, float *dx,
                                float *dgamma, float *dbeta);

    /* Softmax of rows with dropout. In: scores [rows, cols]. Out: scores holds e = exp(score - row
     * maximum), negated where dropped; kept [rows, cols] holds e where kept and 0 elsewhere;
     * row_scale[r] = dropout.scale / sum(e), so that probability after dropout = kept * row_scale.
     * words number row-major elements. */
    void (*softmax)(size_t rows, size_t cols, float *scores, float *kept, float *row_scale,
                    Dropout dropout);
    /* ds [rows, cols], in place: from the gradient of kept to that of the scores,
     * ds = |e| ((e > 0 ? ds : 0) - keep row_scale[r] (kept . ds)), keep = 1 / dropout.scale.
     * kept = max(e, 0): what softmax left there, again. */
    void (*softmax_backward)(size_t rows, size_t cols, const float *signed_exponentials,
                             const float *row_scale, float keep, float *ds, float *kept);

    /* x [rows, cols] in place: gelu(x + bias) with dropout; GELU is x Phi(x), exact form (Hendrycks
     * and Gimpel 2016). slope: the derivative times decision and scale, or NULL. */
    void (*gelu)(size_t rows, size_t cols, const float *bias, Dropout dropout, float *x,
                 float *slope);

    /* y += the convolution of each channel by itself over a grid of tokens, x and y [side, side,
     * channels], kernel [taps, taps, channels], taps odd, zeros outside. Rotated by half a turn,
     * the kernel gives the gradient with respect to x from that with respect to y. */
    void (*convolve_local)(size_t side, size_t channels, size_t taps, const float *x,
                           const float *kernel, float *y);
    /* dkernel += its gradient from x and dy. */
    void (*convolve_local_gradient)(size_t side, size_t channels, size_t taps, const float *x,
                                    const float *dy, float *dkernel);

    /* ReLU and max-pooling, 3 x 3 with stride 2 and one pixel of padding, which never is the
     * largest: y [pooled, pooled, channels], pooled = ceil(side / 2), from x [side, side,
     * channels]. ld: floats from one row of y to the next. choice [pooled, pooled, channels]: which
     * pixel of the window, row by row, is the largest (the first of equal ones), or MAX_POOL_NONE
     * where none is above zero. */
    void (*max_pool)(size_t side, size_t channels, const float *x, uint8_t *choice, float *y,
                     size_t ld);
    /* dx [side + 2, side + 2, channels], with a border of zeros, from dy [pooled, pooled,
     * channels]. */
    void (*max_pool_backward)(size_t side, size_t channels, const uint8_t *choice, const float *dy,
                              float *dx);

    /* Row `row` of an affine resampling of a picture: of every channel of out [channels, size,
     * size], from planes of the same shape. Output pixel (x, y) is taken at (m0 x + m1 y + m2,
     * m3 x + m4 y + m5), bilinear, outside filled by reflection. */
    void (*resample_row)(size_t channels, size_t size, const float *planes, const float *matrix,
                         size_t row, float *out);

    /* Updates w, m, v [n] from g. */
    void (*adamw)(size_t n, AdamwTerms terms, const float *g, float *w, float *m, float *v);
    /* Updates w, v [n] from g. */
    void (*sgd)(size_t n, SgdTerms terms, const float *g, float *w, float *v);
    /* A moving average: e += gain (w - e), of e[n] and w[n]. */
    void (*average)(size_t n, float gain, const float *w, float *e);
    /* Sum of squares of x[n], in double. */
    double (*sum_squares)(size_t n, const float *x);

    /* Independent chains c = c factor[0] + factor[1] in registers, for measuring: returns the
     * operations, two a multiplication and addition. *sum keeps a compiler from leaving them out.
     */
    size_t (*multiply_add)(size_t rounds, const float *factor, float *sum);
} Kernels;

/* The kernels for a level, or NULL when they are not built in or this processor cannot run them. */
const Kernels *kernels_at(CpuLevel level);

/* The kernels in force: those of the level that was chosen, or the best for this processor; before
 * there was a choice the environment's VIT_KERNELS (portable, avx2, avx512) lowers it. */
const Kernels *kernels_best(void);

/* From now on those of a level that this processor can run. Before the first use, once. Local. */
void kernels_choose(CpuLevel level);

/* What the environment's VIT_KERNELS asks for: a level; -1 when it is not set. STATUS_USAGE, and
 * -1, when it says something else. */
Status kernels_wanted(int *level);

#endif
