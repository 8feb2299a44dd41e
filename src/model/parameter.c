#include "vit/parameter.h"

#include "vit/digest.h"
#include "vit/memory.h"
#include "vit/random.h"
#include "vit/size.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "parameter_digest takes the bytes of floats as they lie in memory");

enum { FOLDER_MAX = 52 }; /* a tensor's name without its last part */

static const float POSITION_LIMIT = 0.05f;  /* keras.initializers.RandomUniform's default */
static const float TOKEN_DEVIATION = 0.02f; /* of the ViT paper's successors: timm, BERT */
static const float LOCAL_DEVIATION = 0.2f;

/* The parts of a flat vector, in their order there. */
typedef enum Part { PART_FOLDED, PART_ENCODER, PART_HEAD_BIASES, PART_HEAD_KERNELS, PARTS } Part;

/* A table in the making: where each part's next tensor goes. */
typedef struct Layout {
    ParameterTable *table;
    InitialKind initial;
    size_t next[PARTS];
} Layout;

typedef struct Sizes {
    size_t axes, size[PARAMETER_AXES_MOST];
} Sizes;

static Sizes sizes1(size_t a) {
    return (Sizes){1, {a, 1, 1, 1}};
}

static Sizes sizes2(size_t a, size_t b) {
    return (Sizes){2, {a, b, 1, 1}};
}

static Sizes sizes3(size_t a, size_t b, size_t c) {
    return (Sizes){3, {a, b, c, 1}};
}

/* Of the first `axes` sizes. */
static size_t product(Sizes sizes, size_t axes) {
    size_t values = 1;
    for (size_t i = 0; i < axes; i++)
        values *= sizes.size[i];
    return values;
}

/* Glorot uniform with the fans of keras.initializers (compute_fans): the sizes before the last two
 * multiply both fans, whatever the tensor's axes mean. */
static float glorot_limit(Sizes sizes) {
    size_t receptive = product(sizes, sizes.axes - 2);
    size_t fan_in = receptive * sizes.size[sizes.axes - 2];
    size_t fan_out = receptive * sizes.size[sizes.axes - 1];
    return (float)sqrt(6.0 / (double)(fan_in + fan_out));
}

/* Adds a tensor, in no folder where that is NULL, and returns its offset. Without entries (a table
 * that is still being measured) only counts and offsets advance. */
static size_t add(Layout *layout, Part part, const char *folder, const char *leaf, Sizes sizes,
                  Initializer initializer, float limit) {
    ParameterTable *table = layout->table;
    const size_t offset = layout->next[part];
    const size_t count = product(sizes, sizes.axes);
    if (table->entry) {
        Parameter *entry = &table->entry[table->count];
        snprintf(entry->name, sizeof entry->name, "%s%s%s", folder ? folder : "", folder ? "/" : "",
                 leaf);
        entry->axes = sizes.axes;
        memcpy(entry->shape, sizes.size, sizeof entry->shape);
        entry->count = count;
        entry->offset = offset;
        entry->initializer = initializer;
        entry->limit = limit;
    }
    table->count++;
    table->trainable += count;
    layout->next[part] += size_round_up(count, MEMORY_LINE_FLOATS);
    return offset;
}

/* Of a dense layer. */
static size_t add_kernel(Layout *layout, Part part, const char *folder, Sizes sizes) {
    if (layout->initial == INITIAL_NORMAL)
        return add(layout, part, folder, "kernel", sizes, START_NORMAL, TOKEN_DEVIATION);
    return add(layout, part, folder, "kernel", sizes, START_UNIFORM, glorot_limit(sizes));
}

static size_t add_bias(Layout *layout, Part part, const char *folder, Sizes sizes) {
    return add(layout, part, folder, "bias", sizes, START_ZERO, 0);
}

static void add_dense(Layout *layout, Part part, const char *folder, Sizes kernel, Sizes bias,
                      size_t *kernel_offset, size_t *bias_offset) {
    *kernel_offset = add_kernel(layout, part, folder, kernel);
    *bias_offset = add_bias(layout, part, folder, bias);
}

static void add_norm(Layout *layout, const char *folder, size_t width, size_t *gamma,
                     size_t *beta) {
    *gamma = add(layout, PART_ENCODER, folder, "gamma", sizes1(width), START_ONE, 0);
    *beta = add(layout, PART_ENCODER, folder, "beta", sizes1(width), START_ZERO, 0);
}

static const char *in_block(char folder[static FOLDER_MAX], size_t number, const char *layer) {
    snprintf(folder, FOLDER_MAX, "block%zu/%s", number, layer);
    return folder;
}

