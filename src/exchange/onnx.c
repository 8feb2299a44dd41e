#include "vit/onnx.h"

#include "onnx_graph.h"
#include "vit/file.h"
#include "vit/memory.h"
#include "vit/version.h"
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { IR_VERSION = 8, OPERATOR_SET = 17 };

/* A model while it is written. */
typedef struct Making {
    OnnxGraph graph;
    const ModelShape *shape;
    const ParameterTable *table;
    const float *weights;
    float *room; /* for the largest tensor in another order */
    OnnxValue root_of_two, one, half;
} Making;

/* ---- weights ---- */

__attribute__((format(printf, 2, 3))) static const Parameter *entry_of(const Making *making,
                                                                       const char *format, ...) {
    char name[sizeof making->table->entry->name];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name, sizeof name, format, arguments);
    va_end(arguments);
    for (size_t i = 0; i < making->table->count; i++)
        if (strcmp(making->table->entry[i].name, name) == 0)
            return &making->table->entry[i];
    return NULL; /* callers ask for what the shape has */
}

/* As it lies, in another shape. */
static OnnxValue put(Making *making, const Parameter *entry, size_t axes, const size_t *shape) {
    return onnx_floats(&making->graph, entry->name, axes, shape, making->weights + entry->offset);
}

static OnnxValue put_vector(Making *making, const Parameter *entry) {
    return put(making, entry, 1, &entry->count);
}

/* [rows, columns] transposed, in the shape that is given. */
static OnnxValue put_transposed(Making *making, const Parameter *entry, size_t rows, size_t axes,
                                const size_t *shape) {
    const float *values = making->weights + entry->offset;
    const size_t columns = entry->count / rows;
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < columns; k++)
            making->room[k * rows + i] = values[i * columns + k];
    return onnx_floats(&making->graph, entry->name, axes, shape, making->room);
}

/* [places, channels, out] as [out, channels, side, side]. */
static OnnxValue put_filters(Making *making, const Parameter *entry, size_t side, size_t channels) {
    const float *values = making->weights + entry->offset;
    const size_t places = side * side, out = entry->count / (places * channels);
    const size_t shape[] = {out, channels, side, side};
    for (size_t p = 0; p < places; p++)
        for (size_t c = 0; c < channels; c++)
            for (size_t d = 0; d < out; d++)
                making->room[(d * channels + c) * places + p] =
                    values[(p * channels + c) * out + d];
    return onnx_floats(&making->graph, entry->name, 4, shape, making->room);
}

/* ---- operators ---- */

static OnnxValue unary(Making *making, const char *operator, OnnxValue x, Wire *attributes) {
    return onnx_node(&making->graph, operator, &(OnnxInputs){{x}}, attributes);
}

static OnnxValue binary(Making *making, const char *operator, OnnxValue a, OnnxValue b) {
    return onnx_node(&making->graph, operator, &(OnnxInputs){{a, b}}, NULL);
}

static OnnxValue transpose(Making *making, OnnxValue x, size_t axes, const int64_t *order) {
    Wire attributes = {0};
    onnx_set_integers(&attributes, "perm", axes, order);
    return unary(making, "Transpose", x, &attributes);
}

static OnnxValue along(Making *making, const char *operator, OnnxValue x, int64_t axis) {
    Wire attributes = {0};
    onnx_set_integer(&attributes, "axis", axis);
    return unary(making, operator, x, &attributes);
}

/* To these sides; 0: as it is, -1: what is left. */
static OnnxValue reshape(Making *making, OnnxValue x, size_t axes, const int64_t *sides) {
    char name[ONNX_NAME];
    snprintf(name, sizeof name, "sides_%zu", making->graph.nodes);
    return binary(making, "Reshape", x, onnx_integers(&making->graph, name, axes, sides));
}

static OnnxValue dense(Making *making, OnnxValue x, const Parameter *kernel, const Parameter *bias,
                       size_t in) {
    const size_t shape[] = {in, kernel->count / in};
    const OnnxValue product = binary(making, "MatMul", x, put(making, kernel, 2, shape));
    return binary(making, "Add", product, put_vector(making, bias));
}

