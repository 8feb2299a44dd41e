#include "mlp.h"

#include "vit/phase.h"
#include "vit/size.h"
#include <string.h>

void mlp_plan(Mlp *mlp, const ModelShape *shape, const Kernels *kernels) {
    *mlp = (Mlp){.T = shape->T,
                 .layers = shape->mlp.count,
                 .grid = shape->grid,
                 .class_tokens = shape->class_tokens,
                 .taps = shape->mlp_convolution,
                 .linear_end = shape->mlp_end == MLP_END_LINEAR,
                 .kernels = kernels};
    mlp->width[0] = shape->D;
    for (size_t j = 0; j < mlp->layers; j++) {
        const size_t T = shape->T, in = mlp->width[j], out = shape->mlp.value[j];
        mlp->width[j + 1] = out;
        gemm_plan(&mlp->forward[j], GEMM_NN, T, out, in, in, out, out, false);
        gemm_plan(&mlp->input_gradient[j], GEMM_NN, T, in, out, out, in, in, false);
        gemm_plan(&mlp->weight_gradient[j], GEMM_TN, in, out, T, in, out, out, true);
    }
}

void mlp_weights_place(MlpWeights *prepared, const ModelShape *shape, Arena *arena) {
    size_t in = shape->D;
    for (size_t j = 0; j < shape->mlp.count; j++) {
        prepared->kernel_t[j] = arena_take(arena, in * shape->mlp.value[j]);
        in = shape->mlp.value[j];
    }
    prepared->local_rotated =
        arena_take(arena, shape->mlp_convolution * shape->mlp_convolution * shape->mlp.value[0]);
}

void mlp_stash_place(MlpStash *stash, const ModelShape *shape, Arena *arena) {
    for (size_t j = 0; j < shape->mlp.count; j++) {
        stash->slope[j] = arena_take(arena, shape->T * shape->mlp.value[j]);
        if (j + 1 < shape->mlp.count)
            stash->output[j] = arena_take(arena, shape->T * shape->mlp.value[j]);
    }
    if (shape->mlp_convolution)
        stash->local = arena_take(arena, shape->T * shape->mlp.value[0]);
}

void mlp_work_place(MlpWork *work, const ModelShape *shape, Arena *arena) {
    size_t widest = shape->D;
    for (size_t j = 0; j < shape->mlp.count; j++)
        widest = size_larger(widest, shape->mlp.value[j]);
    work->output = arena_take(arena, shape->T * shape->D);
    for (int i = 0; i < 2; i++)
        work->delta[i] = arena_take(arena, shape->T * widest);
}

void mlp_prepare(const Mlp *mlp, const BlockLayout *layout, const float *weights,
                 MlpWeights *prepared) {
    for (size_t j = 0; j < mlp->layers; j++) {
        prepared->kernel[j] = weights + layout->mlp_kernel[j];
        prepared->bias[j] = weights + layout->mlp_bias[j];
    }
    prepared->local_kernel = weights + layout->local_kernel;
    prepared->local_bias = weights + layout->local_bias;
}

size_t mlp_forms(const Mlp *mlp) {
    return mlp->layers + (mlp->taps ? 1 : 0);
}

void mlp_prepare_form(const Mlp *mlp, size_t form, MlpWeights *prepared) {
    if (form < mlp->layers) {
        const size_t in = mlp->width[form], out = mlp->width[form + 1];
        mlp->kernels->transpose(in, out, prepared->kernel[form], out, prepared->kernel_t[form], in);
        return;
    }
    const size_t width = mlp->width[1], taps = mlp->taps * mlp->taps;
    for (size_t i = 0; i < taps; i++)
        memcpy(prepared->local_rotated + (taps - 1 - i) * width, prepared->local_kernel + i * width,
               width * sizeof(float));
}

MlpGradient mlp_gradient(const Mlp *mlp, const BlockLayout *layout, float *tensors, size_t first) {
    MlpGradient result = {0};
    for (size_t j = 0; j < mlp->layers; j++) {
        result.kernel[j] = tensors + (layout->mlp_kernel[j] - first);
        result.bias[j] = tensors + (layout->mlp_bias[j] - first);
    }
    if (mlp->taps) {
        result.local_kernel = tensors + (layout->local_kernel - first);
        result.local_bias = tensors + (layout->local_bias - first);
    }
    return result;
}

/* ---- local convolution: l = h + conv(h) + c, where h = x W_0 + b_0 and c is its own bias; of the
 * class token l = h ---- */

static bool is_local(const Mlp *mlp, size_t j) {
    return mlp->taps && j == 0;
}

/* y [T, width] = x + convolution of x; the class token's row is x's. */
static void convolve(const Mlp *mlp, const float *x, const float *kernel, float *y) {
    const size_t width = mlp->width[1], first = mlp->class_tokens * width;
    memcpy(y, x, mlp->T * width * sizeof *y);
    mlp->kernels->convolve_local(mlp->grid, width, mlp->taps, x + first, kernel, y + first);
}

/* From dl [T, width], used up: the gradients of c and the kernel, and, in dh, that of h. */
static void convolve_backward(const Mlp *mlp, const MlpWeights *weights, const MlpStash *stash,
                              const float *dl, float *dh, MlpGradient *gradient) {
    const size_t width = mlp->width[1], first = mlp->class_tokens * width;
    phase_begin(PHASE_LOCAL_BACKWARD);
    mlp->kernels->add_column_sums(mlp->T - mlp->class_tokens, width, dl + first,
                                  gradient->local_bias);
    mlp->kernels->convolve_local_gradient(mlp->grid, width, mlp->taps, stash->local + first,
                                          dl + first, gradient->local_kernel);
    convolve(mlp, dl, weights->local_rotated, dh);
}

