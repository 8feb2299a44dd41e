#include "export.h"

#include "export_tensors.h"
#include "model_config.h"
#include "unfinished.h"
#include "vit/file.h"
#include "vit/onnx.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- what fits ---- */

static Status check_names(const TrainedModel *model, TensorNames names) {
    char why[1024];
    const Status status = tensor_map_check(names, &model->shape);
    if (status == STATUS_OK || names != TENSOR_NAMES_HUGGING_FACE)
        return status;
    snprintf(why, sizeof why, "%s", status_message());
    if (tensor_map_check(TENSOR_NAMES_TIMM, &model->shape) != STATUS_OK)
        return status_fail(status, "%s", why);
    return status_fail(status,
                       "%s; and Hugging Face's transformers load the folder that --for timm makes "
                       "of this one",
                       why);
}

Status export_check(const TrainedModel *model, const ExportWish *wish) {
    if (wish->form == EXPORT_ONNX)
        return STATUS_OK;
    STATUS_TRY(check_names(model, wish->names));
    if (wish->form == EXPORT_FOLDER && model->data.channels == 0)
        return status_fail(STATUS_DATA,
                           "the checkpoint, of a release before 0.4.0, does not tell how pictures "
                           "are normalized, which config.json has to; OUT.safetensors%s and "
                           "OUT.onnx hold the model without that",
                           wish->names == TENSOR_NAMES_TIMM ? " with --for timm"
                                                            : " with --for huggingface");
    return STATUS_OK;
}

/* ---- ONNX ---- */

static Status write_onnx(const TrainedModel *model, const char *path) {
    ModelNotes notes;
    OnnxNote note[MODEL_NOTES_MOST];
    Status status = model_notes_init(&notes, model);
    for (size_t i = 0; i < notes.count; i++)
        note[i] = (OnnxNote){notes.key[i], notes.text[i]};
    if (status == STATUS_OK)
        status = onnx_write(path, &model->shape, &model->table, model->weights, note, notes.count);
    model_notes_free(&notes);
    return status;
}

/* ---- a folder ---- */

/* A small file under its temporary name: it takes its place when the weights have theirs. */
typedef struct Waiting {
    char path[FILE_PATH_MAX], temporary[FILE_PATH_MAX];
} Waiting;

static Status name_in(const char *folder, const char *name, char path[static FILE_PATH_MAX]) {
    if (snprintf(path, FILE_PATH_MAX, "%s/%s", folder, name) >= FILE_PATH_MAX)
        return status_fail(STATUS_IO, "%s: the path is longer than %d bytes", folder,
                           FILE_PATH_MAX - 1);
    return STATUS_OK;
}

static Status put_text(const char *path, const char *text) {
    FILE *stream = fopen(path, "w");
    if (!stream)
        return status_fail(STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
    int error = fprintf(stream, "%s\n", text) >= 0 ? 0 : errno;
    if (fclose(stream) != 0 && !error)
        error = errno;
    return error ? status_fail(STATUS_IO, "%s: cannot be written: %s", path, strerror(error))
                 : STATUS_OK;
}

static Status put_waiting(Waiting *waiting, const char *folder, const ConfigFile *file) {
    struct stat found;
    STATUS_TRY(name_in(folder, file->name, waiting->path));
    if (stat(waiting->path, &found) == 0 && S_ISDIR(found.st_mode))
        return status_fail(STATUS_IO, "%s: is a folder", waiting->path);
    STATUS_TRY(file_temporary(waiting->path, waiting->temporary));
    STATUS_TRY(unfinished_add(waiting->path));
    return put_text(waiting->temporary, file->text);
}

/* All that can fail for lack of room comes before the first file is replaced. */
static Status write_files(const TrainedModel *model, const ExportWish *wish,
                          const ModelConfig *config) {
    Waiting waiting[CONFIG_FILES_MOST] = {0};
    char weights[FILE_PATH_MAX];
    Status status = name_in(wish->out, "model.safetensors", weights);
    for (size_t i = 0; status == STATUS_OK && i < config->count; i++)
        status = put_waiting(&waiting[i], wish->out, &config->file[i]);
    if (status == STATUS_OK)
        status = unfinished_add(weights);
    if (status == STATUS_OK)
        status = export_tensors_write(model, wish->names, weights);
    for (size_t i = 0; i < config->count; i++)
        if (status == STATUS_OK)
            status = file_commit(waiting[i].temporary, waiting[i].path);
        else
            remove(waiting[i].temporary);
    return status;
}

static Status write_folder(const TrainedModel *model, const ExportWish *wish) {
    ModelConfig config;
    Status status = model_config_init(&config, model, wish->names);
    if (status == STATUS_OK)
        status = file_make_folder(wish->out);
    if (status == STATUS_OK)
        status = write_files(model, wish, &config);
    model_config_free(&config);
    return status;
}

static Status write_wish(const TrainedModel *model, const ExportWish *wish) {
    if (wish->form == EXPORT_FOLDER)
        return write_folder(model, wish);
    STATUS_TRY(unfinished_add(wish->out));
    return wish->form == EXPORT_ONNX ? write_onnx(model, wish->out)
                                     : export_tensors_write(model, wish->names, wish->out);
}

Status export_write(const TrainedModel *model, const ExportWish *wish) {
    STATUS_TRY(export_check(model, wish));
    const Status status = write_wish(model, wish);
    unfinished_remove();
    return status;
}
