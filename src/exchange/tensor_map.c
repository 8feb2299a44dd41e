#include "vit/tensor_map.h"

#include "vit/memory.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A map while it is made. */
typedef struct Making {
    TensorMap *map;
    const ModelShape *shape;
    const ParameterTable *table;
} Making;

/* ---- pieces ---- */

__attribute__((format(printf, 2, 3))) static size_t find_entry(const ParameterTable *table,
                                                               const char *format, ...) {
    char name[MAP_NAME];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    size_t i = 0;
    while (i < table->count && strcmp(table->entry[i].name, name) != 0)
        i++;
    return i;
}

/* The next tensor, of these axes (0 after the last). */
static MapTensor *add(Making *making, const char *name, const size_t *shape) {
    MapTensor *tensor = &making->map->tensor[making->map->count++];
    snprintf(tensor->name, sizeof tensor->name, "%s", name);
    tensor->count = 1;
    for (; tensor->axes < PARAMETER_AXES_MOST && shape[tensor->axes]; tensor->axes++) {
        tensor->shape[tensor->axes] = shape[tensor->axes];
        tensor->count *= shape[tensor->axes];
    }
    return tensor;
}

static void add_part(MapTensor *tensor, size_t entry, size_t first, size_t middle, size_t last,
                     size_t at) {
    tensor->part[tensor->parts++] = (MapPart){entry, {first, middle, last}, at};
}

/* All values of one of ours, as they are. */
static void add_same(Making *making, const char *name, const size_t *shape, size_t entry) {
    MapTensor *tensor = add(making, name, shape);
    add_part(tensor, entry, tensor->count, 1, 1, 0);
}

/* A dense layer's [in, out] and [out] as weight [out, in] and bias [out]. */
static void add_dense(Making *making, const char *name, size_t kernel, size_t bias, size_t in,
                      size_t out) {
    char full[MAP_NAME];
    snprintf(full, sizeof full, "%s.weight", name);
    add_part(add(making, full, (size_t[]){out, in, 0}), kernel, in, 1, out, 0);
    snprintf(full, sizeof full, "%s.bias", name);
    add_same(making, full, (size_t[]){out, 0}, bias);
}

static void add_norm(Making *making, const char *name, size_t gamma, size_t beta) {
    const size_t shape[] = {making->shape->D, 0};
    char full[MAP_NAME];
    snprintf(full, sizeof full, "%s.weight", name);
    add_same(making, full, shape, gamma);
    snprintf(full, sizeof full, "%s.bias", name);
    add_same(making, full, shape, beta);
}

/* The kernel's rows are (row, column, channel); theirs [D, channels, rows, columns]. */
static void add_patches(Making *making, const char *name) {
    const ModelShape *shape = making->shape;
    const size_t p = shape->patch_size, channels = shape->channels;
    char full[MAP_NAME];
    snprintf(full, sizeof full, "%s.weight", name);
    add_part(add(making, full, (size_t[]){shape->D, channels, p, p}),
             find_entry(making->table, "patch_embed/projection/kernel"), p * p, channels, shape->D,
             0);
    snprintf(full, sizeof full, "%s.bias", name);
    add_same(making, full, (size_t[]){shape->D, 0},
             find_entry(making->table, "patch_embed/projection/bias"));
}

/* Theirs have a row for the class token in front, ours has none: it is zero. */
static void add_tokens(Making *making, const char *class_token, const char *position) {
    const ModelShape *shape = making->shape;
    const size_t D = shape->D, patches = shape->grid * shape->grid;
    if (shape->class_tokens)
        add_same(making, class_token, (size_t[]){1, 1, D, 0},
                 find_entry(making->table, "class_token"));
    add_part(add(making, position, (size_t[]){1, shape->T, D, 0}),
             find_entry(making->table, "patch_embed/position"), patches * D, 1, 1,
             shape->class_tokens * D);
}

/* ---- names ---- */

static void add_own(Making *making) {
    for (size_t i = 0; i < making->table->count; i++) {
        const Parameter *entry = &making->table->entry[i];
        size_t shape[PARAMETER_AXES_MOST] = {0};
        memcpy(shape, entry->shape, entry->axes * sizeof *shape);
        add_same(making, entry->name, shape, i);
    }
}

static const char *const projections[] = {"query", "key", "value"};

/* Queries', keys' and values' projections one below the other. */
static void add_timm_qkv(Making *making, size_t block) {
    const ModelShape *shape = making->shape;
    const size_t D = shape->D, width = shape->H * shape->K;
    char name[MAP_NAME];
    snprintf(name, sizeof name, "blocks.%zu.attn.qkv.weight", block);
    MapTensor *weight = add(making, name, (size_t[]){3 * width, D, 0});
    snprintf(name, sizeof name, "blocks.%zu.attn.qkv.bias", block);
    MapTensor *bias = add(making, name, (size_t[]){3 * width, 0});
    for (size_t i = 0; i < 3; i++) {
        add_part(weight,
                 find_entry(making->table, "block%zu/attention/%s/kernel", block, projections[i]),
                 D, 1, width, i * width * D);
        add_part(bias,
                 find_entry(making->table, "block%zu/attention/%s/bias", block, projections[i]),
                 width, 1, 1, i * width);
    }
}

