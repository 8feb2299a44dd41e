#include "attention.h"

#include <math.h>

enum { QUERY, KEY, VALUE };

void attention_plan(Attention *attention, const ModelShape *shape, const Kernels *kernels) {
    const size_t T = shape->T, D = shape->D, H = shape->H, K = shape->K;
    *attention = (Attention){
        .T = T, .D = D, .H = H, .K = K, .query_scale = 1.0f / sqrtf((float)K), .kernels = kernels};
    gemm_plan(&attention->project, GEMM_NN, T, K, D, D, K, K, false);
    gemm_plan(&attention->from_tokens, GEMM_NN, T, T, K, K, T, T, false);
    gemm_plan(&attention->to_tokens, GEMM_NN, T, K, T, T, K, K, false);
    gemm_plan(&attention->merge, GEMM_NN, T, D, K, K, D, D, true);
    gemm_plan(&attention->to_tokens_t, GEMM_TN, T, K, T, T, K, K, false);
    gemm_plan(&attention->project_weights, GEMM_TN, D, K, T, D, K, H * K, true);
    gemm_plan(&attention->merge_weights, GEMM_TN, K, D, T, K, D, D, true);
}

void attention_weights_place(AttentionWeights *prepared, const ModelShape *shape, Arena *arena) {
    const size_t count = shape->D * shape->H * shape->K;
    for (int i = 0; i < 3; i++) {
        prepared->in[i] = arena_take(arena, count);
        prepared->in_t[i] = arena_take(arena, count);
    }
    prepared->out_t = arena_take(arena, count);
}

void attention_stash_place(AttentionStash *stash, const ModelShape *shape, Arena *arena) {
    const size_t T = shape->T, H = shape->H, K = shape->K;
    stash->query = arena_take(arena, H * T * K);
    stash->key = arena_take(arena, H * T * K);
    stash->value_t = arena_take(arena, H * K * T);
    stash->exponentials = arena_take(arena, H * T * T);
    stash->row_scale = arena_take(arena, H * T);
    stash->context = arena_take(arena, H * T * K);
}

void attention_work_place(AttentionWork *work, const ModelShape *shape, Arena *arena) {
    const size_t T = shape->T, K = shape->K;
    work->key_t = arena_take(arena, K * T);
    work->value = arena_take(arena, T * K);
    work->kept = arena_take(arena, T * T);
    work->ds = arena_take(arena, T * T);
    work->dcontext = arena_take(arena, T * K);
    work->dhead = arena_take(arena, T * K);
    work->delta = arena_take(arena, T);
}

/* [D, H, K] -> [H, D, K]. */
static void gather_heads(const Attention *a, const float *kernel, float *heads) {
    for (size_t h = 0; h < a->H; h++)
        for (size_t d = 0; d < a->D; d++)
            for (size_t k = 0; k < a->K; k++)
                heads[(h * a->D + d) * a->K + k] = kernel[(d * a->H + h) * a->K + k];
}

void attention_prepare(const Attention *attention, const BlockLayout *layout, const float *weights,
                       AttentionWeights *prepared) {
    const size_t D = attention->D, K = attention->K, head = D * K;
    const size_t kernel[3] = {layout->query_kernel, layout->key_kernel, layout->value_kernel};
    const size_t bias[3] = {layout->query_bias, layout->key_bias, layout->value_bias};
    prepared->out = weights + layout->output_kernel;
    prepared->out_bias = weights + layout->output_bias;
    for (int i = 0; i < 3; i++) {
        prepared->bias[i] = weights + bias[i];
        gather_heads(attention, weights + kernel[i], prepared->in[i]);
        for (size_t h = 0; h < attention->H; h++)
            attention->kernels->transpose(D, K, prepared->in[i] + h * head,
                                          prepared->in_t[i] + h * head);
    }
    for (size_t h = 0; h < attention->H; h++)
        attention->kernels->transpose(K, D, prepared->out + h * head, prepared->out_t + h * head);
}

AttentionGradient attention_gradient(const BlockLayout *layout, float *gradient) {
    return (AttentionGradient){
        .in = {gradient + layout->query_kernel, gradient + layout->key_kernel,
               gradient + layout->value_kernel},
        .bias = {gradient + layout->query_bias, gradient + layout->key_bias,
                 gradient + layout->value_bias},
        .out = gradient + layout->output_kernel,
        .out_bias = gradient + layout->output_bias,
    };
}

/* One head's queries, keys or values: [T, K] = (x W + bias) * scale. */
static void project(const Attention *a, const AttentionWeights *weights, int which, size_t h,
                    const float *x, float scale, float *projected) {
    gemm_run(&a->project, x, weights->in[which] + h * a->D * a->K, projected);
    a->kernels->add_bias(a->T, a->K, weights->bias[which] + h * a->K, scale, projected);
}

