#include "attention.h"

#include "vit/phase.h"
#include <math.h>
#include <string.h>

enum { QUERY, KEY, VALUE };

void attention_plan(Attention *attention, const ModelShape *shape, const Kernels *kernels) {
    const size_t T = shape->T, D = shape->D, H = shape->H, K = shape->K;
    const bool folded = model_folds_attention(shape);
    const size_t W = folded ? D : K;
    *attention = (Attention){.T = T,
                             .D = D,
                             .H = H,
                             .K = K,
                             .W = W,
                             .folded = folded,
                             .query_scale = 1.0f / sqrtf((float)K),
                             .kernels = kernels};
    attend_plan(&attention->attend, T, W, kernels);
    gemm_plan(&attention->project, GEMM_NN, T, W, D, D, W, W, false);
    gemm_plan(&attention->merge, GEMM_NN, T, D, W, W, D, D, true);
    gemm_plan(&attention->project_weights, GEMM_TN, D, W, T, D, W, folded ? D : H * K, true);
    gemm_plan(&attention->merge_weights, GEMM_TN, K, D, T, K, D, D, true);
    gemm_plan(&attention->fold, GEMM_NN, D, D, K, H * K, D, D, false);
    gemm_plan(&attention->unfold_query, GEMM_NN, D, K, D, D, H * K, H * K, false);
    gemm_plan(&attention->unfold_key, GEMM_TN, D, K, D, D, H * K, H * K, false);
    gemm_plan(&attention->unfold_value, GEMM_NN, D, K, D, D, K, H * K, false);
    gemm_plan(&attention->unfold_out, GEMM_TN, K, D, D, H * K, D, D, false);
}

void attention_weights_place(AttentionWeights *prepared, const ModelShape *shape, Arena *arena) {
    const size_t D = shape->D, H = shape->H, K = shape->K;
    if (model_folds_attention(shape)) {
        prepared->scores = arena_take(arena, H * D * D);
        prepared->scores_t = arena_take(arena, H * D * D);
        prepared->scores_bias = arena_take(arena, H * D);
        prepared->values = arena_take(arena, H * D * D);
        prepared->values_t = arena_take(arena, H * D * D);
        prepared->values_bias = arena_take(arena, H * D);
        return;
    }
    for (int i = 0; i < 3; i++) {
        prepared->in[i] = arena_take(arena, D * H * K);
        prepared->in_t[i] = arena_take(arena, D * H * K);
    }
    prepared->out_t = arena_take(arena, D * H * K);
}

void attention_stash_place(AttentionStash *stash, const ModelShape *shape, Arena *arena) {
    const bool folded = model_folds_attention(shape);
    const size_t T = shape->T, H = shape->H, W = folded ? shape->D : shape->K;
    stash->query = arena_take(arena, H * T * W);
    stash->key = folded ? NULL : arena_take(arena, H * T * W);
    stash->value_t = arena_take(arena, H * W * T);
    stash->exponentials = arena_take(arena, H * T * T);
    stash->row_scale = arena_take(arena, H * T);
    stash->out = folded ? NULL : arena_take(arena, H * T * W);
}

void attention_work_place(AttentionWork *work, const ModelShape *shape, Arena *arena) {
    const size_t T = shape->T, W = model_folds_attention(shape) ? shape->D : shape->K;
    work->right_t = arena_take(arena, W * T);
    work->value = arena_take(arena, T * W);
    work->out = arena_take(arena, T * W);
    work->dleft = arena_take(arena, T * W);
    work->dright = arena_take(arena, T * W);
    work->dvalue = arena_take(arena, T * W);
    work->weights = arena_take(arena, shape->D * shape->K);
    work->row = arena_take(arena, shape->D);
    attend_work_place(&work->attend, T, W, arena);
}

size_t attention_folded_floats(const ModelShape *shape) {
    return model_folds_attention(shape) ? 2 * shape->H * shape->D * (shape->D + 1) : 0;
}