/* x/2 (1 + erf(x / sqrt 2)), in the order in which runtimes know it. */
static OnnxValue gelu(Making *making, OnnxValue x) {
    const OnnxValue scaled = binary(making, "Div", x, making->root_of_two);
    const OnnxValue sum = binary(making, "Add", unary(making, "Erf", scaled, NULL), making->one);
    return binary(making, "Mul", binary(making, "Mul", x, sum), making->half);
}

static OnnxValue norm(Making *making, OnnxValue x, const Parameter *gamma, const Parameter *beta) {
    Wire attributes = {0};
    onnx_set_integer(&attributes, "axis", -1);
    onnx_set_float(&attributes, "epsilon", 1e-6f);
    const OnnxInputs inputs = {{x, put_vector(making, gamma), put_vector(making, beta)}};
    return onnx_node(&making->graph, "LayerNormalization", &inputs, &attributes);
}

/* Tokens first to last, [batch, last - first + 1, width]. */
static OnnxValue tokens(Making *making, OnnxValue x, size_t first, size_t last) {
    char name[ONNX_NAME];
    Wire attributes = {0};
    onnx_set_integer(&attributes, "axis", 1);
    snprintf(name, sizeof name, "tokens_%zu", making->graph.nodes);
    int64_t *number = (int64_t *)(void *)making->room;
    for (size_t i = first; i <= last; i++)
        number[i - first] = (int64_t)i;
    const OnnxValue numbers = onnx_integers(&making->graph, name, last - first + 1, number);
    return onnx_node(&making->graph, "Gather", &(OnnxInputs){{x, numbers}}, &attributes);
}

static OnnxValue join_tokens(Making *making, OnnxValue first, OnnxValue others) {
    Wire attributes = {0};
    onnx_set_integer(&attributes, "axis", 1);
    return onnx_node(&making->graph, "Concat", &(OnnxInputs){{first, others}}, &attributes);
}

/* ---- the tokenizer ---- */

/* [batch, D, grid, grid] as [batch, grid^2, D]. */
static OnnxValue as_tokens(Making *making, OnnxValue planes) {
    const int64_t flat[] = {0, 0, -1}, order[] = {0, 2, 1};
    return transpose(making, reshape(making, planes, 3, flat), 3, order);
}

static OnnxValue cut_patches(Making *making, OnnxValue x) {
    const int64_t side = (int64_t)making->shape->patch_size, strides[] = {side, side};
    const OnnxInputs inputs = {
        {x,
         put_filters(making, entry_of(making, "patch_embed/projection/kernel"),
                     making->shape->patch_size, making->shape->channels),
         put_vector(making, entry_of(making, "patch_embed/projection/bias"))}};
    Wire attributes = {0};
    onnx_set_integers(&attributes, "strides", 2, strides);
    return onnx_node(&making->graph, "Conv", &inputs, &attributes);
}

static OnnxValue convolve(Making *making, OnnxValue x, size_t layer) {
    static const int64_t one_around[] = {1, 1, 1, 1}, three[] = {3, 3}, two[] = {2, 2};
    const Parameter *kernel = entry_of(making, "tokenizer/convolution%zu/kernel", layer);
    const OnnxValue filters =
        put_filters(making, kernel, 3, model_convolution_width(making->shape, layer));
    Wire attributes = {0}, pooling = {0};
    onnx_set_integers(&attributes, "pads", 4, one_around);
    x = onnx_node(&making->graph, "Conv", &(OnnxInputs){{x, filters}}, &attributes);
    onnx_set_integers(&pooling, "kernel_shape", 2, three);
    onnx_set_integers(&pooling, "pads", 4, one_around);
    onnx_set_integers(&pooling, "strides", 2, two);
    return unary(making, "MaxPool", unary(making, "Relu", x, NULL), &pooling);
}

