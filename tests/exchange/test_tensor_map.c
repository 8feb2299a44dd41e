/* Our tensors in the files of others: names and shapes as timm and Hugging Face have them, each
 * value where their layers look for it, and back again. */

#include "vit/tensor_map.h"

#include "check.h"

enum { D = 6, H = 3, K = 2, HIDDEN = 5, P = 2, C = 3, GRID = 4, CLASSES = 7, DEPTH = 2 };

typedef struct Model {
    ModelShape shape;
    ParameterTable table;
    TensorMap map;
    float *weights;
} Model;

static Job job_of(PoolKind pool) {
    Job job;
    assert_ok(job_parse(&job, "x.ini", "", 0, NULL));
    job.image_size = GRID * P;
    job.patch_size = P;
    job.dim = D;
    job.heads = H;
    job.key_dim = K;
    job.depth = DEPTH;
    job.mlp = (SizeList){.count = 2, .value = {HIDDEN, D}};
    job.mlp_end = MLP_END_LINEAR;
    job.head = (SizeList){0};
    job.pool = pool;
    return job;
}

static Model model_of(PoolKind pool, TensorNames names) {
    const Job job = job_of(pool);
    Model model = {.shape = model_shape(&job, C, CLASSES)};
    assert_ok(tensor_map_check(names, &model.shape));
    assert_ok(parameter_table_init(&model.table, &model.shape));
    assert_ok(tensor_map_init(&model.map, names, &model.shape, &model.table));
    /* All different, also across tensors; what lies between tensors is no weight. */
    model.weights = test_array(model.table.floats, sizeof *model.weights);
    float next = 1.0f;
    for (size_t i = 0; i < model.table.count; i++)
        for (size_t k = 0; k < model.table.entry[i].count; k++)
            model.weights[model.table.entry[i].offset + k] = next++;
    return model;
}

static void model_free(Model *model) {
    memory_free(model->weights);
    tensor_map_free(&model->map);
    parameter_table_free(&model->table);
}

static const MapTensor *theirs_of(const Model *model, const char *name) {
    for (size_t i = 0; i < model->map.count; i++)
        if (strcmp(model->map.tensor[i].name, name) == 0)
            return &model->map.tensor[i];
    fail_msg("there is no %s", name);
    return NULL;
}

static const float *ours_of(const Model *model, const char *name) {
    for (size_t i = 0; i < model->table.count; i++)
        if (strcmp(model->table.entry[i].name, name) == 0)
            return model->weights + model->table.entry[i].offset;
    fail_msg("there is no %s", name);
    return NULL;
}

static float *given(const Model *model, const char *name) {
    const MapTensor *tensor = theirs_of(model, name);
    float *values = test_array(tensor->count, sizeof *values);
    tensor_map_give(tensor, &model->table, model->weights, values);
    return values;
}

/* ---- names and shapes ---- */

typedef struct Wanted {
    const char *name;
    size_t axes, shape[4];
} Wanted;

static void check_tensors(TensorNames names, const Wanted *wanted, size_t count) {
    Model model = model_of(POOL_CLASS, names);
    assert_int_equal(model.map.count, count);
    for (size_t i = 0; i < count; i++) {
        const MapTensor *tensor = theirs_of(&model, wanted[i].name);
        assert_int_equal(tensor->axes, wanted[i].axes);
        for (size_t k = 0; k < tensor->axes; k++)
            assert_int_equal(tensor->shape[k], wanted[i].shape[k]);
    }
    model_free(&model);
}

#define TIMM_BLOCK(i)                                                                              \
    {"blocks." i ".norm1.weight", 1, {D}}, {"blocks." i ".norm1.bias", 1, {D}},                    \
        {"blocks." i ".attn.qkv.weight", 2, {3 * D, D}},                                           \
        {"blocks." i ".attn.qkv.bias", 1, {3 * D}}, {"blocks." i ".attn.proj.weight", 2, {D, D}},  \
        {"blocks." i ".attn.proj.bias", 1, {D}}, {"blocks." i ".norm2.weight", 1, {D}},            \
        {"blocks." i ".norm2.bias", 1, {D}}, {"blocks." i ".mlp.fc1.weight", 2, {HIDDEN, D}},      \
        {"blocks." i ".mlp.fc1.bias", 1, {HIDDEN}},                                                \
        {"blocks." i ".mlp.fc2.weight", 2, {D, HIDDEN}}, {                                         \
        "blocks." i ".mlp.fc2.bias", 1, {                                                          \
            D                                                                                      \
        }                                                                                          \
    }

/* timm, vision_transformer.py: the state of VisionTransformer(class_token=True,
 * global_pool='token') */
