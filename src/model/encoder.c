#include "encoder.h"

#include "vit/phase.h"

void encoder_plan(Encoder *encoder, const ModelShape *shape, const ParameterTable *table,
                  const Kernels *kernels) {
    *encoder = (Encoder){.shape = shape,
                         .table = table,
                         .kernels = kernels,
                         .keep = dropout_keep(shape->attention_dropout)};
    tokenizer_plan(&encoder->tokenizer, shape, kernels);
    attention_plan(&encoder->attention, shape, kernels);
    mlp_plan(&encoder->mlp, shape, kernels);
}

void encoder_weights_place(EncoderWeights *prepared, const ModelShape *shape, Arena *arena) {
    tokenizer_weights_place(&prepared->tokenizer, shape, arena);
    for (size_t l = 0; l < shape->depth; l++) {
        attention_weights_place(&prepared->block[l].attention, shape, arena);
        mlp_weights_place(&prepared->block[l].mlp, shape, arena);
    }
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
    pool_stash_place(&stash->pool, shape, arena);
}

static size_t largest_dropout_site(const ModelShape *shape) {
    size_t largest = size_larger(shape->T * shape->T, shape->features);
    for (size_t j = 0; j < shape->mlp.count; j++)
        largest = size_larger(largest, shape->T * shape->mlp.value[j]);
    for (size_t j = 0; j < shape->head.count; j++)
        largest = size_larger(largest, shape->head.value[j]);
    return largest;
}

void encoder_work_place(EncoderWork *work, const ModelShape *shape, size_t unit_images,
                        size_t loaded, Arena *arena) {
    const size_t words = dropout_groups(largest_dropout_site(shape)) * DROPOUT_GROUP;
    work->planes =
        arena_take(arena, loaded * shape->channels * shape->image_size * shape->image_size);
    work->x = arena_take(arena, shape->T * shape->D);
    work->input = arena_take(arena, shape->T * shape->D);
    work->residual = arena_take(arena, unit_images * shape->T * shape->D);
    work->words = (uint16_t *)(void *)arena_take(arena, words / 2);
    tokenizer_work_place(&work->tokenizer, shape, arena);
    attention_work_place(&work->attention, shape, arena);
    mlp_work_place(&work->mlp, shape, arena);
    pool_work_place(&work->pool, shape, arena);
}

void encoder_fill_constants(const Encoder *encoder, EncoderWeights *prepared) {
    tokenizer_fill_constants(encoder->shape, &prepared->tokenizer);
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
    tokenizer_prepare(table, encoder->shape, weights, &prepared->tokenizer);
    prepared->pool = pool_weights(table, weights);
    for (size_t l = 0; l < encoder->shape->depth; l++)
        prepare_block(encoder, weights, l, &prepared->block[l]);
}

/* Of a block: one of each head, and the MLP's. */
static size_t block_forms(const Encoder *encoder) {
    return encoder->shape->H + mlp_forms(&encoder->mlp);
}

size_t encoder_forms(const Encoder *encoder) {
    return encoder->shape->depth * block_forms(encoder) + tokenizer_forms(&encoder->tokenizer);
}

void encoder_prepare_form(const Encoder *encoder, const float *weights, size_t form,
                          EncoderWork *work, EncoderWeights *prepared) {
    const size_t of_blocks = encoder->shape->depth * block_forms(encoder);
    if (form >= of_blocks) {
        tokenizer_prepare_form(&encoder->tokenizer, form - of_blocks, &prepared->tokenizer);
        return;
    }
    const size_t block = form / block_forms(encoder), part = form % block_forms(encoder);
    BlockWeights *target = &prepared->block[block];
    if (part < encoder->shape->H)
        attention_prepare_head(&encoder->attention, &encoder->table->block[block], weights, part,
                               &work->attention, &target->attention);
    else
        mlp_prepare_form(&encoder->mlp, part - encoder->shape->H, &target->mlp);
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
                   ImageStash *stash, EncoderWork *work, float *x) {
    tokenizer_forward(&encoder->tokenizer, &weights->tokenizer, planes, &stash->tokenizer,
                      &work->tokenizer, x);
}

void encoder_embed_backward(const Encoder *encoder, const EncoderWeights *weights,
                            const ImageStash *stash, EncoderWork *work, const float *dx,
                            EncoderGradient gradient) {
    const TokenizerGradient tensors = tokenizer_gradient(
        encoder->table, encoder->shape, gradient.tensors, encoder->table->folded_floats);
    tokenizer_backward(&encoder->tokenizer, &weights->tokenizer, &stash->tokenizer,
                       &work->tokenizer, dx, &tensors);
}

/* Block, pre-norm: x2 = x + f MHA(LN(x)); x' = x2 + g MLP(LN(x2)), where stochastic depth gives the
 * factors f and g. A branch whose factor is 0 is not computed, forward or backward. */

static void attention_branch(const Encoder *encoder, const BlockWeights *w, size_t block,
                             const EncoderDropout *dropout, BlockStash *stash, EncoderWork *work,
                             float *x) {
    phase_begin(PHASE_NORM);
    encoder->kernels->layer_norm(encoder->shape->T, encoder->shape->D, x, w->norm1_gamma,
                                 w->norm1_beta, NORM_EPSILON, work->input, stash->norm1.normalized,
                                 stash->norm1.inverse);
    attention_forward(&encoder->attention, &w->attention, work->input, &dropout->attention, block,
                      stash->attention_factor, &stash->attention, &work->attention, x);
}