/* As the tokenizer makes them (big_vision's posemb_sincos_2d). */
static void fill_sines(const ModelShape *shape, float *values) {
    const size_t quarter = shape->D / 4;
    for (size_t row = 0; row < shape->grid; row++)
        for (size_t column = 0; column < shape->grid; column++, values += shape->D)
            for (size_t k = 0; k < quarter; k++) {
                const double wave = pow(10000.0, -(double)k / (double)(quarter - 1));
                values[k] = (float)sin((double)column * wave);
                values[quarter + k] = (float)cos((double)column * wave);
                values[2 * quarter + k] = (float)sin((double)row * wave);
                values[3 * quarter + k] = (float)cos((double)row * wave);
            }
}

static OnnxValue add_positions(Making *making, OnnxValue x) {
    const ModelShape *shape = making->shape;
    const size_t sides[] = {shape->grid * shape->grid, shape->D};
    if (shape->position == POSITION_NONE)
        return x;
    if (shape->position == POSITION_LEARNED)
        return binary(making, "Add", x,
                      put(making, entry_of(making, "patch_embed/position"), 2, sides));
    fill_sines(shape, making->room);
    return binary(making, "Add", x,
                  onnx_floats(&making->graph, "position", 2, sides, making->room));
}

/* One for each picture of the batch. */
static OnnxValue add_class_token(Making *making, OnnxValue x) {
    const size_t D = making->shape->D, shape[] = {1, 1, D};
    const int64_t rest[] = {1, (int64_t)D}, zero = 0;
    const OnnxValue token = put(making, entry_of(making, "class_token"), 3, shape);
    const OnnxValue first = onnx_integers(&making->graph, "batch_axis", 1, &zero);
    const OnnxValue batch = binary(making, "Gather", unary(making, "Shape", x, NULL), first);
    Wire attributes = {0};
    onnx_set_integer(&attributes, "axis", 0);
    const OnnxInputs sides = {{batch, onnx_integers(&making->graph, "one_token", 2, rest)}};
    const OnnxValue all = onnx_node(&making->graph, "Concat", &sides, &attributes);
    return join_tokens(making, binary(making, "Expand", token, all), x);
}

static OnnxValue tokenize(Making *making, OnnxValue x) {
    if (making->shape->tokenizer == TOKENIZER_PATCH)
        x = cut_patches(making, x);
    for (size_t i = 0; i < making->shape->convolutions; i++)
        x = convolve(making, x, i);
    x = add_positions(making, as_tokens(making, x));
    return making->shape->class_tokens ? add_class_token(making, x) : x;
}

/* ---- blocks ---- */

/* [batch, heads, tokens, key_dim], or with the last two exchanged. */
static OnnxValue project(Making *making, OnnxValue x, size_t block, const char *which,
                         bool exchanged) {
    const ModelShape *shape = making->shape;
    const int64_t heads[] = {0, 0, (int64_t)shape->H, (int64_t)shape->K};
    const int64_t order[] = {0, 2, exchanged ? 3 : 1, exchanged ? 1 : 3};
    x = dense(making, x, entry_of(making, "block%zu/attention/%s/kernel", block, which),
              entry_of(making, "block%zu/attention/%s/bias", block, which), shape->D);
    return transpose(making, reshape(making, x, 4, heads), 4, order);
}

static OnnxValue attend(Making *making, OnnxValue x, size_t block) {
    const ModelShape *shape = making->shape;
    const int64_t back[] = {0, 2, 1, 3}, joined[] = {0, 0, (int64_t)(shape->H * shape->K)};
    char name[ONNX_NAME];
    snprintf(name, sizeof name, "block%zu/attention/scale", block);
    const OnnxValue scale =
        onnx_scalar(&making->graph, name, (float)(1.0 / sqrt((double)shape->K)));
    const OnnxValue query = binary(making, "Mul", project(making, x, block, "query", false), scale);
    const OnnxValue scores =
        binary(making, "MatMul", query, project(making, x, block, "key", true));
    const OnnxValue seen = binary(making, "MatMul", along(making, "Softmax", scores, -1),
                                  project(making, x, block, "value", false));
    return dense(making, reshape(making, transpose(making, seen, 4, back), 3, joined),
                 entry_of(making, "block%zu/attention/output/kernel", block),
                 entry_of(making, "block%zu/attention/output/bias", block), shape->H * shape->K);
}

