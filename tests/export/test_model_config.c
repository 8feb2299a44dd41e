/* The JSON that timm and Hugging Face read, by another reader of JSON: what they need is there, for
 * classes of any name. */

#include "model_config.h"

#include "class_names.h"
#include "export/trained.h"
#include "folder.h"
#include <jansson.h>

static json_t *parsed(const TrainedModel *model, TensorNames names, size_t file) {
    json_error_t error;
    ModelConfig config;
    assert_ok(model_config_init(&config, model, names));
    assert_true(file < config.count);
    json_t *value = json_loads(config.file[file].text, JSON_REJECT_DUPLICATES, &error);
    if (!value)
        fail_msg("%s: %s", config.file[file].name, error.text);
    model_config_free(&config);
    return value;
}

static void check_texts(json_t *at, const char *const (*wanted)[2], size_t count) {
    for (size_t i = 0; i < count; i++) {
        const char *text = json_string_value(json_object_get(at, wanted[i][0]));
        assert_non_null(text);
        assert_string_equal(text, wanted[i][1]);
    }
}

typedef struct Number {
    const char *key;
    double value;
} Number;

static void check_numbers(json_t *at, const Number *wanted, size_t count) {
    for (size_t i = 0; i < count; i++) {
        assert_true(json_is_number(json_object_get(at, wanted[i].key)));
        assert_true(fabs(json_number_value(json_object_get(at, wanted[i].key)) - wanted[i].value) <
                    1e-12);
    }
}

