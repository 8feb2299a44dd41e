#include "model_config.h"

#include "class_names.h"
#include "utf8_text.h"
#include "vit/memory.h"
#include "vit/version.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double pixel_most = 255.0;

/* Of real numbers: as many as any decimal number keeps in a double. */
enum { DIGITS = 15 };

double model_config_mean(const CheckpointData *data, size_t channel) {
    return data->mean[channel] / pixel_most;
}

double model_config_deviation(const CheckpointData *data, size_t channel) {
    return sqrt(data->variance[channel]) / pixel_most;
}

static json_t *of_channels(const CheckpointData *data,
                           double (*value)(const CheckpointData *, size_t)) {
    json_t *values = json_array();
    for (size_t c = 0; c < data->channels; c++)
        if (json_array_append_new(values, json_real(value(data, c))) != 0) {
            json_decref(values);
            return NULL;
        }
    return values;
}

static json_int_t whole(size_t value) {
    return (json_int_t)value;
}

/* Takes value. NULL, which is not valid, where there is no memory. */
static char *text_of(json_t *value, size_t flags) {
    char *text = json_dumps(value, flags | JSON_REAL_PRECISION(DIGITS));
    json_decref(value);
    return text;
}

/* ---- timm ---- */

/* timm makes of it, as it is written, int(dim * ratio), which shall be the hidden layer's width. */
static double mlp_ratio(const ModelShape *shape) {
    char text[DIGITS + 16];
    const double dim = (double)shape->D, width = (double)shape->mlp.value[0];
    for (double ratio = width / dim;; ratio *= 1.0 + 1e-14) {
        snprintf(text, sizeof text, "%.*g", DIGITS, ratio);
        if (dim * strtod(text, NULL) >= width)
            return ratio;
    }
}

/* What makes its model of another architecture's name this one. */
static json_t *timm_arguments(const ModelShape *shape) {
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:b, s:s, s:b}", "img_size",
                     whole(shape->image_size), "patch_size", whole(shape->patch_size), "in_chans",
                     whole(shape->channels), "embed_dim", whole(shape->D), "depth",
                     whole(shape->depth), "num_heads", whole(shape->H), "mlp_ratio",
                     mlp_ratio(shape), "class_token", shape->pool == POOL_CLASS, "global_pool",
                     shape->pool == POOL_CLASS ? "token" : "avg",
                     /* The norm stands before the mean, not behind it. */
                     "fc_norm", 0);
}

/* The layer that first_conv names is made by timm for the channels that are asked for: out of one
 * of three channels, as many releases of it believe, whatever input_size says. Of two or four they
 * make none, and it stays random, with no more than a warning. */
static int add_first_layer(json_t *feeding, const ModelShape *shape) {
    return shape->channels == 3
               ? json_object_set_new(feeding, "first_conv", json_string("patch_embed.proj"))
               : 0;
}

static json_t *timm_feeding(const TrainedModel *model) {
    const ModelShape *shape = &model->shape;
    json_t *feeding =
        json_pack("{s:[I, I, I], s:b, s:s, s:f, s:s, s:o, s:o, s:I, s:s}", "input_size",
                  whole(shape->channels), whole(shape->image_size), whole(shape->image_size),
                  "fixed_input_size", 1, "interpolation", "bilinear", "crop_pct", 1.0, "crop_mode",
                  "squash", "mean", of_channels(&model->data, model_config_mean), "std",
                  of_channels(&model->data, model_config_deviation), "num_classes",
                  whole(shape->classes), "classifier", "head");
    if (feeding && add_first_layer(feeding, shape) == 0)
        return feeding;
    json_decref(feeding);
    return NULL;
}

/* Whether the checkpoint has one for each class. */
static bool has_names(const TrainedModel *model) {
    return model->data.classes == model->shape.classes;
}

/* Of 1000 classes without names, and of other well-known numbers, timm and what is built on it
 * believe that they are ImageNet's. */
static json_t *timm_names(const TrainedModel *model) {
    return has_names(model) ? class_names_json(&model->data)
                            : class_numbers_json(model->shape.classes);
}

static json_t *timm_config(const TrainedModel *model) {
    const ModelShape *shape = &model->shape;
    json_t *config =
        json_pack("{s:s, s:I, s:I, s:s, s:o, s:o}", "architecture", "vit_tiny_patch16_224",
                  "num_classes", whole(shape->classes), "num_features", whole(shape->D),
                  "global_pool", shape->pool == POOL_CLASS ? "token" : "avg", "model_args",
                  timm_arguments(shape), "pretrained_cfg", timm_feeding(model));
    if (!config || json_object_set_new(config, "label_names", timm_names(model)) == 0)
        return config;
    json_decref(config);
    return NULL;
}

/* ---- Hugging Face ---- */