static void mlp_branch(const Encoder *encoder, const BlockWeights *w, size_t block,
                       const EncoderDropout *dropout, BlockStash *stash, EncoderWork *work,
                       float *x) {
    phase_begin(PHASE_NORM);
    encoder->kernels->layer_norm(encoder->shape->T, encoder->shape->D, x, w->norm2_gamma,
                                 w->norm2_beta, NORM_EPSILON, work->input, stash->norm2.normalized,
                                 stash->norm2.inverse);
    mlp_forward(&encoder->mlp, &w->mlp, work->input, &dropout->mlp, block, stash->mlp_factor,
                &stash->mlp, &work->mlp, x);
}

void encoder_block(const Encoder *encoder, const EncoderWeights *weights, size_t block,
                   const EncoderDropout *dropout, BlockStash *stash, EncoderWork *work, float *x) {
    const size_t depth = encoder->shape->depth;
    const BlockWeights *w = &weights->block[block];
    stash->attention_factor = dropout_branch(dropout, depth, block, 0);
    stash->mlp_factor = dropout_branch(dropout, depth, block, 1);
    if (stash->attention_factor != 0.0f)
        attention_branch(encoder, w, block, dropout, stash, work, x);
    if (stash->mlp_factor != 0.0f)
        mlp_branch(encoder, w, block, dropout, stash, work, x);
}

static void attention_branch_backward(const Encoder *encoder, const BlockWeights *w, size_t block,
                                      const BlockStash *stash, EncoderWork *work,
                                      EncoderGradient gradient, float *dx) {
    const size_t T = encoder->shape->T, D = encoder->shape->D;
    const ParameterTable *table = encoder->table;
    const BlockLayout *layout = &table->block[block];
    AttentionGradient attention = block_attention_gradient(encoder, block, gradient);
    phase_begin(PHASE_NORM_BACKWARD);
    encoder->kernels->scale_columns(T, D, stash->norm1.normalized, w->norm1_gamma, w->norm1_beta,
                                    work->input);
    attention_backward(&encoder->attention, &w->attention, work->input, dx, encoder->keep,
                       stash->attention_factor, &stash->attention, &work->attention, &attention,
                       work->x);
    phase_begin(PHASE_NORM_BACKWARD);
    encoder->kernels->layer_norm_backward(T, D, work->x, w->norm1_gamma, stash->norm1.normalized,
                                          stash->norm1.inverse, dx,
                                          encoder_gradient_of(table, gradient, layout->norm1_gamma),
                                          encoder_gradient_of(table, gradient, layout->norm1_beta));
}

static void mlp_branch_backward(const Encoder *encoder, const BlockWeights *w, size_t block,
                                const EncoderDropout *dropout, const BlockStash *stash,
                                EncoderWork *work, EncoderGradient gradient, float *dx) {
    const size_t T = encoder->shape->T, D = encoder->shape->D;
    const ParameterTable *table = encoder->table;
    const BlockLayout *layout = &table->block[block];
    MlpGradient mlp = mlp_gradient(&encoder->mlp, layout, gradient.tensors, table->folded_floats);
    phase_begin(PHASE_NORM_BACKWARD);
    encoder->kernels->scale_columns(T, D, stash->norm2.normalized, w->norm2_gamma, w->norm2_beta,
                                    work->input);
    const float *dinput = mlp_backward(&encoder->mlp, &w->mlp, work->input, dx, &dropout->mlp,
                                       block, stash->mlp_factor, &stash->mlp, &work->mlp, &mlp);
    phase_begin(PHASE_NORM_BACKWARD);
    encoder->kernels->layer_norm_backward(T, D, dinput, w->norm2_gamma, stash->norm2.normalized,
                                          stash->norm2.inverse, dx,
                                          encoder_gradient_of(table, gradient, layout->norm2_gamma),
                                          encoder_gradient_of(table, gradient, layout->norm2_beta));
}

void encoder_block_backward(const Encoder *encoder, const EncoderWeights *weights, size_t block,
                            const EncoderDropout *dropout, const BlockStash *stash,
                            EncoderWork *work, EncoderGradient gradient, float *dx) {
    const BlockWeights *w = &weights->block[block];
    if (stash->mlp_factor != 0.0f)
        mlp_branch_backward(encoder, w, block, dropout, stash, work, gradient, dx);
    if (stash->attention_factor != 0.0f)
        attention_branch_backward(encoder, w, block, stash, work, gradient, dx);
}

/* Pooling: see pool.h. */

void encoder_pool(const Encoder *encoder, const EncoderWeights *weights, const float *x,
                  PoolStash *stash, EncoderWork *work, float *features) {
    pool_forward(encoder->shape, encoder->kernels, &weights->pool, x, stash, &work->pool, features);
}

void encoder_pool_backward(const Encoder *encoder, const EncoderWeights *weights,
                           const float *dfeatures, const PoolStash *stash, EncoderWork *work,
                           EncoderGradient gradient, float *dx) {
    const PoolGradient tensors = pool_gradient(encoder->table, encoder->shape, gradient.tensors,
                                               encoder->table->folded_floats);
    pool_backward(encoder->shape, encoder->kernels, &weights->pool, dfeatures, stash, &work->pool,
                  &tensors, dx);
}