/* Where the projections' gradients are in a flat vector's part that begins with float `first`. */
static AttentionGradient projections_gradient(const BlockLayout *layout, float *tensors,
                                              size_t first) {
    return (AttentionGradient){
        .in = {tensors + (layout->query_kernel - first), tensors + (layout->key_kernel - first),
               tensors + (layout->value_kernel - first)},
        .bias = {tensors + (layout->query_bias - first), tensors + (layout->key_bias - first),
                 tensors + (layout->value_bias - first)},
        .out = tensors + (layout->output_kernel - first),
    };
}

static void place_folded(const Attention *attention, float *folded, AttentionGradient *gradient) {
    const size_t D = attention->D, H = attention->H;
    gradient->scores = folded;
    gradient->values = gradient->scores + H * D * D;
    gradient->scores_bias = gradient->values + H * D * D;
    gradient->values_bias = gradient->scores_bias + H * D;
}

AttentionGradient attention_gradient(const Attention *attention, const BlockLayout *layout,
                                     float *tensors, size_t first, float *folded) {
    AttentionGradient gradient = {0};
    if (attention->folded)
        place_folded(attention, folded, &gradient);
    else
        gradient = projections_gradient(layout, tensors, first);
    gradient.out_bias = tensors + (layout->output_bias - first);
    return gradient;
}

/* Head h's columns of a kernel [D, H, K], transposed: [K, D]. */
static void head_transpose(const Attention *a, const float *kernel, size_t h, float *transposed) {
    a->kernels->transpose(a->D, a->K, kernel + h * a->K, a->H * a->K, transposed, a->D);
}

/* By projections. */

/* Head h's columns of a kernel [D, H, K]: [D, K]. */
static void head_columns(const Attention *a, const float *kernel, size_t h, float *columns) {
    for (size_t d = 0; d < a->D; d++)
        memcpy(columns + d * a->K, kernel + (d * a->H + h) * a->K, a->K * sizeof *columns);
}

static void prepare_projections(const Attention *a, const BlockLayout *layout, const float *weights,
                                size_t h, AttentionWeights *prepared) {
    const size_t D = a->D, K = a->K, head = h * D * K;
    const size_t kernel[3] = {layout->query_kernel, layout->key_kernel, layout->value_kernel};
    for (int i = 0; i < 3; i++) {
        head_columns(a, weights + kernel[i], h, prepared->in[i] + head);
        head_transpose(a, weights + kernel[i], h, prepared->in_t[i] + head);
    }
    a->kernels->transpose(K, D, prepared->out + head, D, prepared->out_t + head, K);
}

/* One head's queries, keys or values: [T, K] = (x W + bias) * scale. */
static void project(const Attention *a, const AttentionWeights *weights, int which, size_t h,
                    const float *x, float scale, float *projected) {
    gemm_run(&a->project, x, weights->in[which] + h * a->D * a->K, projected);
    a->kernels->add_bias(a->T, a->K, weights->bias[which] + h * a->K, scale, projected);
}

/* Head h's part of what forward leaves. */
static AttendStash head_stash(const Attention *a, const AttentionStash *stash, size_t h) {
    return (AttendStash){.exponentials = stash->exponentials + h * a->T * a->T,
                         .row_scale = stash->row_scale + h * a->T};
}

/* Dropout of head h's probabilities. What its scale has besides, its output has, too. */
static Dropout probabilities(const DropoutSource *source, size_t block, size_t h, size_t T,
                             float factor) {
    Dropout dropout = dropout_draw(source, dropout_site_attention(block, h), T * T);
    dropout.scale *= factor;
    return dropout;
}

static void forward_projections(const Attention *a, const AttentionWeights *weights, const float *x,
                                const DropoutSource *source, size_t block, float factor,
                                AttentionStash *stash, AttentionWork *work, float *y) {
    const size_t T = a->T, D = a->D, K = a->K;
    for (size_t h = 0; h < a->H; h++) {
        float *query = stash->query + h * T * K, *key = stash->key + h * T * K;
        float *out = stash->out + h * T * K;
        const AttendStash head = head_stash(a, stash, h);
        phase_begin(PHASE_PROJECT);
        project(a, weights, QUERY, h, x, a->query_scale, query);
        project(a, weights, KEY, h, x, 1.0f, key);
        a->kernels->transpose(T, K, key, K, work->right_t, T);
        project(a, weights, VALUE, h, x, 1.0f, work->value);
        a->kernels->transpose(T, K, work->value, K, stash->value_t + h * K * T, T);
        attend_forward(&a->attend, query, work->right_t, work->value,
                       probabilities(source, block, h, T, factor), &head, &work->attend, out);
        phase_begin(PHASE_PROJECT);
        gemm_run(&a->merge, out, weights->out + h * K * D, y);
    }
}