/* By number, and back. */
static int add_labels(json_t *config, const TrainedModel *model) {
    json_t *names = class_names_json(&model->data), *by_number = json_object(),
           *by_name = json_object();
    int failed = !names;
    for (size_t i = 0; i < json_array_size(names); i++) {
        char number[24];
        json_t *name = json_array_get(names, i);
        snprintf(number, sizeof number, "%zu", i);
        failed |= json_object_set(by_number, number, name);
        failed |= json_object_set_new(by_name, json_string_value(name), json_integer(whole(i)));
    }
    json_decref(names);
    failed |= json_object_set_new(config, "id2label", by_number);
    return failed | json_object_set_new(config, "label2id", by_name);
}

static json_t *hugging_config(const TrainedModel *model) {
    const ModelShape *shape = &model->shape;
    json_t *config = json_pack(
        "{s:[s], s:s, s:I, s:I, s:I, s:I, s:s, s:f, s:f, s:f, s:I, s:I, s:I, s:b, s:I, s:s}",
        "architectures", "ViTForImageClassification", "model_type", "vit", "hidden_size",
        whole(shape->D), "num_hidden_layers", whole(shape->depth), "num_attention_heads",
        whole(shape->H), "intermediate_size", whole(shape->mlp.value[0]), "hidden_act", "gelu",
        "hidden_dropout_prob", shape->dropout, "attention_probs_dropout_prob",
        shape->attention_dropout, "layer_norm_eps", 1e-6, "image_size", whole(shape->image_size),
        "patch_size", whole(shape->patch_size), "num_channels", whole(shape->channels), "qkv_bias",
        1, "encoder_stride", whole(shape->patch_size), "torch_dtype", "float32");
    const int failed = has_names(model) ? add_labels(config, model)
                                        : json_object_set_new(config, "num_labels",
                                                              json_integer(whole(shape->classes)));
    if (!failed)
        return config;
    json_decref(config);
    return NULL;
}

static json_t *hugging_feeding(const TrainedModel *model) {
    const json_int_t side = whole(model->shape.image_size), bilinear = 2; /* Pillow's number */
    return json_pack("{s:s, s:b, s:{s:I, s:I}, s:I, s:b, s:f, s:b, s:o, s:o}",
                     "image_processor_type", "ViTImageProcessor", "do_resize", 1, "size", "height",
                     side, "width", side, "resample", bilinear, "do_rescale", 1, "rescale_factor",
                     1.0 / pixel_most, "do_normalize", 1, "image_mean",
                     of_channels(&model->data, model_config_mean), "image_std",
                     of_channels(&model->data, model_config_deviation));
}

/* ---- files ---- */

static Status add_file(ModelConfig *config, const char *name, json_t *content) {
    ConfigFile *file = &config->file[config->count];
    *file = (ConfigFile){name, text_of(content, JSON_INDENT(2))};
    if (!file->text)
        return status_fail(STATUS_INTERNAL, "%s: out of memory", name);
    config->count++;
    return STATUS_OK;
}

Status model_config_init(ModelConfig *config, const TrainedModel *model, TensorNames names) {
    *config = (ModelConfig){0};
    if (names == TENSOR_NAMES_TIMM)
        return add_file(config, "config.json", timm_config(model));
    STATUS_TRY(add_file(config, "config.json", hugging_config(model)));
    return add_file(config, "preprocessor_config.json", hugging_feeding(model));
}

void model_config_free(ModelConfig *config) {
    for (size_t i = 0; i < config->count; i++)
        free(config->file[i].text);
    *config = (ModelConfig){0};
}

/* ---- notes ---- */

static void add_note(ModelNotes *notes, const char *key, const char *text) {
    notes->key[notes->count] = key;
    notes->text[notes->count++] = text;
}

static Status add_made(ModelNotes *notes, const char *key, json_t *value) {
    char *text = text_of(value, JSON_COMPACT);
    if (!text)
        return status_fail(STATUS_INTERNAL, "%s: out of memory", key);
    notes->made[notes->count] = text;
    add_note(notes, key, text);
    return STATUS_OK;
}

/* Its paths and names are in whatever encoding the job file was. */
static Status add_job(ModelNotes *notes, const char *text) {
    const size_t bytes = strlen(text);
    STATUS_TRY(memory_allocate(&notes->job, 2 * bytes + 1, 1, "a job's text"));
    utf8_text_put(text, bytes, notes->job);
    add_note(notes, "vit_mpi.job", notes->job);
    return STATUS_OK;
}

Status model_notes_init(ModelNotes *notes, const TrainedModel *model) {
    *notes = (ModelNotes){0};
    add_note(notes, "vit_mpi.version", version_text);
    STATUS_TRY(add_job(notes, model->job_text));
    if (model->data.channels == 0)
        return STATUS_OK;
    STATUS_TRY(add_made(notes, "vit_mpi.mean", of_channels(&model->data, model_config_mean)));
    STATUS_TRY(add_made(notes, "vit_mpi.std", of_channels(&model->data, model_config_deviation)));
    return has_names(model) ? add_made(notes, "vit_mpi.classes", class_names_json(&model->data))
                            : STATUS_OK;
}

void model_notes_free(ModelNotes *notes) {
    for (size_t i = 0; i < MODEL_NOTES_MOST; i++)
        free(notes->made[i]);
    memory_free(notes->job);
    *notes = (ModelNotes){0};
}