/* Per head, with q already scaled: S = q k^T, P = dropout(softmax(S)), o = P v; y += sum of o W_o +
 * b_o. P is never formed: kept holds unnormalised exponentials, and the rows of o are scaled
 * instead. */
void attention_forward(const Attention *attention, const AttentionWeights *weights, const float *x,
                       const DropoutSource *source, size_t block, AttentionStash *stash,
                       AttentionWork *work, float *y) {
    const Attention *a = attention;
    const Kernels *kernels = a->kernels;
    const size_t T = a->T, D = a->D, K = a->K;
    for (size_t h = 0; h < a->H; h++) {
        float *query = stash->query + h * T * K, *key = stash->key + h * T * K;
        float *exponentials = stash->exponentials + h * T * T;
        float *row_scale = stash->row_scale + h * T, *context = stash->context + h * T * K;
        project(a, weights, QUERY, h, x, a->query_scale, query);
        project(a, weights, KEY, h, x, 1.0f, key);
        kernels->transpose(T, K, key, work->key_t);
        project(a, weights, VALUE, h, x, 1.0f, work->value);
        kernels->transpose(T, K, work->value, stash->value_t + h * K * T);

        gemm_run(&a->from_tokens, query, work->key_t, exponentials);
        Dropout dropout = dropout_draw(source, dropout_site_attention(block, h), T * T);
        kernels->softmax(T, T, exponentials, work->kept, row_scale, dropout);
        gemm_run(&a->to_tokens, work->kept, work->value, context);
        kernels->scale_rows(T, K, row_scale, context);
        gemm_run(&a->merge, context, weights->out + h * K * D, y);
    }
    kernels->add_bias(T, D, weights->out_bias, 1.0f, y);
}

/* From the gradient of one head's queries, keys or values [T, K]: its weights', bias's and x's. */
static void project_backward(const Attention *a, const AttentionWeights *weights, int which,
                             size_t h, const float *x, const float *dprojected,
                             AttentionGradient *gradient, float *dx) {
    gemm_run(&a->project_weights, x, dprojected, gradient->in[which] + h * a->K);
    a->kernels->add_column_sums(a->T, a->K, dprojected, gradient->bias[which] + h * a->K);
    gemm_run(&a->merge, dprojected, weights->in_t[which] + h * a->D * a->K, dx);
}

/* With P = e m / (s keep) (e exponentials, m decisions, s row sums) and do = dy W_o^T:
 *   dv = P^T do;   dP' = do v^T;   dS = e (m dP' / (s keep) - (do . o) / s);   dq = dS k;   dk =
 * dS^T q, where the row sums of dP P that softmax's derivative needs equal do . o. The rows of do
 * are divided by s keep beforehand, which serves both products. */
void attention_backward(const Attention *attention, const AttentionWeights *weights, const float *x,
                        const float *dy, float keep, const AttentionStash *stash,
                        AttentionWork *work, AttentionGradient *gradient, float *dx) {
    const Attention *a = attention;
    const Kernels *kernels = a->kernels;
    const size_t T = a->T, D = a->D, K = a->K;
    kernels->add_column_sums(T, D, dy, gradient->out_bias);
    for (size_t i = 0; i < T * D; i++)
        dx[i] = 0.0f;
    for (size_t h = 0; h < a->H; h++) {
        const float *query = stash->query + h * T * K, *key = stash->key + h * T * K;
        const float *exponentials = stash->exponentials + h * T * T;
        const float *row_scale = stash->row_scale + h * T, *context = stash->context + h * T * K;
        gemm_run(&a->project, dy, weights->out_t + h * D * K, work->dcontext);
        gemm_run(&a->merge_weights, context, dy, gradient->out + h * K * D);
        kernels->row_dots(T, K, work->dcontext, context, work->delta);
        for (size_t t = 0; t < T; t++)
            work->delta[t] *= row_scale[t] * keep;
        kernels->scale_rows(T, K, row_scale, work->dcontext);

        kernels->softmax_kept(T * T, exponentials, work->kept);
        gemm_run(&a->to_tokens_t, work->kept, work->dcontext, work->dhead);
        project_backward(a, weights, VALUE, h, x, work->dhead, gradient, dx);

        gemm_run(&a->from_tokens, work->dcontext, stash->value_t + h * K * T, work->ds);
        kernels->softmax_backward(T, T, exponentials, work->delta, work->ds);
        gemm_run(&a->to_tokens_t, work->ds, query, work->dhead);
        project_backward(a, weights, KEY, h, x, work->dhead, gradient, dx);

        gemm_run(&a->to_tokens, work->ds, key, work->dhead);
        for (size_t i = 0; i < T * K; i++)
            work->dhead[i] *= a->query_scale;
        project_backward(a, weights, QUERY, h, x, work->dhead, gradient, dx);
    }
}
