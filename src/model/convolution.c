#include "convolution.h"

#include "vit/size.h"
#include <string.h>

enum { TAPS = 9 };

/* Where the pixels under tap `i` begin, of an image with a border, from the row above on. */
static size_t tap_place(size_t i, size_t side, size_t channels) {
    return (i / 3 * (side + 2) + i % 3) * channels;
}

static GemmTerms terms_of(size_t side, size_t in, size_t out) {
    GemmTerms terms = {.count = TAPS};
    for (size_t i = 0; i < TAPS; i++) {
        terms.a[i] = tap_place(i, side, in);
        terms.b[i] = i * in * out;
    }
    return terms;
}

void convolution_plan(Convolution *layer, ConvolutionShape shape, const Kernels *kernels) {
    const size_t side = shape.side, in = shape.in, out = shape.out;
    *layer = (Convolution){.shape = shape, .kernels = kernels};
    const GemmTerms forward = terms_of(side, in, out), backward = terms_of(side, out, in);
    gemm_sum_plan(&layer->row, &forward, side, out, in, in, out, out);
    gemm_sum_plan(&layer->row_backward, &backward, side, in, out, out, in, in);
    /* From the first pixel of the inside to the last, with the borders between the rows. */
    gemm_plan(&layer->kernel_gradient, GEMM_TN, in, out, side * (side + 2) - 2, in, out, out, true);
}

static size_t bordered(size_t side) {
    return (side + 2) * (side + 2);
}

void convolution_stash_place(ConvolutionStash *stash, ConvolutionShape shape, Arena *arena) {
    const size_t bytes = shape.pooled * shape.pooled * shape.out;
    stash->input = arena_take(arena, bordered(shape.side) * shape.in);
    stash->choice = (uint8_t *)(void *)arena_take(arena, size_groups(bytes, sizeof(float)));
}

void convolution_work_place(ConvolutionWork *work, const ConvolutionShape *shapes, size_t count,
                            Arena *arena) {
    size_t sums = 0, dsums = 0;
    for (size_t i = 0; i < count; i++) {
        sums = size_larger(sums, shapes[i].side * shapes[i].side * shapes[i].out);
        dsums = size_larger(dsums, bordered(shapes[i].side) * shapes[i].out);
    }
    work->sums = arena_take(arena, sums);
    work->dsums = arena_take(arena, dsums);
}

size_t convolution_line(ConvolutionShape shape) {
    return (shape.side + 2) * shape.in;
}

void convolution_clear_border(ConvolutionShape shape, ConvolutionStash *stash) {
    const size_t line = convolution_line(shape);
    float *last = stash->input + (shape.side + 1) * line;
    memset(stash->input, 0, line * sizeof(float));
    memset(last, 0, line * sizeof(float));
    /* The last pixel of a row and the first of the next. */
    for (size_t row = 1; row <= shape.side + 1; row++)
        memset(stash->input + row * line - shape.in, 0, 2 * shape.in * sizeof(float));
}

float *convolution_inside(ConvolutionShape shape, const ConvolutionStash *stash) {
    return stash->input + convolution_line(shape) + shape.in;
}

void convolution_rotate(const Convolution *layer, const float *kernel, float *rotated) {
    const size_t in = layer->shape.in, out = layer->shape.out, tap = in * out;
    for (size_t i = 0; i < 9; i++)
        layer->kernels->transpose(in, out, kernel + i * tap, out, rotated + (8 - i) * tap, in);
}

/* s[y, x, o] = sum over i, j, c of input[y + i, x + j, c] W[i, j, c, o], the border counted;
 * y = maxpool(relu(s)). */
void convolution_forward(const Convolution *layer, const float *kernel, ConvolutionStash *stash,
                         ConvolutionWork *work, float *y, size_t ld) {
    const ConvolutionShape shape = layer->shape;
    for (size_t row = 0; row < shape.side; row++)
        gemm_sum_run(&layer->row, stash->input + row * convolution_line(shape), kernel,
                     work->sums + row * shape.side * shape.out);
    layer->kernels->max_pool(shape.side, shape.out, work->sums, stash->choice, y, ld);
}

/* dW[i, j] = sum over the pixels of input[y + i, x + j]^T ds[y, x]: for each tap one product over
 * all pixels, with the zeros of ds's border where a row ends. dinput is the convolution of ds with
 * the rotated kernel. */
void convolution_backward(const Convolution *layer, const float *rotated,
                          const ConvolutionStash *stash, ConvolutionWork *work, const float *dy,
                          float *dkernel, float *dx) {
    const ConvolutionShape shape = layer->shape;
    const size_t line = (shape.side + 2) * shape.out;
    layer->kernels->max_pool_backward(shape.side, shape.out, stash->choice, dy, work->dsums);
    for (size_t i = 0; i < TAPS; i++)
        gemm_run(&layer->kernel_gradient, stash->input + tap_place(i, shape.side, shape.in),
                 work->dsums + line + shape.out, dkernel + i * shape.in * shape.out);
    for (size_t row = 0; rotated && row < shape.side; row++)
        gemm_sum_run(&layer->row_backward, work->dsums + row * line, rotated,
                     dx + row * shape.side * shape.in);
}