/* h + depthwise convolution of the grid's tokens; a class token passes by. */
static OnnxValue convolve_locally(Making *making, OnnxValue h, size_t block) {
    const ModelShape *shape = making->shape;
    const size_t side = shape->mlp_convolution, width = shape->mlp.value[0];
    const size_t filters[] = {width, 1, side, side};
    const int64_t grid[] = {0, 0, (int64_t)shape->grid, (int64_t)shape->grid};
    const int64_t around = (int64_t)(side / 2), pads[] = {around, around, around, around};
    const int64_t order[] = {0, 2, 1};
    OnnxValue class_token = {""}, x = h;
    if (shape->class_tokens) {
        class_token = tokens(making, h, 0, 0);
        x = tokens(making, h, 1, shape->T - 1);
    }
    Wire attributes = {0};
    onnx_set_integers(&attributes, "pads", 4, pads);
    onnx_set_integer(&attributes, "group", (int64_t)width);
    const OnnxInputs inputs = {
        {reshape(making, transpose(making, x, 3, order), 4, grid),
         put_transposed(making, entry_of(making, "block%zu/mlp_convolution/kernel", block),
                        side * side, 4, filters),
         put_vector(making, entry_of(making, "block%zu/mlp_convolution/bias", block))}};
    const OnnxValue local =
        as_tokens(making, onnx_node(&making->graph, "Conv", &inputs, &attributes));
    x = binary(making, "Add", x, local);
    return shape->class_tokens ? join_tokens(making, class_token, x) : x;
}

static OnnxValue think(Making *making, OnnxValue x, size_t block) {
    const ModelShape *shape = making->shape;
    for (size_t i = 0, in = shape->D; i < shape->mlp.count; in = shape->mlp.value[i], i++) {
        x = dense(making, x, entry_of(making, "block%zu/mlp%zu/kernel", block, i),
                  entry_of(making, "block%zu/mlp%zu/bias", block, i), in);
        if (i == 0 && shape->mlp_convolution)
            x = convolve_locally(making, x, block);
        if (i + 1 < shape->mlp.count || shape->mlp_end == MLP_END_GELU)
            x = gelu(making, x);
    }
    return x;
}

static OnnxValue add_block(Making *making, OnnxValue x, size_t block) {
    const OnnxValue first = norm(making, x, entry_of(making, "block%zu/norm1/gamma", block),
                                 entry_of(making, "block%zu/norm1/beta", block));
    x = binary(making, "Add", x, attend(making, first, block));
    const OnnxValue second = norm(making, x, entry_of(making, "block%zu/norm2/gamma", block),
                                  entry_of(making, "block%zu/norm2/beta", block));
    return binary(making, "Add", x, think(making, second, block));
}

/* ---- the head ---- */

static OnnxValue pool(Making *making, OnnxValue x) {
    const ModelShape *shape = making->shape;
    const int64_t flat[] = {0, (int64_t)shape->features}, order[] = {0, 2, 1};
    switch (shape->pool) {
    case POOL_MEAN: {
        Wire attributes = {0};
        const int64_t axis = 1;
        onnx_set_integers(&attributes, "axes", 1, &axis);
        onnx_set_integer(&attributes, "keepdims", 0);
        return unary(making, "ReduceMean", x, &attributes);
    }
    case POOL_CLASS:
        x = tokens(making, x, 0, 0);
        break;
    case POOL_SEQUENCE: {
        const OnnxValue scores = dense(making, x, entry_of(making, "pool/kernel"),
                                       entry_of(making, "pool/bias"), shape->D);
        const OnnxValue shares = transpose(making, along(making, "Softmax", scores, 1), 3, order);
        x = binary(making, "MatMul", shares, x);
        break;
    }
    case POOL_FLATTEN:
        break;
    }
    return reshape(making, x, 2, flat);
}

static OnnxValue add_head(Making *making, OnnxValue x) {
    const ModelShape *shape = making->shape;
    const size_t layers = model_head_layers(shape);
    x = pool(making,
             norm(making, x, entry_of(making, "norm/gamma"), entry_of(making, "norm/beta")));
    for (size_t i = 0; i + 1 < layers; i++)
        x = gelu(making, dense(making, x, entry_of(making, "head%zu/kernel", i),
                               entry_of(making, "head%zu/bias", i), model_head_width(shape, i)));
    return dense(making, x, entry_of(making, "logits/kernel"), entry_of(making, "logits/bias"),
                 model_head_width(shape, layers - 1));
}