/* From the gradient of one head's queries, keys or values [T, K]: its weights', bias's and x's. */
static void project_backward(const Attention *a, const AttentionWeights *weights, int which,
                             size_t h, const float *x, const float *dprojected,
                             AttentionGradient *gradient, float *dx) {
    gemm_run(&a->project_weights, x, dprojected, gradient->in[which] + h * a->K);
    a->kernels->add_column_sums(a->T, a->K, dprojected, gradient->bias[which] + h * a->K);
    gemm_run(&a->merge, dprojected, weights->in_t[which] + h * a->D * a->K, dx);
}

static void backward_projections(const Attention *a, const AttentionWeights *weights,
                                 const float *x, const float *dy, float keep,
                                 const AttentionStash *stash, AttentionWork *work,
                                 AttentionGradient *gradient, float *dx) {
    const size_t T = a->T, D = a->D, K = a->K;
    const AttendGradient sides = {
        .left = work->dleft, .right = work->dright, .values = work->dvalue};
    for (size_t h = 0; h < a->H; h++) {
        const AttendStash head = head_stash(a, stash, h);
        phase_begin(PHASE_PROJECT_BACKWARD);
        gemm_run(&a->project, dy, weights->out_t + h * D * K, work->out);
        gemm_run(&a->merge_weights, stash->out + h * T * K, dy, gradient->out + h * K * D);
        attend_backward(&a->attend,
                        &(AttendSides){.left = stash->query + h * T * K,
                                       .right = stash->key + h * T * K,
                                       .values_t = stash->value_t + h * K * T},
                        work->out, keep, &head, &work->attend, &sides);
        phase_begin(PHASE_PROJECT_BACKWARD);
        for (size_t i = 0; i < T * K; i++)
            work->dleft[i] *= a->query_scale;
        project_backward(a, weights, QUERY, h, x, work->dleft, gradient, dx);
        project_backward(a, weights, KEY, h, x, work->dright, gradient, dx);
        project_backward(a, weights, VALUE, h, x, work->dvalue, gradient, dx);
    }
}

/* Folded. */

/* out[c] = scale * (row . matrix[:, c]) or, transposed, scale * (matrix[c, :] . row); once a step.
 */
static void row_times(size_t rows, size_t cols, const float *row, const float *matrix, size_t ld,
                      float scale, float *out) {
    memset(out, 0, cols * sizeof *out);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++)
            out[c] += scale * row[r] * matrix[r * ld + c];
}

static void scale(size_t count, float factor, float *values) {
    for (size_t i = 0; i < count; i++)
        values[i] *= factor;
}

/* M = W_q W_k^T / sqrt(K), a = b_q W_k^T / sqrt(K), N = W_v W_o, c = b_v W_o. head_t: [K, D]. */
static void prepare_folded(const Attention *a, const BlockLayout *layout, const float *weights,
                           size_t h, float *head_t, AttentionWeights *prepared) {
    const size_t D = a->D, K = a->K, square = D * D;
    const float *out = weights + layout->output_kernel + h * K * D;
    float *scores = prepared->scores + h * square, *values = prepared->values + h * square;
    head_transpose(a, weights + layout->key_kernel, h, head_t);
    gemm_run(&a->fold, weights + layout->query_kernel + h * K, head_t, scores);
    scale(square, a->query_scale, scores);
    row_times(K, D, weights + layout->query_bias + h * K, head_t, D, a->query_scale,
              prepared->scores_bias + h * D);
    gemm_run(&a->fold, weights + layout->value_kernel + h * K, out, values);
    row_times(K, D, weights + layout->value_bias + h * K, out, D, 1.0f,
              prepared->values_bias + h * D);
    a->kernels->transpose(D, D, scores, D, prepared->scores_t + h * square, D);
    a->kernels->transpose(D, D, values, D, prepared->values_t + h * square, D);
}