static void check_numbers_of(json_t *array, const double *wanted, size_t count) {
    assert_int_equal(json_array_size(array), count);
    for (size_t i = 0; i < count; i++)
        assert_true(fabs(json_number_value(json_array_get(array, i)) - wanted[i]) < 1e-12);
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const double means[] = {0.2, 0.4, 0.5}, deviations[] = {0.255, 0.2, 0.1};

/* timm, vision_transformer.py: arguments of VisionTransformer; _pretrained.py: PretrainedCfg, which
 * knows no other keys */
static void timm_is_told_the_model_and_how_to_feed_it(void **state) {
    (void)state;
    static const char *const texts[][2] = {{"interpolation", "bilinear"},
                                           {"crop_mode", "squash"},
                                           {"first_conv", "patch_embed.proj"},
                                           {"classifier", "head"}};
    static const Number sizes[] = {{"img_size", 8},   {"patch_size", 4}, {"in_chans", 3},
                                   {"embed_dim", 12}, {"depth", 2},      {"num_heads", 3}};
    TrainedModel model = trained("model.pool=class");
    json_t *config = parsed(&model, TENSOR_NAMES_TIMM, 0);
    json_t *arguments = json_object_get(config, "model_args");
    json_t *feeding = json_object_get(config, "pretrained_cfg");
    check_numbers(arguments, sizes, COUNT(sizes));
    assert_true(json_is_true(json_object_get(arguments, "class_token")));
    assert_true(json_is_false(json_object_get(arguments, "fc_norm")));
    assert_string_equal(json_string_value(json_object_get(arguments, "global_pool")), "token");
    check_texts(feeding, texts, COUNT(texts));
    check_numbers_of(json_object_get(feeding, "input_size"), (const double[]){3, 8, 8}, 3);
    check_numbers_of(json_object_get(feeding, "mean"), means, 3);
    check_numbers_of(json_object_get(feeding, "std"), deviations, 3);
    /* Where they differ, timm drops the head. */
    assert_int_equal(json_integer_value(json_object_get(config, "num_classes")), 4);
    assert_int_equal(json_integer_value(json_object_get(feeding, "num_classes")), 4);
    assert_int_equal(json_object_size(feeding), 10);
    json_t *names = json_object_get(config, "label_names");
    assert_string_equal(json_string_value(json_array_get(names, 3)), "dog");
    json_decref(config);
    trained_model_free(&model);
}

static void timm_s_mean_is_of_what_is_normed(void **state) {
    (void)state;
    TrainedModel model = trained("model.pool=mean");
    json_t *config = parsed(&model, TENSOR_NAMES_TIMM, 0);
    json_t *arguments = json_object_get(config, "model_args");
    assert_true(json_is_false(json_object_get(arguments, "class_token")));
    assert_true(json_is_false(json_object_get(arguments, "fc_norm")));
    assert_string_equal(json_string_value(json_object_get(arguments, "global_pool")), "avg");
    json_decref(config);
    trained_model_free(&model);
}

/* timm, _builder.py and _manipulate.py, load_pretrained and adapt_input_conv. */
static void timm_leaves_the_first_layer_of_other_channels_alone(void **state) {
    (void)state;
    for (size_t channels = 1; channels <= 4; channels++) {
        TrainedModel model = trained("model.pool=class");
        model.shape.channels = model.data.channels = channels;
        json_t *config = parsed(&model, TENSOR_NAMES_TIMM, 0);
        json_t *feeding = json_object_get(config, "pretrained_cfg");
        assert_int_equal(json_object_get(feeding, "first_conv") != NULL, channels == 3);
        assert_int_equal(json_array_size(json_object_get(feeding, "mean")), channels);
        assert_int_equal(
            json_integer_value(json_array_get(json_object_get(feeding, "input_size"), 0)),
            channels);
        json_decref(config);
        trained_model_free(&model);
    }
}

/* Its layer is int(dim * mlp_ratio) wide. */
static void the_ratio_gives_the_width_back(void **state) {
    (void)state;
    TrainedModel model = trained("model.pool=mean");
    for (size_t dim = 1; dim < 200; dim += 3)
        for (size_t hidden = 1; hidden < 800; hidden += 7) {
            model.shape.D = dim;
            model.shape.mlp = (SizeList){.count = 2, .value = {hidden, dim}};
            json_t *config = parsed(&model, TENSOR_NAMES_TIMM, 0);
            const double ratio = json_number_value(
                json_object_get(json_object_get(config, "model_args"), "mlp_ratio"));
            assert_int_equal((size_t)((double)dim * ratio), hidden);
            json_decref(config);
        }
    trained_model_free(&model);
}

/* transformers, configuration_vit.py, image_processing_vit.py */
static void hugging_face_is_told_the_model_and_how_to_feed_it(void **state) {
    (void)state;
    static const Number sizes[] = {{"hidden_size", 12},        {"num_hidden_layers", 2},
                                   {"num_attention_heads", 3}, {"intermediate_size", 20},
                                   {"layer_norm_eps", 1e-6},   {"image_size", 8},
                                   {"patch_size", 4},          {"num_channels", 3}};
    static const char *const texts[][2] = {{"model_type", "vit"}, {"hidden_act", "gelu"}};
    static const char *const processor[][2] = {{"image_processor_type", "ViTImageProcessor"}};
    static const Number feeding[] = {{"resample", 2}, {"rescale_factor", 1.0 / 255.0}};
    TrainedModel model = trained("model.pool=class");
    json_t *config = parsed(&model, TENSOR_NAMES_HUGGING_FACE, 0);
    check_numbers(config, sizes, COUNT(sizes));
    check_texts(config, texts, COUNT(texts));
    assert_true(json_is_true(json_object_get(config, "qkv_bias")));
    json_decref(config);
    json_t *pictures = parsed(&model, TENSOR_NAMES_HUGGING_FACE, 1);
    check_texts(pictures, processor, COUNT(processor));
    check_numbers(pictures, feeding, COUNT(feeding));
    check_numbers_of(json_object_get(pictures, "image_mean"), means, 3);
    check_numbers_of(json_object_get(pictures, "image_std"), deviations, 3);
    json_t *size = json_object_get(pictures, "size");
    check_numbers(size, (const Number[]){{"height", 8}, {"width", 8}}, 2);
    json_decref(pictures);
    trained_model_free(&model);
}

/* ---- names ---- */

/* All found by their numbers, and the numbers by them. */
static void check_labels(const char *names, const char *const *wanted) {
    TrainedModel model = trained("model.pool=class");
    memcpy(model.data.name, names, (size_t)TRAINED_CLASSES * model.data.name_bytes);
    json_t *config = parsed(&model, TENSOR_NAMES_HUGGING_FACE, 0);
    json_t *by_number = json_object_get(config, "id2label");
    json_t *by_name = json_object_get(config, "label2id");
    assert_int_equal(json_object_size(by_number), TRAINED_CLASSES);
    assert_int_equal(json_object_size(by_name), TRAINED_CLASSES);
    for (int i = 0; i < TRAINED_CLASSES; i++) {
        char number[12];
        snprintf(number, sizeof number, "%d", i);
        assert_string_equal(json_string_value(json_object_get(by_number, number)), wanted[i]);
        assert_int_equal(json_integer_value(json_object_get(by_name, wanted[i])), i);
    }
    json_decref(config);
    trained_model_free(&model);
}

static void any_name_comes_through(void **state) {
    (void)state;
    check_labels("a\"b\0\0\0\0\0c\\d\0\0\0\0\0\303\244\n\0\0\0\0\0/</a>\0\0\0",
                 (const char *const[]){"a\"b", "c\\d", "\303\244\n", "/</a>"});
    /* No UTF-8: an e with its accent, alone and before eight bytes are full. */
    check_labels("\351t\351\0\0\0\0\0"
                 "1234567\351"
                 "\0\0\0\0\0\0\0\0"
                 "x\0\0\0\0\0\0",
                 (const char *const[]){"\303\251t\303\251", "1234567\303\251", "", "x"});
}

static void classes_of_one_name_are_told_apart(void **state) {
    (void)state;
    check_labels("crane\0\0\0ox\0\0\0\0\0\0crane\0\0\0ox\0\0\0\0\0",
                 (const char *const[]){"crane", "ox", "crane (2)", "ox (3)"});
    check_labels("a (2)\0\0\0a\0\0\0\0\0\0\0a\0\0\0\0\0\0\0a (2)\0\0",
                 (const char *const[]){"a (2)", "a", "a (2, 1)", "a (2) (3)"});
}

/* As of a data file without names. */
static void classes_without_names_are_counted(void **state) {
    (void)state;
    TrainedModel model = trained("model.pool=class");
    model.data.classes = 0;
    json_t *config = parsed(&model, TENSOR_NAMES_HUGGING_FACE, 0);
    assert_null(json_object_get(config, "id2label"));
    assert_int_equal(json_integer_value(json_object_get(config, "num_labels")), TRAINED_CLASSES);
    json_decref(config);
    config = parsed(&model, TENSOR_NAMES_TIMM, 0);
    /* timm, data/imagenet_info.py, infer_imagenet_subset: without, 1000 classes are ImageNet's. */
    json_t *names = json_object_get(config, "label_names");
    assert_int_equal(json_array_size(names), TRAINED_CLASSES);
    assert_string_equal(json_string_value(json_array_get(names, 3)), "3");
    json_decref(config);
    trained_model_free(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(timm_is_told_the_model_and_how_to_feed_it),
        test_in_folder(timm_s_mean_is_of_what_is_normed),
        test_in_folder(timm_leaves_the_first_layer_of_other_channels_alone),
        test_in_folder(the_ratio_gives_the_width_back),
        test_in_folder(hugging_face_is_told_the_model_and_how_to_feed_it),
        test_in_folder(any_name_comes_through),
        test_in_folder(classes_of_one_name_are_told_apart),
        test_in_folder(classes_without_names_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
