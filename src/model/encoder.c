#include "encoder.h"

#include "vit/phase.h"

#include <string.h>

static const float norm_epsilon = 1e-6f;

void encoder_plan(Encoder *encoder, const ModelShape *shape, const ParameterTable *table,
                  const Kernels *kernels) {
    *encoder = (Encoder){
        .shape = shape, .table = table, .kernels = kernels, .keep = dropout_keep(shape->dropout)};
    tokenizer_plan(&encoder->tokenizer, shape, kernels);
    attention_plan(&encoder->attention, shape, kernels);
    mlp_plan(&encoder->mlp, shape, kernels);
}

void encoder_weights_place(EncoderWeights *prepared, const ModelShape *shape, Arena *arena) {
    for (size_t l = 0; l < shape->depth; l++) {
        attention_weights_place(&prepared->block[l].attention, shape, arena);
        mlp_weights_place(&prepared->block[l].mlp, shape, arena);
    }
}

static void norm_stash_place(NormStash *stash, const ModelShape *shape, Arena *arena) {
    stash->normalized = arena_take(arena, shape->T * shape->D);
    stash->inverse = arena_take(arena, shape->T);
}

void encoder_stash_place(ImageStash *stash, const ModelShape *shape, Arena *arena) {
    tokenizer_stash_place(&stash->tokenizer, shape, arena);
    for (size_t l = 0; l < shape->depth; l++) {
        BlockStash *block = &stash->block[l];
        norm_stash_place(&block->norm1, shape, arena);
        norm_stash_place(&block->norm2, shape, arena);
        attention_stash_place(&block->attention, shape, arena);
        mlp_stash_place(&block->mlp, shape, arena);
    }
    norm_stash_place(&stash->norm, shape, arena);
}

static size_t largest_dropout_site(const ModelShape *shape) {
    size_t largest = shape->T * shape->T;
    for (size_t j = 0; j < shape->mlp.count; j++)
        if (shape->T * shape->mlp.value[j] > largest)
            largest = shape->T * shape->mlp.value[j];
    if (shape->features > largest)
        largest = shape->features;
    for (size_t j = 0; j < shape->head.count; j++)
        if (shape->head.value[j] > largest)
            largest = shape->head.value[j];
    return largest;
}

void encoder_work_place(EncoderWork *work, const ModelShape *shape, size_t unit_images,
                        Arena *arena) {
    const size_t words = dropout_groups(largest_dropout_site(shape)) * DROPOUT_GROUP;
    work->planes = arena_take(arena, shape->channels * shape->image_size * shape->image_size);
    work->x = arena_take(arena, shape->T * shape->D);
    work->input = arena_take(arena, shape->T * shape->D);
    work->residual = arena_take(arena, unit_images * shape->T * shape->D);
    work->words = (uint16_t *)(void *)arena_take(arena, words / 2);
    attention_work_place(&work->attention, shape, arena);
    mlp_work_place(&work->mlp, shape, arena);
}

static void prepare_block(const Encoder *encoder, const float *weights, size_t block,
                          BlockWeights *prepared) {
    const BlockLayout *layout = &encoder->table->block[block];
    prepared->norm1_gamma = weights + layout->norm1_gamma;
    prepared->norm1_beta = weights + layout->norm1_beta;
    prepared->norm2_gamma = weights + layout->norm2_gamma;
    prepared->norm2_beta = weights + layout->norm2_beta;
    attention_prepare(layout, weights, &prepared->attention);
    mlp_prepare(&encoder->mlp, layout, weights, &prepared->mlp);
}

void encoder_prepare(const Encoder *encoder, const float *weights, EncoderWeights *prepared) {
    const ParameterTable *table = encoder->table;
    prepared->tokenizer = tokenizer_weights(table, weights);
    prepared->norm_gamma = weights + table->norm_gamma;
    prepared->norm_beta = weights + table->norm_beta;
    for (size_t l = 0; l < encoder->shape->depth; l++)
        prepare_block(encoder, weights, l, &prepared->block[l]);
}

/* Of a block: one of each head, and one of each dense layer. */
static size_t block_forms(const Encoder *encoder) {
    return encoder->shape->H + encoder->mlp.layers;
}

size_t encoder_forms(const Encoder *encoder) {
    return encoder->shape->depth * block_forms(encoder);
}

void encoder_prepare_form(const Encoder *encoder, const float *weights, size_t form,
                          EncoderWork *work, EncoderWeights *prepared) {
    const size_t block = form / block_forms(encoder), part = form % block_forms(encoder);
    BlockWeights *target = &prepared->block[block];
    if (part < encoder->shape->H)
        attention_prepare_head(&encoder->attention, &encoder->table->block[block], weights, part,
                               &work->attention, &target->attention);
    else
        mlp_prepare_layer(&encoder->mlp, part - encoder->shape->H, &target->mlp);
}

void encoder_unfold_head(const Encoder *encoder, const float *weights, size_t block, size_t head,
                         EncoderWork *work, float *folded, float *gradient) {
    attention_unfold_head(&encoder->attention, &encoder->table->block[block], weights, head,
                          &work->attention,
                          folded + block * attention_folded_floats(encoder->shape), gradient);
}

static AttentionGradient block_attention_gradient(const Encoder *encoder, size_t block,
                                                  EncoderGradient gradient) {
    return attention_gradient(&encoder->attention, &encoder->table->block[block], gradient.tensors,
                              encoder->table->folded_floats,
                              gradient.folded + block * attention_folded_floats(encoder->shape));
}

/* Tokens: see tokenizer.h. */

