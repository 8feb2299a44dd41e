#include "mlp.h"

#include "vit/phase.h"

void mlp_plan(Mlp *mlp, const ModelShape *shape, const Kernels *kernels) {
    *mlp = (Mlp){.T = shape->T, .layers = shape->mlp.count, .kernels = kernels};
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
}

void mlp_stash_place(MlpStash *stash, const ModelShape *shape, Arena *arena) {
    for (size_t j = 0; j < shape->mlp.count; j++) {
        stash->slope[j] = arena_take(arena, shape->T * shape->mlp.value[j]);
        if (j + 1 < shape->mlp.count)
            stash->output[j] = arena_take(arena, shape->T * shape->mlp.value[j]);
    }
}

void mlp_work_place(MlpWork *work, const ModelShape *shape, Arena *arena) {
    size_t widest = shape->D;
    for (size_t j = 0; j < shape->mlp.count; j++)
        if (shape->mlp.value[j] > widest)
            widest = shape->mlp.value[j];
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
}

void mlp_prepare_layer(const Mlp *mlp, size_t layer, MlpWeights *prepared) {
    const size_t in = mlp->width[layer], out = mlp->width[layer + 1];
    mlp->kernels->transpose(in, out, prepared->kernel[layer], out, prepared->kernel_t[layer], in);
}

MlpGradient mlp_gradient(const Mlp *mlp, const BlockLayout *layout, float *tensors, size_t first) {
    MlpGradient result = {0};
    for (size_t j = 0; j < mlp->layers; j++) {
        result.kernel[j] = tensors + (layout->mlp_kernel[j] - first);
        result.bias[j] = tensors + (layout->mlp_bias[j] - first);
    }
    return result;
}

/* h_0 = x; h_{j+1} = dropout(gelu(h_j W_j + b_j)); y += h_last. */
void mlp_forward(const Mlp *mlp, const MlpWeights *weights, const float *x,
                 const DropoutSource *source, size_t block, MlpStash *stash, MlpWork *work,
                 float *y) {
    const float *input = x;
    for (size_t j = 0; j < mlp->layers; j++) {
        const size_t out = mlp->width[j + 1];
        float *output = j + 1 < mlp->layers ? stash->output[j] : work->output;
        phase_begin(PHASE_MLP);
        gemm_run(&mlp->forward[j], input, weights->kernel[j], output);
        Dropout dropout = dropout_draw(source, dropout_site_mlp(block, j), mlp->T * out);
        phase_begin(PHASE_GELU);
        mlp->kernels->gelu(mlp->T, out, weights->bias[j], dropout, output, stash->slope[j]);
        input = output;
    }
    mlp->kernels->add(mlp->T * mlp->width[0], input, y);
}

/* dz_j = dh_{j+1} slope_j; dW_j = h_j^T dz_j; db_j = column sums; dh_j = dz_j W_j^T. */
const float *mlp_backward(const Mlp *mlp, const MlpWeights *weights, const float *x,
                          const float *dy, const MlpStash *stash, MlpWork *work,
                          MlpGradient *gradient) {
    const float *doutput = dy;
    for (size_t j = mlp->layers; j-- > 0;) {
        const size_t out = mlp->width[j + 1];
        const float *input = j > 0 ? stash->output[j - 1] : x;
        float *dz = work->delta[0], *dinput = work->delta[1];
        phase_begin(PHASE_GELU_BACKWARD);
        mlp->kernels->multiply(mlp->T * out, doutput, stash->slope[j], dz);
        mlp->kernels->add_column_sums(mlp->T, out, dz, gradient->bias[j]);
        phase_begin(PHASE_MLP_BACKWARD);
        gemm_run(&mlp->weight_gradient[j], input, dz, gradient->kernel[j]);
        gemm_run(&mlp->input_gradient[j], dz, weights->kernel_t[j], dinput);
        doutput = dinput;
    }
    return doutput;
}
