#include "weights_source.h"

#include "foreign_weights.h"
#include "vit/h5.h"
#include "vit/memory.h"
#include "vit/safetensors.h"
#include "vit/size.h"
#include "vit/trained_model.h"
#include "wrong.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static Status check_finite(const WeightsSource *source, const char *path) {
    for (size_t i = 0; i < source->table.count; i++) {
        const Parameter *entry = &source->table.entry[i];
        STATUS_TRY(
            wrong_unless_finite(path, entry->name, entry->count, source->values + entry->offset));
    }
    return STATUS_OK;
}

/* ---- a checkpoint ---- */

/* Its table and weights become the source's. */
static Status take_model(WeightsSource *source, const char *path, const Job *job,
                         TrainedModel *model) {
    STATUS_TRY(trained_model_read(model, path));
    STATUS_TRY(job_check_start(&model->job, job, path));
    source->averaged = model->averaged;
    source->data = model->data;
    source->table = model->table;
    source->values = model->weights;
    model->data = (CheckpointData){0};
    model->table = (ParameterTable){0};
    model->weights = NULL;
    return check_finite(source, path);
}

static Status read_checkpoint(WeightsSource *source, const char *path, const Job *job) {
    TrainedModel model;
    source->checkpoint = true;
    const Status status = take_model(source, path, job, &model);
    trained_model_free(&model);
    return status;
}

/* ---- safetensors under our own names ---- */

static Status describe(const Safetensors *file, ParameterTable *table) {
    STATUS_TRY(memory_allocate(&table->entry, file->count, sizeof *table->entry, "tensors' names"));
    for (; table->count < file->count; table->count++) {
        const SafetensorsTensor *tensor = &file->tensor[table->count];
        Parameter *entry = &table->entry[table->count];
        if (tensor->axes > PARAMETER_AXES_MOST || strlen(tensor->name) >= sizeof entry->name)
            return status_fail(STATUS_DATA, "%s: tensor '%s', of %zu axes, is none of ours",
                               file->path, tensor->name, tensor->axes);
        memcpy(entry->name, tensor->name, strlen(tensor->name) + 1);
        entry->axes = tensor->axes;
        for (size_t i = 0; i < PARAMETER_AXES_MOST; i++)
            entry->shape[i] = i < tensor->axes ? (size_t)tensor->shape[i] : 1;
        entry->count = (size_t)tensor->count;
        entry->offset = table->floats;
        table->floats += size_round_up(entry->count, MEMORY_LINE_FLOATS);
    }
    return STATUS_OK;
}

static Status read_own(WeightsSource *source, const Safetensors *file) {
    STATUS_TRY(describe(file, &source->table));
    STATUS_TRY(memory_allocate(&source->values, source->table.floats, sizeof *source->values,
                               "the file's weights"));
    for (size_t i = 0; i < file->count; i++)
        STATUS_TRY(safetensors_read(file, &file->tensor[i],
                                    source->values + source->table.entry[i].offset));
    return check_finite(source, file->path);
}

/* ---- any file ---- */

/* Files that vit_export made tell the job of the run that their weights are from, and so more than
 * their tensors do: how many heads there are. */
static Status check_job(const Safetensors *file, const Job *job) {
    Job stored;
    const char *text = safetensors_note(file, "vit_mpi.job");
    if (!text)
        return STATUS_OK;
    const Status status = job_parse_resolved(&stored, file->path, text, 0, NULL);
    if (status == STATUS_CONFIG)
        return status_fail(STATUS_DATA, "%s", status_message());
    return status == STATUS_OK ? job_check_start(&stored, job, file->path) : status;
}

/* A note that is an array in JSON, or NULL. json_decref. */
static json_t *array_of(const Safetensors *file, const char *key) {
    const char *text = safetensors_note(file, key);
    json_t *array = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json_is_array(array))
        return array;
    json_decref(array);
    return NULL;
}

enum { CLASSES_MOST = 65536, CLASS_BYTES = 1024 };

/* Names that are none, or that nobody would give, make all of them unknown. */
static Status take_classes(const json_t *names, CheckpointData *data) {
    const size_t count = json_array_size(names);
    size_t longest = 0;
    for (size_t i = 0; i < count; i++) {
        const json_t *name = json_array_get(names, i);
        if (!json_is_string(name))
            return STATUS_OK;
        longest = size_larger(longest, json_string_length(name));
    }
    if (count == 0 || count > CLASSES_MOST || longest >= CLASS_BYTES)
        return STATUS_OK;
    STATUS_TRY(memory_allocate(&data->name, count, longest + 1, "classes' names"));
    data->classes = count;
    data->name_bytes = longest + 1;
    for (size_t i = 0; i < count; i++)
        snprintf(data->name + i * data->name_bytes, data->name_bytes, "%s",
                 json_string_value(json_array_get(names, i)));
    return STATUS_OK;
}

/* Of pixels up to 1, as others have them. */
static void take_means(const json_t *means, CheckpointData *data) {
    const size_t count = json_array_size(means);
    if (count > CHECKPOINT_CHANNELS_MOST)
        return;
    data->channels = count;
    for (size_t c = 0; c < count; c++)
        data->mean[c] = 255.0 * json_number_value(json_array_get(means, c));
}

/* Files that vit_export made tell of their data what a checkpoint does, but for the variance. */
static Status read_data(const Safetensors *file, CheckpointData *data) {
    json_t *classes = array_of(file, "vit_mpi.classes"), *means = array_of(file, "vit_mpi.mean");
    const Status status = take_classes(classes, data);
    take_means(means, data);
    json_decref(classes);
    json_decref(means);
    return status;
}

static Status read_named(WeightsSource *source, const Safetensors *file, const Job *job,
                         const ModelShape *shape) {
    STATUS_TRY(check_job(file, job));
    STATUS_TRY(read_data(file, &source->data));
    if (safetensors_find(file, "norm/gamma"))
        return read_own(source, file);
    if (foreign_weights_names(file, &source->names))
        return foreign_weights_read(source, file, shape);
    return status_fail(STATUS_DATA,
                       "%s: holds no vision transformer under our names (norm/gamma), timm's "
                       "(patch_embed.proj.weight) or Hugging Face's "
                       "(vit.embeddings.patch_embeddings.projection.weight)%s%s",
                       file->path, file->count ? ", but " : "",
                       file->count ? file->tensor[0].name : "");
}

static Status read_safetensors(WeightsSource *source, const char *path, const Job *job,
                               const ModelShape *shape) {
    Safetensors file;
    STATUS_TRY(safetensors_open(&file, path));
    const Status status = read_named(source, &file, job, shape);
    safetensors_close(&file);
    return status;
}

Status weights_source_open(WeightsSource *source, const char *path, const Job *job,
                           const ModelShape *shape) {
    *source = (WeightsSource){.names = TENSOR_NAMES_OWN};
    return h5_may_be(path) ? read_checkpoint(source, path, job)
                           : read_safetensors(source, path, job, shape);
}

void weights_source_close(WeightsSource *source) {
    parameter_table_free(&source->table);
    memory_free(source->values);
    memory_free(source->left_name);
    checkpoint_data_free(&source->data);
    *source = (WeightsSource){0};
}