void encoder_embed(const Encoder *encoder, const EncoderWeights *weights, const float *planes,
                   ImageStash *stash, float *x) {
    tokenizer_forward(&encoder->tokenizer, &weights->tokenizer, planes, &stash->tokenizer, x);
}

void encoder_embed_backward(const Encoder *encoder, const ImageStash *stash, const float *dx,
                            EncoderGradient gradient) {
    const TokenizerGradient tensors =
        tokenizer_gradient(encoder->table, gradient.tensors, encoder->table->folded_floats);
    tokenizer_backward(&encoder->tokenizer, &stash->tokenizer, dx, &tensors);
}

/* Block, pre-norm: x2 = x + MHA(LN(x)); x' = x2 + MLP(LN(x2)). */

void encoder_block(const Encoder *encoder, const EncoderWeights *weights, size_t block,
                   const DropoutSource *source, BlockStash *stash, EncoderWork *work, float *x) {
    const size_t T = encoder->shape->T, D = encoder->shape->D;
    const BlockWeights *w = &weights->block[block];
    phase_begin(PHASE_NORM);
    encoder->kernels->layer_norm(T, D, x, w->norm1_gamma, w->norm1_beta, norm_epsilon, work->input,
                                 stash->norm1.normalized, stash->norm1.inverse);
    attention_forward(&encoder->attention, &w->attention, work->input, source, block,
                      &stash->attention, &work->attention, x);
    phase_begin(PHASE_NORM);
    encoder->kernels->layer_norm(T, D, x, w->norm2_gamma, w->norm2_beta, norm_epsilon, work->input,
                                 stash->norm2.normalized, stash->norm2.inverse);
    mlp_forward(&encoder->mlp, &w->mlp, work->input, source, block, &stash->mlp, &work->mlp, x);
}

void encoder_block_backward(const Encoder *encoder, const EncoderWeights *weights, size_t block,
                            const BlockStash *stash, EncoderWork *work, EncoderGradient gradient,
                            float *dx) {
    const size_t T = encoder->shape->T, D = encoder->shape->D;
    const ParameterTable *table = encoder->table;
    const BlockLayout *layout = &encoder->table->block[block];
    const BlockWeights *w = &weights->block[block];
    MlpGradient mlp = mlp_gradient(&encoder->mlp, layout, gradient.tensors, table->folded_floats);
    phase_begin(PHASE_NORM_BACKWARD);
    encoder->kernels->scale_columns(T, D, stash->norm2.normalized, w->norm2_gamma, w->norm2_beta,
                                    work->input);
    const float *dmlp_input =
        mlp_backward(&encoder->mlp, &w->mlp, work->input, dx, &stash->mlp, &work->mlp, &mlp);
    phase_begin(PHASE_NORM_BACKWARD);
    encoder->kernels->layer_norm_backward(T, D, dmlp_input, w->norm2_gamma, stash->norm2.normalized,
                                          stash->norm2.inverse, dx,
                                          encoder_gradient_of(table, gradient, layout->norm2_gamma),
                                          encoder_gradient_of(table, gradient, layout->norm2_beta));
    AttentionGradient attention = block_attention_gradient(encoder, block, gradient);
    encoder->kernels->scale_columns(T, D, stash->norm1.normalized, w->norm1_gamma, w->norm1_beta,
                                    work->input);
    float *dattention_input = work->x;
    attention_backward(&encoder->attention, &w->attention, work->input, dx, encoder->keep,
                       &stash->attention, &work->attention, &attention, dattention_input);
    phase_begin(PHASE_NORM_BACKWARD);
    encoder->kernels->layer_norm_backward(T, D, dattention_input, w->norm1_gamma,
                                          stash->norm1.normalized, stash->norm1.inverse, dx,
                                          encoder_gradient_of(table, gradient, layout->norm1_gamma),
                                          encoder_gradient_of(table, gradient, layout->norm1_beta));
}

/* Pooling: y = LN(x), then all of y (flatten) or its mean over the tokens. */

void encoder_pool(const Encoder *encoder, const EncoderWeights *weights, const float *x,
                  NormStash *stash, EncoderWork *work, float *features) {
    const size_t T = encoder->shape->T, D = encoder->shape->D;
    const bool mean = encoder->shape->pool == POOL_MEAN;
    float *y = mean ? work->x : features;
    phase_begin(PHASE_NORM);
    encoder->kernels->layer_norm(T, D, x, weights->norm_gamma, weights->norm_beta, norm_epsilon, y,
                                 stash->normalized, stash->inverse);
    if (!mean)
        return;
    memset(features, 0, D * sizeof *features);
    encoder->kernels->add_column_sums(T, D, y, features);
    for (size_t d = 0; d < D; d++)
        features[d] /= (float)T;
}

void encoder_pool_backward(const Encoder *encoder, const EncoderWeights *weights,
                           const float *dfeatures, const NormStash *stash, EncoderWork *work,
                           EncoderGradient gradient, float *dx) {
    const size_t T = encoder->shape->T, D = encoder->shape->D;
    const ParameterTable *table = encoder->table;
    const float *dy = dfeatures;
    if (encoder->shape->pool == POOL_MEAN) {
        for (size_t i = 0; i < T * D; i++)
            work->x[i] = dfeatures[i % D] / (float)T;
        dy = work->x;
    }
    memset(dx, 0, T * D * sizeof *dx);
    phase_begin(PHASE_NORM_BACKWARD);
    encoder->kernels->layer_norm_backward(T, D, dy, weights->norm_gamma, stash->normalized,
                                          stash->inverse, dx,
                                          encoder_gradient_of(table, gradient, table->norm_gamma),
                                          encoder_gradient_of(table, gradient, table->norm_beta));
}
