#include "convolution.h"

#include "vit/size.h"

void convolution_plan(Convolution *layer, ConvolutionShape shape, const Kernels *kernels) {
    const size_t side = shape.side, in = shape.in, out = shape.out;
    *layer = (Convolution){.shape = shape, .kernels = kernels};
    /* From the first pixel of the inside to the last, with the borders between the rows. */
    const size_t pixels = side * (side + 2) - 2;
    gemm_plan(&layer->first, GEMM_NN, side, out, 3 * in, in, out, out, false);
    gemm_plan(&layer->more, GEMM_NN, side, out, 3 * in, in, out, out, true);
    gemm_plan(&layer->back_first, GEMM_NN, side, in, 3 * out, out, in, in, false);
    gemm_plan(&layer->back_more, GEMM_NN, side, in, 3 * out, out, in, in, true);
    gemm_plan(&layer->kernel_gradient, GEMM_TN, 3 * in, out, pixels, in, out, out, true);
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
    const size_t line = convolution_line(shape), taps = 3 * shape.in * shape.out;
    for (size_t row = 0; row < shape.side; row++) {
        const float *above = stash->input + row * line;
        float *sums = work->sums + row * shape.side * shape.out;
        gemm_run(&layer->first, above, kernel, sums);
        gemm_run(&layer->more, above + line, kernel + taps, sums);
        gemm_run(&layer->more, above + 2 * line, kernel + 2 * taps, sums);
    }
    layer->kernels->max_pool(shape.side, shape.out, work->sums, stash->choice, y, ld);
}

/* dW[i, j] = sum over the pixels of input[y + i, x + j]^T ds[y, x]: for each i one product over all
 * pixels, with the zeros of ds's border where a row ends. dinput is the convolution of ds with the
 * rotated kernel. */
void convolution_backward(const Convolution *layer, const float *rotated,
                          const ConvolutionStash *stash, ConvolutionWork *work, const float *dy,
                          float *dkernel, float *dx) {
    const ConvolutionShape shape = layer->shape;
    const size_t line = convolution_line(shape), dline = (shape.side + 2) * shape.out;
    const size_t taps = 3 * shape.in * shape.out;
    const float *inside = work->dsums + dline + shape.out;
    layer->kernels->max_pool_backward(shape.side, shape.out, stash->choice, dy, work->dsums);
    for (size_t i = 0; i < 3; i++)
        gemm_run(&layer->kernel_gradient, stash->input + i * line, inside, dkernel + i * taps);
    for (size_t row = 0; rotated && row < shape.side; row++) {
        const float *above = work->dsums + row * dline;
        float *target = dx + row * shape.side * shape.in;
        gemm_run(&layer->back_first, above, rotated, target);
        gemm_run(&layer->back_more, above + dline, rotated + taps, target);
        gemm_run(&layer->back_more, above + 2 * dline, rotated + 2 * taps, target);
    }
}
