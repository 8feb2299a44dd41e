#include "foreign_weights.h"

#include "vit/memory.h"
#include "wrong.h"
#include <stdio.h>
#include <string.h>

/* The tensors that tell a model's sizes. */
typedef struct Landmarks {
    const char *class_token, *position, *projection, *hidden, *head;
    const char *blocks, *norm1; /* "blocks", "norm1.weight": of block 0 "blocks.0.norm1.weight" */
} Landmarks;

static const Landmarks landmarks[] = {
    [TENSOR_NAMES_TIMM] = {"cls_token", "pos_embed", "patch_embed.proj.weight",
                           "blocks.0.mlp.fc1.weight", "head.weight", "blocks", "norm1.weight"},
    [TENSOR_NAMES_HUGGING_FACE] = {"vit.embeddings.cls_token", "vit.embeddings.position_embeddings",
                                   "vit.embeddings.patch_embeddings.projection.weight",
                                   "vit.encoder.layer.0.intermediate.dense.weight",
                                   "classifier.weight", "vit.encoder.layer",
                                   "layernorm_before.weight"}};

/* A file while it is read. */
typedef struct Reading {
    const Safetensors *file;
    const Landmarks *landmarks;
    bool *used; /* [file->count] */
} Reading;

/* ---- names ---- */

/* What transformers 5.x calls the layers of a block that 4.x calls otherwise. */
static const char *const newer[][2] = {
    {"attention.attention.query", "attention.q_proj"},
    {"attention.attention.key", "attention.k_proj"},
    {"attention.attention.value", "attention.v_proj"},
    {"attention.output.dense", "attention.o_proj"},
    {"intermediate.dense", "mlp.fc1"},
    {"output.dense", "mlp.fc2"},
};

/* The name of 5.x for one of 4.x; the same where there is no other. */
static void newer_name(const char *name, char text[static MAP_NAME]) {
    size_t block, at = 0;
    int length = 0;
    snprintf(text, MAP_NAME, "%s", name);
    if (sscanf(name, "vit.encoder.layer.%zu.%n", &block, &length) != 1 || length == 0)
        return;
    const char *layer = name + length;
    while (at < sizeof newer / sizeof *newer &&
           strncmp(layer, newer[at][0], strlen(newer[at][0])) != 0)
        at++;
    if (at == sizeof newer / sizeof *newer)
        snprintf(text, MAP_NAME, "vit.layers.%zu.%s", block, layer);
    else
        snprintf(text, MAP_NAME, "vit.layers.%zu.%s%s", block, newer[at][1],
                 layer + strlen(newer[at][0]));
}

/* Under that name, or without the "vit." that files of Hugging Face's ViTModel do not have. */
static const SafetensorsTensor *find_spelled(const Safetensors *file, const char *name) {
    static const char prefix[] = "vit.";
    const SafetensorsTensor *tensor = safetensors_find(file, name);
    if (!tensor && strncmp(name, prefix, sizeof prefix - 1) == 0)
        tensor = safetensors_find(file, name + sizeof prefix - 1);
    return tensor;
}

static const SafetensorsTensor *find(const Safetensors *file, const char *name) {
    char other[MAP_NAME];
    const SafetensorsTensor *tensor = find_spelled(file, name);
    newer_name(name, other);
    return tensor ? tensor : find_spelled(file, other);
}

bool foreign_weights_names(const Safetensors *file, TensorNames *names) {
    for (TensorNames n = TENSOR_NAMES_TIMM; n <= TENSOR_NAMES_HUGGING_FACE; n++)
        if (find(file, landmarks[n].projection)) {
            *names = n;
            return true;
        }
    return false;
}

/* ---- sizes ---- */

typedef struct Sizes {
    size_t dim, channels, patch_size, depth, hidden, grid;
    size_t classes; /* 0: there is no last layer */
    bool class_token;
} Sizes;

static Status find_axes(const Reading *reading, const char *name, size_t axes,
                        const SafetensorsTensor **tensor) {
    *tensor = find(reading->file, name);
    if (!*tensor)
        return status_fail(STATUS_DATA, "%s: has no tensor %s", reading->file->path, name);
    if ((*tensor)->axes != axes)
        return status_fail(STATUS_DATA, "%s: tensor '%s' has %zu axes instead of %zu",
                           reading->file->path, (*tensor)->name, (*tensor)->axes, axes);
    return STATUS_OK;
}

static size_t count_blocks(const Reading *reading) {
    char name[MAP_NAME];
    size_t depth = 0;
    do
        snprintf(name, sizeof name, "%s.%zu.%s", reading->landmarks->blocks, depth,
                 reading->landmarks->norm1);
    while (find(reading->file, name) && ++depth);
    return depth;
}