static void add_attention(Layout *layout, const ModelShape *shape, size_t number) {
    BlockLayout *block = &layout->table->block[number];
    const Part part = model_folds_attention(shape) ? PART_FOLDED : PART_ENCODER;
    const Sizes kernel = sizes3(shape->D, shape->H, shape->K), bias = sizes2(shape->H, shape->K);
    char folder[FOLDER_MAX];
    add_dense(layout, part, in_block(folder, number, "attention/query"), kernel, bias,
              &block->query_kernel, &block->query_bias);
    add_dense(layout, part, in_block(folder, number, "attention/key"), kernel, bias,
              &block->key_kernel, &block->key_bias);
    add_dense(layout, part, in_block(folder, number, "attention/value"), kernel, bias,
              &block->value_kernel, &block->value_bias);
    in_block(folder, number, "attention/output");
    block->output_kernel = add_kernel(layout, part, folder, sizes3(shape->H, shape->K, shape->D));
    block->output_bias = add_bias(layout, PART_ENCODER, folder, sizes1(shape->D));
}

/* A convolution of each channel by itself, over the grid of tokens. */
static void add_local(Layout *layout, const ModelShape *shape, size_t number) {
    BlockLayout *block = &layout->table->block[number];
    const size_t side = shape->mlp_convolution, width = shape->mlp.value[0];
    char folder[FOLDER_MAX];
    in_block(folder, number, "mlp_convolution");
    block->local_kernel = add(layout, PART_ENCODER, folder, "kernel", sizes3(side, side, width),
                              START_NORMAL, LOCAL_DEVIATION);
    block->local_bias = add_bias(layout, PART_ENCODER, folder, sizes1(width));
}

static void add_block(Layout *layout, const ModelShape *shape, size_t number) {
    BlockLayout *block = &layout->table->block[number];
    char folder[FOLDER_MAX], mlp[24];
    add_norm(layout, in_block(folder, number, "norm1"), shape->D, &block->norm1_gamma,
             &block->norm1_beta);
    add_attention(layout, shape, number);
    add_norm(layout, in_block(folder, number, "norm2"), shape->D, &block->norm2_gamma,
             &block->norm2_beta);
    size_t in = shape->D;
    for (size_t i = 0; i < shape->mlp.count; i++) {
        size_t out = shape->mlp.value[i];
        snprintf(mlp, sizeof mlp, "mlp%zu", i);
        add_dense(layout, PART_ENCODER, in_block(folder, number, mlp), sizes2(in, out), sizes1(out),
                  &block->mlp_kernel[i], &block->mlp_bias[i]);
        if (i == 0 && shape->mlp_convolution)
            add_local(layout, shape, number);
        in = out;
    }
}

static void add_head(Layout *layout, const ModelShape *shape) {
    ParameterTable *table = layout->table;
    const size_t layers = model_head_layers(shape);
    for (size_t i = 0; i < layers; i++) {
        const size_t in = model_head_width(shape, i), out = model_head_width(shape, i + 1);
        char folder[FOLDER_MAX] = "logits";
        if (i + 1 < layers)
            snprintf(folder, sizeof folder, "head%zu", i);
        table->head_kernel[i] = add_kernel(layout, PART_HEAD_KERNELS, folder, sizes2(in, out));
        table->head_bias[i] = add_bias(layout, PART_HEAD_BIASES, folder, sizes1(out));
    }
}

/* He normal (He et al. 2015, equation 10). */
static void add_convolutions(Layout *layout, const ModelShape *shape) {
    for (size_t i = 0; i < shape->convolutions; i++) {
        const size_t in = model_convolution_width(shape, i);
        const Sizes kernel = {4, {3, 3, in, model_convolution_width(shape, i + 1)}};
        char folder[FOLDER_MAX];
        snprintf(folder, sizeof folder, "tokenizer/convolution%zu", i);
        layout->table->convolution_kernel[i] =
            add(layout, PART_ENCODER, folder, "kernel", kernel, START_NORMAL,
                (float)sqrt(2.0 / (double)(9 * in)));
    }
}

static void add_tokens(Layout *layout, const ModelShape *shape) {
    ParameterTable *table = layout->table;
    const size_t D = shape->D;
    const Sizes positions = sizes2(shape->grid * shape->grid, D);
    if (shape->tokenizer == TOKENIZER_CONVOLUTION)
        add_convolutions(layout, shape);
    else
        add_dense(layout, PART_ENCODER, "patch_embed/projection", sizes2(shape->patch_values, D),
                  sizes1(D), &table->patch_kernel, &table->patch_bias);
    if (shape->position == POSITION_LEARNED && shape->initial == INITIAL_NORMAL)
        table->position = add(layout, PART_ENCODER, "patch_embed", "position", positions,
                              START_NORMAL, TOKEN_DEVIATION);
    else if (shape->position == POSITION_LEARNED)
        table->position = add(layout, PART_ENCODER, "patch_embed", "position", positions,
                              START_UNIFORM, POSITION_LIMIT);
    if (shape->class_tokens)
        table->class_token = add(layout, PART_ENCODER, NULL, "class_token", sizes1(D), START_NORMAL,
                                 TOKEN_DEVIATION);
}