static void timm_has_its_names(void **state) {
    (void)state;
    static const Wanted wanted[] = {{"cls_token", 3, {1, 1, D}},
                                    {"pos_embed", 3, {1, GRID * GRID + 1, D}},
                                    {"patch_embed.proj.weight", 4, {D, C, P, P}},
                                    {"patch_embed.proj.bias", 1, {D}},
                                    TIMM_BLOCK("0"),
                                    TIMM_BLOCK("1"),
                                    {"norm.weight", 1, {D}},
                                    {"norm.bias", 1, {D}},
                                    {"head.weight", 2, {CLASSES, D}},
                                    {"head.bias", 1, {CLASSES}}};
    check_tensors(TENSOR_NAMES_TIMM, wanted, sizeof wanted / sizeof *wanted);
}

#define HUGGING_LAYER "vit.encoder.layer."
#define HUGGING_BLOCK(i)                                                                           \
    {HUGGING_LAYER i ".layernorm_before.weight", 1, {D}},                                          \
        {HUGGING_LAYER i ".layernorm_before.bias", 1, {D}},                                        \
        {HUGGING_LAYER i ".layernorm_after.weight", 1, {D}},                                       \
        {HUGGING_LAYER i ".layernorm_after.bias", 1, {D}},                                         \
        {HUGGING_LAYER i ".attention.attention.query.weight", 2, {D, D}},                          \
        {HUGGING_LAYER i ".attention.attention.query.bias", 1, {D}},                               \
        {HUGGING_LAYER i ".attention.attention.key.weight", 2, {D, D}},                            \
        {HUGGING_LAYER i ".attention.attention.key.bias", 1, {D}},                                 \
        {HUGGING_LAYER i ".attention.attention.value.weight", 2, {D, D}},                          \
        {HUGGING_LAYER i ".attention.attention.value.bias", 1, {D}},                               \
        {HUGGING_LAYER i ".attention.output.dense.weight", 2, {D, D}},                             \
        {HUGGING_LAYER i ".attention.output.dense.bias", 1, {D}},                                  \
        {HUGGING_LAYER i ".intermediate.dense.weight", 2, {HIDDEN, D}},                            \
        {HUGGING_LAYER i ".intermediate.dense.bias", 1, {HIDDEN}},                                 \
        {HUGGING_LAYER i ".output.dense.weight", 2, {D, HIDDEN}}, {                                \
        HUGGING_LAYER i ".output.dense.bias", 1, {                                                 \
            D                                                                                      \
        }                                                                                          \
    }

/* transformers 4.x, modeling_vit.py: the state of ViTForImageClassification */
static void hugging_face_has_its_names(void **state) {
    (void)state;
    static const Wanted wanted[] = {
        {"vit.embeddings.cls_token", 3, {1, 1, D}},
        {"vit.embeddings.position_embeddings", 3, {1, GRID * GRID + 1, D}},
        {"vit.embeddings.patch_embeddings.projection.weight", 4, {D, C, P, P}},
        {"vit.embeddings.patch_embeddings.projection.bias", 1, {D}},
        HUGGING_BLOCK("0"),
        HUGGING_BLOCK("1"),
        {"vit.layernorm.weight", 1, {D}},
        {"vit.layernorm.bias", 1, {D}},
        {"classifier.weight", 2, {CLASSES, D}},
        {"classifier.bias", 1, {CLASSES}}};
    check_tensors(TENSOR_NAMES_HUGGING_FACE, wanted, sizeof wanted / sizeof *wanted);
}

static void our_own_are_a_checkpoint_s(void **state) {
    (void)state;
    Model model = model_of(POOL_MEAN, TENSOR_NAMES_OWN);
    assert_int_equal(model.map.count, model.table.count);
    float *kernel = given(&model, "block1/attention/output/kernel");
    assert_memory_equal(kernel, ours_of(&model, "block1/attention/output/kernel"),
                        H * K * D * sizeof *kernel);
    assert_int_equal(theirs_of(&model, "block1/attention/output/kernel")->axes, 3);
    memory_free(kernel);
    model_free(&model);
}

/* ---- where values are ---- */