enum { SIDE_MOST = 4096 }; /* no image has more patches a side */

/* The side of a square of so many tokens, or 0. */
static size_t side_of(uint64_t tokens) {
    for (size_t side = 1; side <= SIDE_MOST; side++)
        if (side * side == tokens)
            return side;
    return 0;
}

static Status find_sizes(const Reading *reading, Sizes *sizes) {
    const Landmarks *names = reading->landmarks;
    const SafetensorsTensor *projection, *position, *hidden;
    const SafetensorsTensor *head = find(reading->file, names->head);
    STATUS_TRY(find_axes(reading, names->projection, 4, &projection));
    STATUS_TRY(find_axes(reading, names->position, 3, &position));
    STATUS_TRY(find_axes(reading, names->hidden, 2, &hidden));
    *sizes = (Sizes){.dim = (size_t)projection->shape[0],
                     .channels = (size_t)projection->shape[1],
                     .patch_size = (size_t)projection->shape[2],
                     .depth = count_blocks(reading),
                     .hidden = (size_t)hidden->shape[0],
                     .classes = head && head->axes == 2 ? (size_t)head->shape[0] : 0,
                     .class_token = find(reading->file, names->class_token) != NULL};
    const uint64_t tokens = position->shape[1] - (sizes->class_token && position->shape[1] > 0);
    sizes->grid = side_of(tokens);
    if (sizes->grid == 0)
        return status_fail(STATUS_DATA, "%s: tensor '%s': its %llu positions%s are no square grid",
                           reading->file->path, position->name, (unsigned long long)tokens,
                           sizes->class_token ? " beside the class token's" : "");
    return STATUS_OK;
}

static void compare(Wrong *wrong, const char *what, size_t there, size_t here) {
    if (there != here)
        wrong_add(wrong, "%s is %zu there, %zu here", what, there, here);
}

static Status check_sizes(const Reading *reading, const Sizes *sizes, const ModelShape *shape) {
    Wrong wrong = {""};
    compare(&wrong, "[model] dim", sizes->dim, shape->D);
    compare(&wrong, "[model] depth", sizes->depth, shape->depth);
    if (shape->mlp.count == 2)
        compare(&wrong, "[model] mlp's first width", sizes->hidden, shape->mlp.value[0]);
    if (shape->tokenizer == TOKENIZER_PATCH) {
        compare(&wrong, "[model] patch_size", sizes->patch_size, shape->patch_size);
        compare(&wrong, "[data] file's number of channels", sizes->channels, shape->channels);
    }
    return wrong_status(&wrong, reading->file->path);
}

/* The shape of the file's model: like the run's, but for grid, positions, pool and head. */
static ModelShape shape_of(const Sizes *sizes, const ModelShape *shape) {
    ModelShape theirs = *shape;
    theirs.position = POSITION_LEARNED;
    theirs.head = (SizeList){0};
    theirs.pool = sizes->class_token ? POOL_CLASS : POOL_MEAN;
    theirs.class_tokens = sizes->class_token;
    theirs.grid = sizes->grid;
    theirs.image_size = sizes->grid * shape->patch_size;
    theirs.T = theirs.class_tokens + sizes->grid * sizes->grid;
    theirs.features = shape->D;
    theirs.classes = sizes->classes ? sizes->classes : shape->classes;
    return theirs;
}

/* ---- values ---- */

static bool has_shape(const SafetensorsTensor *tensor, const MapTensor *wanted) {
    bool same = tensor->axes == wanted->axes;
    for (size_t i = 0; same && i < wanted->axes; i++)
        same = tensor->shape[i] == wanted->shape[i];
    return same;
}

/* Marks what is found as used, and notes what is missing or of another shape; a last layer may be
 * missing: its tensors then lose their names. */
static void find_all(Reading *reading, const TensorMap *map, const Sizes *sizes,
                     const ParameterTable *table, Wrong *wrong) {
    for (size_t i = 0; i < map->count; i++) {
        const MapTensor *wanted = &map->tensor[i];
        const SafetensorsTensor *tensor = find(reading->file, wanted->name);
        Parameter *entry = &table->entry[wanted->part[0].entry];
        size_t found[SAFETENSORS_AXES_MOST];
        char there[WRONG_SHAPE], here[WRONG_SHAPE];
        if (tensor)
            reading->used[tensor - reading->file->tensor] = true;
        if (!tensor && sizes->classes == 0 && strncmp(entry->name, "logits/", 7) == 0) {
            *entry->name = '\0';
        } else if (!tensor) {
            wrong_add(wrong, "it has no tensor %s", wanted->name);
        } else if (!has_shape(tensor, wanted)) {
            for (size_t a = 0; a < tensor->axes; a++)
                found[a] = (size_t)tensor->shape[a];
            wrong_add(wrong, "tensor %s is %s there, %s here", tensor->name,
                      wrong_shape(tensor->axes, found, there),
                      wrong_shape(wanted->axes, wanted->shape, here));
        }
    }
}