static void forward_folded(const Attention *a, const AttentionWeights *weights, const float *x,
                           const DropoutSource *source, size_t block, float factor,
                           AttentionStash *stash, AttentionWork *work, float *y) {
    const Kernels *kernels = a->kernels;
    const size_t T = a->T, D = a->D;
    phase_begin(PHASE_PROJECT);
    kernels->transpose(T, D, x, D, work->right_t, T);
    for (size_t h = 0; h < a->H; h++) {
        float *query = stash->query + h * T * D;
        const AttendStash head = head_stash(a, stash, h);
        phase_begin(PHASE_PROJECT);
        gemm_run(&a->project, x, weights->scores + h * D * D, query);
        kernels->add_bias(T, D, weights->scores_bias + h * D, 1.0f, query);
        gemm_run(&a->project, x, weights->values + h * D * D, work->value);
        kernels->add_bias(T, D, weights->values_bias + h * D, 1.0f, work->value);
        kernels->transpose(T, D, work->value, D, stash->value_t + h * D * T, T);
        attend_forward(&a->attend, query, work->right_t, work->value,
                       probabilities(source, block, h, T, factor), &head, &work->attend, work->out);
        kernels->add(T * D, work->out, y);
    }
}

/* From the gradient of x F + f [T, D]: F's, f's and x's. */
static void fold_backward(const Attention *a, const float *x, const float *dprojected,
                          const float *weights_t, float *dweights, float *dbias, float *dx) {
    gemm_run(&a->project_weights, x, dprojected, dweights);
    a->kernels->add_column_sums(a->T, a->D, dprojected, dbias);
    gemm_run(&a->merge, dprojected, weights_t, dx);
}

static void backward_folded(const Attention *a, const AttentionWeights *weights, const float *x,
                            const float *dy, float keep, const AttentionStash *stash,
                            AttentionWork *work, AttentionGradient *gradient, float *dx) {
    const size_t T = a->T, D = a->D, square = D * D;
    const AttendGradient sides = {
        .left = work->dleft, .right = dx, .add_right = true, .values = work->dvalue};
    for (size_t h = 0; h < a->H; h++) {
        const AttendStash head = head_stash(a, stash, h);
        attend_backward(&a->attend,
                        &(AttendSides){.left = stash->query + h * T * D,
                                       .right = x,
                                       .values_t = stash->value_t + h * D * T},
                        dy, keep, &head, &work->attend, &sides);
        phase_begin(PHASE_PROJECT_BACKWARD);
        fold_backward(a, x, work->dleft, weights->scores_t + h * square,
                      gradient->scores + h * square, gradient->scores_bias + h * D, dx);
        fold_backward(a, x, work->dvalue, weights->values_t + h * square,
                      gradient->values + h * square, gradient->values_bias + h * D, dx);
    }
}

/* kernel [D, H, K], head h: += column (x) row. */
static void add_outer(const Attention *a, size_t h, const float *column, const float *row,
                      float *kernel) {
    for (size_t d = 0; d < a->D; d++)
        for (size_t k = 0; k < a->K; k++)
            kernel[(d * a->H + h) * a->K + k] += column[d] * row[k];
}

/* With dM, da, dN, dc and s = 1 / sqrt(K):
 *   dW_q = s dM W_k;   dW_k = s (dM^T W_q + da (x) b_q);   db_q = s da W_k;   db_k = 0;
 *   dW_v = dN W_o^T;   dW_o = W_v^T dN + b_v (x) dc;        db_v = dc W_o^T. */
