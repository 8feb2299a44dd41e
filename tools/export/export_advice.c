#include "export_advice.h"

#include "model_config.h"
#include "vit/file.h"
#include "vit/log.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const whose[] = {"our own", "timm's", "Hugging Face's"};

static void show_what(const TrainedModel *model, const ExportWish *wish) {
    const char *weights = model->averaged ? "averaged weights" : "weights";
    if (wish->form == EXPORT_ONNX)
        log_info("%s: the model with its %s (ONNX, operator set 17)", wish->out, weights);
    else
        log_info("%s: the %s, %zu values, by %s names%s", wish->out, weights,
                 model->table.trainable, whose[wish->names],
                 wish->form == EXPORT_FOLDER ? ", and what loads them" : "");
}

/* A text as Python has it, in quotes, for the caller to free; NULL where it is no UTF-8. */
static char *quote(const char *before, const char *text) {
    json_t *value = json_sprintf("%s%s", before, text);
    char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;
    json_decref(value);
    return quoted;
}

static void show_line(const ExportWish *wish) {
    const bool in_timm = wish->form == EXPORT_FOLDER && wish->names == TENSOR_NAMES_TIMM;
    char *quoted = quote(in_timm ? "local-dir:" : "", wish->out);
    const char *file = quoted ? quoted : "...";
    if (wish->form == EXPORT_ONNX)
        log_info("In Python: onnxruntime.InferenceSession(%s).run(None, {\"pixel_values\": x})",
                 file);
    else if (wish->form == EXPORT_SAFETENSORS)
        log_info("In Python: safetensors.torch.load_file(%s)", file);
    else if (in_timm)
        log_info("In Python: timm.create_model(%s, pretrained=True)", file);
    else
        log_info("In Python: transformers.AutoModelForImageClassification.from_pretrained(%s)",
                 file);
    free(quoted);
}

/* Values of up to 13 characters, however large they are, and what is between them. */
enum { VALUES_TEXT = 16 * CHECKPOINT_CHANNELS_MOST };

static const char *list(const CheckpointData *data, double (*value)(const CheckpointData *, size_t),
                        char text[static VALUES_TEXT]) {
    int used = 0;
    for (size_t c = 0; c < data->channels; c++)
        used += snprintf(text + used, VALUES_TEXT - (size_t)used, "%s%.6g", c ? ", " : "",
                         value(data, c));
    return text;
}

static void show_feeding(const TrainedModel *model) {
    char mean[VALUES_TEXT], deviation[VALUES_TEXT];
    const size_t side = model->shape.image_size;
    if (model->data.channels == 0)
        log_warning("how pictures are normalized is not known: the checkpoint is of a release "
                    "before 0.4.0");
    else
        log_info("Pictures: resized to %zu x %zu (bilinear), from 0 to 1, then normalized by the "
                 "means %s and deviations %s of their channels",
                 side, side, list(&model->data, model_config_mean, mean),
                 list(&model->data, model_config_deviation, deviation));
}

/* Hugging Face's transformers prefer it to what config.json tells. */
static void warn_of_processor(const ExportWish *wish) {
    static const char name[] = "preprocessor_config.json";
    char path[FILE_PATH_MAX];
    if (wish->form == EXPORT_FOLDER && wish->names == TENSOR_NAMES_TIMM &&
        snprintf(path, sizeof path, "%s/%s", wish->out, name) < FILE_PATH_MAX && file_exists(path))
        log_warning("%s: is of an earlier export, and transformers would feed this model by it: "
                    "remove it unless it fits",
                    path);
}

void export_advice_show(const TrainedModel *model, const ExportWish *wish) {
    show_what(model, wish);
    show_line(wish);
    show_feeding(model);
    warn_of_processor(wish);
}
