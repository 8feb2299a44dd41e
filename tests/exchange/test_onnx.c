/* ONNX files by a reader of Protocol Buffers of its own: the model that they tell of is whole, in
 * order, and has every weight. What runtimes make of it is in runtimes.sh. Field numbers are those
 * of onnx.proto. */

#include "vit/onnx.h"

#include "exchange/message.h"
#include "folder.h"
#include <limits.h>

static bool same(Bytes one, Bytes other) {
    return count_of(one) == count_of(other) && memcmp(one.at, other.at, count_of(one)) == 0;
}

/* ---- a model ---- */

enum { MODEL_IR = 1, MODEL_GRAPH = 7, MODEL_OPERATORS = 8, MODEL_NOTES = 14 };
enum { GRAPH_NODE = 1, GRAPH_CONSTANT = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { KNOWN_MOST = 4096 };

/* What has a value so far: names, each once. */
typedef struct Known {
    size_t count;
    Bytes name[KNOWN_MOST];
} Known;

static bool is_known(const Known *known, Bytes name) {
    for (size_t i = 0; i < known->count; i++)
        if (same(known->name[i], name))
            return true;
    return false;
}

static void add(Known *known, Bytes name) {
    assert_true(count_of(name) > 0);
    assert_false(is_known(known, name));
    assert_true(known->count < KNOWN_MOST);
    known->name[known->count++] = name;
}

/* TensorProto: dims 1, data_type 2 (1: float, 7: int64), name 8, raw_data 9. Floats that it has. */
static size_t check_constant(Bytes tensor, Known *known) {
    Field field;
    size_t values = 1;
    add(known, message_find(tensor, 8).bytes);
    for (Bytes rest = tensor; message_next(&rest, &field);)
        if (field.number == 1)
            values *= field.value;
    const uint64_t type = message_find(tensor, 2).value;
    assert_true(type == 1 || type == 7);
    assert_int_equal(count_of(message_find(tensor, 9).bytes), values * (type == 1 ? 4 : 8));
    return type == 1 ? values : 0;
}

/* NodeProto: input 1, output 2, op_type 4. What goes in has been made. */
static void check_node(Bytes node, Known *known) {
    Field field;
    assert_true(count_of(message_find(node, 4).bytes) > 0);
    for (Bytes rest = node; message_next(&rest, &field);)
        if (field.number == 1)
            assert_true(is_known(known, field.bytes));
    add(known, message_find(node, 2).bytes);
}

/* Returns the floats of all constants. */
static size_t check_graph(Bytes graph) {
    static Known known;
    Field field;
    size_t floats = 0;
    known.count = 0;
    const Bytes input = message_find(message_find(graph, GRAPH_INPUT).bytes, 1).bytes;
    const Bytes output = message_find(message_find(graph, GRAPH_OUTPUT).bytes, 1).bytes;
    assert_true(is_text(input, "pixel_values"));
    assert_true(is_text(output, "logits"));
    add(&known, input);
    for (Bytes rest = graph; message_next(&rest, &field);)
        if (field.number == GRAPH_CONSTANT)
            floats += check_constant(field.bytes, &known);
    for (Bytes rest = graph; message_next(&rest, &field);)
        if (field.number == GRAPH_NODE)
            check_node(field.bytes, &known);
    assert_true(is_known(&known, output));
    return floats;
}

/* own: floats that are no weights: the root of two, one and a half, a scale a block, sines. */
static void check_model(size_t count, const char *const *overrides, size_t own) {
    Job job;
    ParameterTable table;
    assert_ok(job_parse(&job, "x.ini", "", count, overrides));
    const ModelShape shape = model_shape(&job, 3, 10);
    assert_ok(parameter_table_init(&table, &shape));
    float *weights = test_values(table.floats, 1.0f, 1);
    const OnnxNote notes[] = {{"vit_mpi.job", "a text"}};
    assert_ok(onnx_write("m.onnx", &shape, &table, weights, notes, 1));
    size_t bytes;
    uint8_t *content = message_load("m.onnx", &bytes);
    const Bytes model = {content, content + bytes};
    assert_int_equal(message_find(model, MODEL_IR).value, 8);
    assert_int_equal(message_find(message_find(model, MODEL_OPERATORS).bytes, 2).value, 17);
    assert_true(
        is_text(message_find(message_find(model, MODEL_NOTES).bytes, 1).bytes, "vit_mpi.job"));
    assert_true(is_text(message_find(message_find(model, MODEL_NOTES).bytes, 2).bytes, "a text"));
    assert_int_equal(check_graph(message_find(model, MODEL_GRAPH).bytes),
                     table.trainable + 3 + own);
    memory_free(content);
    memory_free(weights);
    parameter_table_free(&table);
}

#define COUNT(keys) (sizeof(keys) / sizeof *(keys))

static void the_reference_is_whole(void **state) {
    (void)state;
    static const char *const keys[] = {"model.depth=2", "model.head=32,16", "model.dim=16",
                                       "model.mlp=20,16"};
    check_model(COUNT(keys), keys, 2);
}

static void every_pool_and_tokenizer_is_whole(void **state) {
    (void)state;
    static const char *const small[] = {"augment.image_size=16", "model.tokenizer=convolution",
                                        "model.dim=16",          "model.depth=1",
                                        "model.pool=sequence",   "model.position=sine",
                                        "model.mlp=16",          "model.mlp_convolution=3"};
    static const char *const token[] = {
        "augment.image_size=16",   "model.patch_size=4", "model.dim=12",
        "model.depth=3",           "model.pool=class",   "model.head=none",
        "model.mlp_convolution=3", "model.mlp=20,12"};
    static const char *const mean[] = {
        "augment.image_size=16", "model.patch_size=4",  "model.dim=12", "model.depth=1",
        "model.pool=mean",       "model.position=none", "model.mlp=12"};
    check_model(COUNT(small), small,
                1 + 4 * 4 * 16); /* two halvings of 16 leave four tokens a side */
    check_model(COUNT(token), token, 3);
    check_model(COUNT(mean), mean, 1);
}

/* Two GiB of them are told by their number. */
static void what_is_too_large_is_refused_before_memory_is_taken(void **state) {
    (void)state;
    const ModelShape shape = {0};
    const ParameterTable table = {.trainable = (size_t)INT_MAX / 4 + 1};
    assert_int_equal(onnx_write("m.onnx", &shape, &table, NULL, NULL, 0), STATUS_DATA);
    assert_non_null(strstr(status_message(), "m.onnx: would have 2147483648 bytes"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(the_reference_is_whole),
        test_in_folder(every_pool_and_tokenizer_is_whole),
        test_in_folder(what_is_too_large_is_refused_before_memory_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