static void add_hugging_qkv(Making *making, size_t block) {
    const ModelShape *shape = making->shape;
    for (size_t i = 0; i < 3; i++) {
        char name[MAP_NAME];
        snprintf(name, sizeof name, "vit.encoder.layer.%zu.attention.attention.%s", block,
                 projections[i]);
        add_dense(making, name,
                  find_entry(making->table, "block%zu/attention/%s/kernel", block, projections[i]),
                  find_entry(making->table, "block%zu/attention/%s/bias", block, projections[i]),
                  shape->D, shape->H * shape->K);
    }
}

/* How a library calls what a block has, behind the block's own name. */
typedef struct BlockNames {
    const char *blocks;
    const char *norm1, *output, *norm2, *mlp[2];
    void (*add_qkv)(Making *, size_t);
} BlockNames;

static const BlockNames timm_block = {
    "blocks", "norm1", "attn.proj", "norm2", {"mlp.fc1", "mlp.fc2"}, add_timm_qkv};
static const BlockNames hugging_block = {"vit.encoder.layer",
                                         "layernorm_before",
                                         "attention.output.dense",
                                         "layernorm_after",
                                         {"intermediate.dense", "output.dense"},
                                         add_hugging_qkv};

static void block_name(const BlockNames *names, size_t block, const char *part,
                       char name[static MAP_NAME]) {
    snprintf(name, MAP_NAME, "%s.%zu.%s", names->blocks, block, part);
}

static void add_block(Making *making, const BlockNames *names, size_t block) {
    const ModelShape *shape = making->shape;
    const ParameterTable *table = making->table;
    const size_t D = shape->D, hidden = shape->mlp.value[0];
    char name[MAP_NAME];
    block_name(names, block, names->norm1, name);
    add_norm(making, name, find_entry(table, "block%zu/norm1/gamma", block),
             find_entry(table, "block%zu/norm1/beta", block));
    names->add_qkv(making, block);
    block_name(names, block, names->output, name);
    add_dense(making, name, find_entry(table, "block%zu/attention/output/kernel", block),
              find_entry(table, "block%zu/attention/output/bias", block), shape->H * shape->K, D);
    block_name(names, block, names->norm2, name);
    add_norm(making, name, find_entry(table, "block%zu/norm2/gamma", block),
             find_entry(table, "block%zu/norm2/beta", block));
    for (size_t i = 0; i < 2; i++) {
        block_name(names, block, names->mlp[i], name);
        add_dense(making, name, find_entry(table, "block%zu/mlp%zu/kernel", block, i),
                  find_entry(table, "block%zu/mlp%zu/bias", block, i), i == 0 ? D : hidden,
                  i == 0 ? hidden : D);
    }
}

static void add_end(Making *making, const char *norm, const char *logits) {
    const ParameterTable *table = making->table;
    add_norm(making, norm, find_entry(table, "norm/gamma"), find_entry(table, "norm/beta"));
    add_dense(making, logits, find_entry(table, "logits/kernel"), find_entry(table, "logits/bias"),
              making->shape->D, making->shape->classes);
}

static void add_timm(Making *making) {
    add_tokens(making, "cls_token", "pos_embed");
    add_patches(making, "patch_embed.proj");
    for (size_t i = 0; i < making->shape->depth; i++)
        add_block(making, &timm_block, i);
    add_end(making, "norm", "head");
}

static void add_hugging(Making *making) {
    add_tokens(making, "vit.embeddings.cls_token", "vit.embeddings.position_embeddings");
    add_patches(making, "vit.embeddings.patch_embeddings.projection");
    for (size_t i = 0; i < making->shape->depth; i++)
        add_block(making, &hugging_block, i);
    add_end(making, "vit.layernorm", "classifier");
}

/* ---- public ---- */

Status tensor_map_init(TensorMap *map, TensorNames names, const ModelShape *shape,
                       const ParameterTable *table) {
    static void (*const add_all[])(Making *) = {add_own, add_timm, add_hugging};
    Making making = {map, shape, table};
    *map = (TensorMap){0};
    /* No library has more tensors for a model than it has here, but for the positions. */
    STATUS_TRY(memory_allocate(&map->tensor, table->count + 1, sizeof *map->tensor, "names"));
    add_all[names](&making);
    return STATUS_OK;
}

void tensor_map_free(TensorMap *map) {
    memory_free(map->tensor);
    *map = (TensorMap){0};
}

/* Where value (i, j, k) of the view is in theirs. */
static size_t place_of(const MapPart *part, size_t i, size_t j, size_t k) {
    return part->at + (k * part->view[1] + j) * part->view[0] + i;
}

static void copy_part(const MapPart *part, const ParameterTable *table, const float *from_ours,
                      float *to_ours, const float *from_theirs, float *to_theirs) {
    size_t ours = table->entry[part->entry].offset;
    for (size_t i = 0; i < part->view[0]; i++)
        for (size_t j = 0; j < part->view[1]; j++)
            for (size_t k = 0; k < part->view[2]; k++, ours++)
                if (to_theirs)
                    to_theirs[place_of(part, i, j, k)] = from_ours[ours];
                else
                    to_ours[ours] = from_theirs[place_of(part, i, j, k)];
}

void tensor_map_give(const MapTensor *tensor, const ParameterTable *table, const float *weights,
                     float *theirs) {
    memset(theirs, 0, tensor->count * sizeof *theirs);
    for (size_t i = 0; i < tensor->parts; i++)
        copy_part(&tensor->part[i], table, weights, NULL, NULL, theirs);
}

void tensor_map_take(const MapTensor *tensor, const ParameterTable *table, const float *theirs,
                     float *weights) {
    for (size_t i = 0; i < tensor->parts; i++)
        copy_part(&tensor->part[i], table, NULL, weights, theirs, NULL);
}