static void timm_finds_each_value(void **state) {
    (void)state;
    Model model = model_of(POOL_CLASS, TENSOR_NAMES_TIMM);
    float *patches = given(&model, "patch_embed.proj.weight");
    const float *kernel = ours_of(&model, "patch_embed/projection/kernel");
    for (size_t d = 0; d < D; d++)
        for (size_t c = 0; c < C; c++)
            for (size_t y = 0; y < P; y++)
                for (size_t x = 0; x < P; x++)
                    assert_true(patches[((d * C + c) * P + y) * P + x] ==
                                kernel[((y * P + x) * C + c) * D + d]);
    float *qkv = given(&model, "blocks.1.attn.qkv.weight");
    const float *value = ours_of(&model, "block1/attention/value/kernel");
    const float *query = ours_of(&model, "block1/attention/query/kernel");
    float *proj = given(&model, "blocks.1.attn.proj.weight");
    const float *output = ours_of(&model, "block1/attention/output/kernel");
    for (size_t d = 0; d < D; d++)
        for (size_t h = 0; h < H; h++)
            for (size_t j = 0; j < K; j++) {
                assert_true(qkv[(h * K + j) * D + d] == query[(d * H + h) * K + j]);
                assert_true(qkv[(2 * H * K + h * K + j) * D + d] == value[(d * H + h) * K + j]);
                assert_true(proj[d * H * K + h * K + j] == output[(h * K + j) * D + d]);
            }
    float *bias = given(&model, "blocks.0.attn.qkv.bias");
    assert_true(bias[H * K + 2 * K + 1] == ours_of(&model, "block0/attention/key/bias")[5]);
    memory_free(bias);
    memory_free(proj);
    memory_free(qkv);
    memory_free(patches);
    model_free(&model);
}

static void the_class_token_s_position_is_zero(void **state) {
    (void)state;
    Model model = model_of(POOL_CLASS, TENSOR_NAMES_TIMM);
    float *positions = given(&model, "pos_embed");
    for (size_t d = 0; d < D; d++)
        assert_true(positions[d] == 0.0f);
    assert_memory_equal(positions + D, ours_of(&model, "patch_embed/position"),
                        GRID * GRID * D * sizeof *positions);
    memory_free(positions);
    model_free(&model);
    model = model_of(POOL_MEAN, TENSOR_NAMES_TIMM);
    assert_int_equal(theirs_of(&model, "pos_embed")->shape[1], GRID * GRID);
    for (size_t i = 0; i < model.map.count; i++)
        assert_string_not_equal(model.map.tensor[i].name, "cls_token");
    model_free(&model);
}

static void check_round_trip(PoolKind pool, TensorNames names) {
    Model model = model_of(pool, names);
    float *back = test_array(model.table.floats, sizeof *back);
    for (size_t i = 0; i < model.map.count; i++) {
        float *values = given(&model, model.map.tensor[i].name);
        tensor_map_take(&model.map.tensor[i], &model.table, values, back);
        memory_free(values);
    }
    assert_memory_equal(back, model.weights, model.table.floats * sizeof *back);
    memory_free(back);
    model_free(&model);
}

static void all_come_back(void **state) {
    (void)state;
    check_round_trip(POOL_CLASS, TENSOR_NAMES_TIMM);
    check_round_trip(POOL_MEAN, TENSOR_NAMES_TIMM);
    check_round_trip(POOL_CLASS, TENSOR_NAMES_HUGGING_FACE);
    check_round_trip(POOL_CLASS, TENSOR_NAMES_OWN);
}

/* ---- what does not fit ---- */

static void what_does_not_fit_is_named_by_its_keys(void **state) {
    (void)state;
    Job job;
    assert_ok(job_parse(&job, "x.ini", "", 0, NULL)); /* the reference */
    ModelShape shape = model_shape(&job, 3, 100);
    assert_int_equal(tensor_map_check(TENSOR_NAMES_TIMM, &shape), STATUS_DATA);
    static const char *const keys[] = {"heads * key_dim = dim", "mlp_end = linear", "head = none",
                                       "pool = class or mean", "ONNX"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        assert_non_null(strstr(status_message(), keys[i]));
    assert_null(strstr(status_message(), "tokenizer"));
    assert_ok(tensor_map_check(TENSOR_NAMES_OWN, &shape));
    job = job_of(POOL_MEAN);
    shape = model_shape(&job, C, CLASSES);
    assert_ok(tensor_map_check(TENSOR_NAMES_TIMM, &shape));
    assert_int_equal(tensor_map_check(TENSOR_NAMES_HUGGING_FACE, &shape), STATUS_DATA);
    assert_non_null(strstr(status_message(), "[model] pool = class;"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timm_has_its_names),
        cmocka_unit_test(hugging_face_has_its_names),
        cmocka_unit_test(our_own_are_a_checkpoint_s),
        cmocka_unit_test(timm_finds_each_value),
        cmocka_unit_test(the_class_token_s_position_is_zero),
        cmocka_unit_test(all_come_back),
        cmocka_unit_test(what_does_not_fit_is_named_by_its_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