/* ---- forward ---- */

/* Dropout of layer j's output; the last one's has the branch's factor, too. */
static Dropout layer_dropout(const Mlp *mlp, const DropoutSource *source, size_t block, size_t j,
                             float factor) {
    Dropout dropout = dropout_draw(source, dropout_site_mlp(block, j), mlp->T * mlp->width[j + 1]);
    if (j + 1 == mlp->layers)
        dropout.scale *= factor;
    return dropout;
}

static bool is_linear(const Mlp *mlp, size_t j) {
    return mlp->linear_end && j + 1 == mlp->layers;
}

/* Rows [first, end) of output [T, out], in place: dropout(gelu(output + bias)). */
static void activate(const Mlp *mlp, size_t j, size_t first, size_t end, const float *bias,
                     Dropout dropout, MlpStash *stash, float *output) {
    const size_t rows = end - first, out = mlp->width[j + 1], skipped = first * out;
    if (dropout.words)
        dropout.words += skipped;
    if (!is_linear(mlp, j)) {
        mlp->kernels->gelu(rows, out, bias, dropout, output + skipped, stash->slope[j] + skipped);
        return;
    }
    mlp->kernels->add_bias(rows, out, bias, 1.0f, output + skipped);
    mlp->kernels->dropout(rows * out, output + skipped, dropout);
}

/* output [T, out] = dropout(gelu(input W_j + b_j)), with what else layer j has or lacks. */
static void layer_forward(const Mlp *mlp, const MlpWeights *weights, size_t j, Dropout dropout,
                          const float *input, MlpStash *stash, float *output) {
    const Kernels *kernels = mlp->kernels;
    const size_t out = mlp->width[j + 1];
    const size_t apart = is_local(mlp, j) ? mlp->class_tokens : 0;
    const float *bias = weights->bias[j];
    float *sums = is_local(mlp, j) ? stash->local : output;
    phase_begin(PHASE_MLP);
    gemm_run(&mlp->forward[j], input, weights->kernel[j], sums);
    if (is_local(mlp, j)) {
        phase_begin(PHASE_LOCAL);
        kernels->add_bias(mlp->T - apart, out, bias, 1.0f, sums + apart * out);
        convolve(mlp, sums, weights->local_kernel, output);
        bias = weights->local_bias;
    }
    phase_begin(PHASE_GELU);
    activate(mlp, j, 0, apart, weights->bias[j], dropout, stash, output);
    activate(mlp, j, apart, mlp->T, bias, dropout, stash, output);
}

/* h_0 = x; h_{j+1} = dropout(gelu(h_j W_j + b_j)); y += h_last. */
void mlp_forward(const Mlp *mlp, const MlpWeights *weights, const float *x,
                 const DropoutSource *source, size_t block, float factor, MlpStash *stash,
                 MlpWork *work, float *y) {
    const float *input = x;
    for (size_t j = 0; j < mlp->layers; j++) {
        float *output = j + 1 < mlp->layers ? stash->output[j] : work->output;
        const Dropout dropout = layer_dropout(mlp, source, block, j, factor);
        layer_forward(mlp, weights, j, dropout, input, stash, output);
        input = output;
    }
    mlp->kernels->add(mlp->T * mlp->width[0], input, y);
}

/* ---- backward ---- */

/* dz [T, out] = the gradient before dropout and GELU, from that after them. */
static void slope_backward(const Mlp *mlp, const DropoutSource *source, size_t block, size_t j,
                           float factor, const float *doutput, const MlpStash *stash, float *dz) {
    const size_t values = mlp->T * mlp->width[j + 1];
    if (!is_linear(mlp, j)) {
        mlp->kernels->multiply(values, doutput, stash->slope[j], dz);
        return;
    }
    memcpy(dz, doutput, values * sizeof *dz);
    mlp->kernels->dropout(values, dz, layer_dropout(mlp, source, block, j, factor));
}

/* dz_j = dh_{j+1} slope_j; dW_j = h_j^T dz_j; db_j = column sums; dh_j = dz_j W_j^T. */
const float *mlp_backward(const Mlp *mlp, const MlpWeights *weights, const float *x,
                          const float *dy, const DropoutSource *source, size_t block, float factor,
                          const MlpStash *stash, MlpWork *work, MlpGradient *gradient) {
    const float *doutput = dy;
    for (size_t j = mlp->layers; j-- > 0;) {
        const size_t out = mlp->width[j + 1];
        const float *input = j > 0 ? stash->output[j - 1] : x;
        float *dz = work->delta[0], *dinput = work->delta[1];
        phase_begin(PHASE_GELU_BACKWARD);
        slope_backward(mlp, source, block, j, factor, doutput, stash, dz);
        if (is_local(mlp, j)) {
            convolve_backward(mlp, weights, stash, dz, work->delta[1], gradient);
            dz = work->delta[1];
            dinput = work->delta[0];
        }
        mlp->kernels->add_column_sums(mlp->T, out, dz, gradient->bias[j]);
        phase_begin(PHASE_MLP_BACKWARD);
        gemm_run(&mlp->weight_gradient[j], input, dz, gradient->kernel[j]);
        gemm_run(&mlp->input_gradient[j], dz, weights->kernel_t[j], dinput);
        doutput = dinput;
    }
    return doutput;
}