static void make_graph(Making *making) {
    const ModelShape *shape = making->shape;
    const size_t in[] = {0, shape->channels, shape->image_size, shape->image_size};
    const size_t out[] = {0, shape->classes};
    OnnxGraph *graph = &making->graph;
    wire_add_text(&graph->body, 2, "vit");
    onnx_add_input(graph, "pixel_values", 4, in);
    onnx_add_output(graph, "logits", 2, out);
    making->root_of_two = onnx_scalar(graph, "root_of_two", (float)sqrt(2.0));
    making->one = onnx_scalar(graph, "one", 1.0f);
    making->half = onnx_scalar(graph, "half", 0.5f);
    OnnxValue x = tokenize(making, onnx_named("pixel_values"));
    for (size_t i = 0; i < shape->depth; i++)
        x = add_block(making, x, i);
    onnx_rename_output(graph, add_head(making, x), "logits");
}

/* ---- the file ---- */

/* ModelProto. */
static Wire make_model(Making *making, const OnnxNote *note, size_t notes) {
    Wire model = {0}, set = {0};
    wire_add_integer(&model, 1, IR_VERSION);
    wire_add_text(&model, 2, "vit_mpi");
    wire_add_text(&model, 3, version_text);
    wire_add_message(&model, 7, &making->graph.body);
    wire_add_text(&set, 1, ""); /* the domain of ONNX's own operators */
    wire_add_integer(&set, 2, OPERATOR_SET);
    wire_add_message(&model, 8, &set);
    for (size_t i = 0; i < notes; i++) {
        Wire text = {0};
        wire_add_text(&text, 1, note[i].key);
        wire_add_text(&text, 2, note[i].text);
        wire_add_message(&model, 14, &text);
    }
    return model;
}

static Status check_size(const char *path, size_t bytes) {
    if (bytes <= INT_MAX)
        return STATUS_OK;
    return status_fail(STATUS_DATA,
                       "%s: would have %zu bytes or more; an ONNX file has at most %d, and a "
                       ".safetensors file any number",
                       path, bytes, INT_MAX);
}

static Status write_model(const char *path, const Wire *model) {
    char temporary[FILE_PATH_MAX];
    STATUS_TRY(wire_status(model));
    STATUS_TRY(check_size(path, model->count));
    STATUS_TRY(file_temporary(path, temporary));
    FILE *stream = fopen(temporary, "wb");
    if (!stream)
        return status_fail(STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
    int error = fwrite(model->bytes, model->count, 1, stream) == 1 ? 0 : errno;
    if (fclose(stream) != 0 && !error)
        error = errno;
    if (!error)
        return file_commit(temporary, path);
    remove(temporary);
    return status_fail(STATUS_IO, "%s: cannot be written: %s", path, strerror(error));
}

/* Floats for what is put in another order, and for the numbers of all tokens. */
static size_t room_of(const ModelShape *shape, const ParameterTable *table) {
    size_t room = shape->grid * shape->grid * shape->D;
    for (size_t i = 0; i < table->count; i++)
        if (table->entry[i].count > room)
            room = table->entry[i].count;
    return room > 2 * shape->T ? room : 2 * shape->T;
}

Status onnx_write(const char *path, const ModelShape *shape, const ParameterTable *table,
                  const float *weights, const OnnxNote *note, size_t notes) {
    Making making = {.shape = shape, .table = table, .weights = weights};
    /* The graph is made in memory, several times as large as this for a while. */
    STATUS_TRY(check_size(path, table->trainable * sizeof *weights));
    STATUS_TRY(memory_allocate(&making.room, room_of(shape, table), sizeof *making.room,
                               "a tensor's values"));
    make_graph(&making);
    memory_free(making.room);
    Wire model = make_model(&making, note, notes);
    const Status status = write_model(path, &model);
    wire_free(&model);
    return status;
}