void attention_unfold_head(const Attention *attention, const BlockLayout *layout,
                           const float *weights, size_t h, AttentionWork *work, float *folded,
                           float *flat) {
    const Attention *a = attention;
    const size_t D = a->D, K = a->K, H = a->H, square = D * D;
    if (!a->folded)
        return;
    AttentionGradient gradient = projections_gradient(layout, flat, 0);
    place_folded(a, folded, &gradient);
    const float *query = weights + layout->query_kernel + h * K;
    const float *key = weights + layout->key_kernel + h * K;
    const float *value = weights + layout->value_kernel + h * K;
    const float *out = weights + layout->output_kernel + h * K * D;
    const float *value_bias = weights + layout->value_bias + h * K;
    float *dscores = gradient.scores + h * square, *da = gradient.scores_bias + h * D;
    const float *dvalues = gradient.values + h * square, *dc = gradient.values_bias + h * D;
    float *dout = gradient.out + h * K * D, *out_t = work->weights;
    scale(square, a->query_scale, dscores);
    scale(D, a->query_scale, da);
    memset(gradient.bias[KEY] + h * K, 0, K * sizeof(float));
    gemm_run(&a->unfold_query, dscores, key, gradient.in[QUERY] + h * K);
    gemm_run(&a->unfold_key, dscores, query, gradient.in[KEY] + h * K);
    add_outer(a, h, da, weights + layout->query_bias + h * K, gradient.in[KEY]);
    row_times(D, K, da, key, H * K, 1.0f, gradient.bias[QUERY] + h * K);
    a->kernels->transpose(K, D, out, D, out_t, K);
    gemm_run(&a->unfold_value, dvalues, out_t, gradient.in[VALUE] + h * K);
    row_times(D, K, dc, out_t, K, 1.0f, gradient.bias[VALUE] + h * K);
    gemm_run(&a->unfold_out, value, dvalues, dout);
    for (size_t k = 0; k < K; k++)
        for (size_t d = 0; d < D; d++)
            dout[k * D + d] += value_bias[k] * dc[d];
}

void attention_prepare(const BlockLayout *layout, const float *weights,
                       AttentionWeights *prepared) {
    prepared->bias[QUERY] = weights + layout->query_bias;
    prepared->bias[KEY] = weights + layout->key_bias;
    prepared->bias[VALUE] = weights + layout->value_bias;
    prepared->out = weights + layout->output_kernel;
    prepared->out_bias = weights + layout->output_bias;
}

void attention_prepare_head(const Attention *attention, const BlockLayout *layout,
                            const float *weights, size_t h, AttentionWork *work,
                            AttentionWeights *prepared) {
    if (attention->folded)
        prepare_folded(attention, layout, weights, h, work->weights, prepared);
    else
        prepare_projections(attention, layout, weights, h, prepared);
}

/* y [T, D] += factor * bias. */
static void add_out_bias(const Attention *a, const float *bias, float factor, float *scaled,
                         float *y) {
    for (size_t d = 0; d < a->D; d++)
        scaled[d] = factor * bias[d];
    a->kernels->add_bias(a->T, a->D, scaled, 1.0f, y);
}

/* dbias += factor * the sums of dy's columns. */
static void out_bias_gradient(const Attention *a, const float *dy, float factor, float *sums,
                              float *dbias) {
    if (factor == 1.0f) {
        a->kernels->add_column_sums(a->T, a->D, dy, dbias);
        return;
    }
    memset(sums, 0, a->D * sizeof *sums);
    a->kernels->add_column_sums(a->T, a->D, dy, sums);
    for (size_t d = 0; d < a->D; d++)
        dbias[d] += factor * sums[d];
}

void attention_forward(const Attention *attention, const AttentionWeights *weights, const float *x,
                       const DropoutSource *source, size_t block, float factor,
                       AttentionStash *stash, AttentionWork *work, float *y) {
    if (attention->folded)
        forward_folded(attention, weights, x, source, block, factor, stash, work, y);
    else
        forward_projections(attention, weights, x, source, block, factor, stash, work, y);
    add_out_bias(attention, weights->out_bias, factor, work->row, y);
}

/* The factor is part of the probabilities' scale: what divides it out of them again is keep. */
void attention_backward(const Attention *attention, const AttentionWeights *weights, const float *x,
                        const float *dy, float keep, float factor, const AttentionStash *stash,
                        AttentionWork *work, AttentionGradient *gradient, float *dx) {
    const size_t T = attention->T, D = attention->D;
    phase_begin(PHASE_PROJECT_BACKWARD);
    out_bias_gradient(attention, dy, factor, work->row, gradient->out_bias);
    memset(dx, 0, T * D * sizeof *dx);
    if (attention->folded)
        backward_folded(attention, weights, x, dy, keep / factor, stash, work, gradient, dx);
    else
        backward_projections(attention, weights, x, dy, keep / factor, stash, work, gradient, dx);
}