/* All tensors, in the order that checkpoints and digests have. */
static void add_all(Layout *layout, const ModelShape *shape) {
    ParameterTable *table = layout->table;
    const size_t D = shape->D;
    add_tokens(layout, shape);
    for (size_t i = 0; i < shape->depth; i++)
        add_block(layout, shape, i);
    add_norm(layout, "norm", D, &table->norm_gamma, &table->norm_beta);
    if (shape->pool == POOL_SEQUENCE)
        add_dense(layout, PART_ENCODER, "pool", sizes2(D, 1), sizes1(1), &table->pool_kernel,
                  &table->pool_bias);
    add_head(layout, shape);
}

Status parameter_table_init(ParameterTable *table, const ModelShape *shape) {
    *table = (ParameterTable){0};
    STATUS_TRY(memory_allocate(&table->block, shape->depth, sizeof *table->block, "block layout"));
    ParameterTable measured = *table;
    Layout sizes = {.table = &measured, .initial = shape->initial};
    Layout layout = {.table = table, .initial = shape->initial};
    add_all(&sizes, shape);
    for (int part = 0; part < PARTS; part++) {
        layout.next[part] = table->floats;
        table->floats += sizes.next[part];
    }
    table->folded_floats = layout.next[PART_ENCODER];
    table->unit_floats = layout.next[PART_HEAD_KERNELS];
    const Status status =
        memory_allocate(&table->entry, measured.count, sizeof *table->entry, "parameter table");
    if (status != STATUS_OK) {
        parameter_table_free(table);
        return status;
    }
    add_all(&layout, shape);
    return STATUS_OK;
}

void parameter_table_free(ParameterTable *table) {
    memory_free(table->entry);
    memory_free(table->block);
    *table = (ParameterTable){0};
}

/* Elements [4 block, 4 block + 4) of a tensor of random values. */
static void random_values(const Parameter *entry, RandomStream stream, uint32_t block,
                          float value[static 4]) {
    uint32_t words[4];
    double normal[4];
    if (entry->initializer == START_NORMAL) {
        random_normals(stream, block, normal);
        for (int i = 0; i < 4; i++)
            value[i] = entry->limit * (float)normal[i];
        return;
    }
    random_block(stream, block, words);
    for (int i = 0; i < 4; i++)
        value[i] = (2.0f * random_unit(words[i]) - 1.0f) * entry->limit;
}

/* Elements [first, end) of it. */
static void fill_random(const Parameter *entry, RandomStream stream, size_t first, size_t end,
                        float *values) {
    for (size_t block = first / 4; 4 * block < end; block++) {
        float value[4];
        random_values(entry, stream, (uint32_t)block, value);
        for (size_t i = 4 * block; i < 4 * block + 4; i++)
            if (i >= first && i < end)
                values[i] = value[i % 4];
    }
}

void parameter_initialize_part(const ParameterTable *table, uint64_t seed, size_t number,
                               size_t first, size_t count, float *weights) {
    const Parameter *entry = &table->entry[number];
    float *values = weights + entry->offset;
    const float constant = entry->initializer == START_ONE ? 1.0f : 0.0f;
    const RandomStream stream = random_stream(seed, RANDOM_INITIAL_VALUES, 0, number, 0);
    if (entry->initializer == START_UNIFORM || entry->initializer == START_NORMAL)
        fill_random(entry, stream, first, first + count, values);
    else
        for (size_t e = first; e < first + count; e++)
            values[e] = constant;
}

void parameter_initialize(const ParameterTable *table, uint64_t seed, float *weights) {
    for (size_t i = 0; i < table->count; i++)
        parameter_initialize_part(table, seed, i, 0, table->entry[i].count, weights);
}

Status parameter_digest(const ParameterTable *table, const float *values, char *text) {
    Digest digest;
    STATUS_TRY(digest_init(&digest));
    for (size_t i = 0; i < table->count; i++) {
        const Parameter *entry = &table->entry[i];
        digest_add(&digest, values + entry->offset, entry->count * sizeof *values);
    }
    return digest_finish(&digest, text);
}