/* Tensors that say nothing of the model that is taken. */
static bool may_be_left(const char *name) {
    static const char *const beginnings[] = {"pooler.",
                                             "vit.pooler.",
                                             "pre_logits.",
                                             "head.",
                                             "head_dist.",
                                             "classifier.",
                                             "vit.embeddings.mask_token",
                                             "embeddings.mask_token"};
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
        if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

static Status list_left(const Reading *reading, WeightsSource *source, Wrong *wrong) {
    const Safetensors *file = reading->file;
    STATUS_TRY(memory_allocate(&source->left_name, file->count, sizeof *source->left_name,
                               "tensors' names"));
    for (size_t i = 0; i < file->count; i++)
        if (!reading->used[i] && may_be_left(file->tensor[i].name))
            snprintf(source->left_name[source->left++], MAP_NAME, "%s", file->tensor[i].name);
        else if (!reading->used[i])
            wrong_add(wrong, "its tensor %s has no place here", file->tensor[i].name);
    return STATUS_OK;
}

/* Theirs [tokens, D], whose first row belongs to the class token, which comes before in the map. */
static void add_class_row(WeightsSource *source, const float *theirs) {
    for (size_t i = 0; i < source->table.count; i++) {
        const Parameter *entry = &source->table.entry[i];
        if (strcmp(entry->name, "class_token") == 0)
            for (size_t d = 0; d < entry->count; d++)
                source->values[entry->offset + d] += theirs[d];
    }
}

static Status take(const Reading *reading, const MapTensor *wanted, WeightsSource *source) {
    const SafetensorsTensor *tensor = find(reading->file, wanted->name);
    float *theirs;
    if (!tensor)
        return STATUS_OK;
    STATUS_TRY(memory_allocate(&theirs, wanted->count, sizeof *theirs, "a tensor"));
    Status status = safetensors_read(reading->file, tensor, theirs);
    if (status == STATUS_OK)
        status = wrong_unless_finite(reading->file->path, tensor->name, wanted->count, theirs);
    if (status == STATUS_OK)
        tensor_map_take(wanted, &source->table, theirs, source->values);
    if (status == STATUS_OK && strcmp(wanted->name, reading->landmarks->position) == 0)
        add_class_row(source, theirs);
    memory_free(theirs);
    return status;
}

static Status take_all(Reading *reading, const TensorMap *map, const Sizes *sizes,
                       WeightsSource *source) {
    Wrong wrong = {""};
    find_all(reading, map, sizes, &source->table, &wrong);
    STATUS_TRY(list_left(reading, source, &wrong));
    STATUS_TRY(wrong_status(&wrong, reading->file->path));
    STATUS_TRY(memory_allocate(&source->values, source->table.floats, sizeof *source->values,
                               "the file's weights"));
    for (size_t i = 0; i < map->count; i++)
        STATUS_TRY(take(reading, &map->tensor[i], source));
    return STATUS_OK;
}

static Status read_model(Reading *reading, const ModelShape *shape, WeightsSource *source) {
    Sizes sizes;
    TensorMap map = {0};
    STATUS_TRY(memory_allocate(&reading->used, reading->file->count, sizeof *reading->used,
                               "tensors that are used"));
    STATUS_TRY(find_sizes(reading, &sizes));
    STATUS_TRY(check_sizes(reading, &sizes, shape));
    const ModelShape theirs = shape_of(&sizes, shape);
    /* Where else this job's model would fit is no matter here. */
    if (tensor_map_check(source->names, &theirs) != STATUS_OK)
        return status_fail(STATUS_DATA, "%s: does not fit this job: %.*s", reading->file->path,
                           (int)strcspn(status_message(), ";"), status_message());
    STATUS_TRY(parameter_table_init(&source->table, &theirs));
    Status status = tensor_map_init(&map, source->names, &theirs, &source->table);
    if (status == STATUS_OK)
        status = take_all(reading, &map, &sizes, source);
    tensor_map_free(&map);
    return status;
}

Status foreign_weights_read(WeightsSource *source, const Safetensors *file,
                            const ModelShape *shape) {
    Reading reading = {.file = file, .landmarks = &landmarks[source->names]};
    const Status status = read_model(&reading, shape, source);
    memory_free(reading.used);
    return status;
}
