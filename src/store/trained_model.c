#include "vit/trained_model.h"

#include "vit/memory.h"

/* The averaged weights are no checkpoint's weights, but a state of their own. */
static Status read_tensors(TrainedModel *model, const char *path) {
    Checkpoint checkpoint = {.table = &model->table, .history = &model->history};
    STATUS_TRY(checkpoint_has_state(path, CHECKPOINT_AVERAGE, &model->averaged));
    if (model->averaged) {
        checkpoint.states = 1;
        checkpoint.state[0] = (CheckpointState){CHECKPOINT_AVERAGE, model->weights};
    } else {
        checkpoint.weights = model->weights;
    }
    STATUS_TRY(checkpoint_read(path, &checkpoint));
    model->progress = checkpoint.progress;
    model->build = checkpoint.build;
    return STATUS_OK;
}

/* By the statistics of other channels the model is not fed. */
static Status check_data(const TrainedModel *model, const char *path) {
    if (model->data.channels == 0 || model->data.channels == model->shape.channels)
        return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: /data @channels: is %llu, of a model of %zu", path,
                       (unsigned long long)model->data.channels, model->shape.channels);
}

Status trained_model_read(TrainedModel *model, const char *path) {
    *model = (TrainedModel){0};
    STATUS_TRY(checkpoint_read_model(path, &model->job, &model->shape));
    STATUS_TRY(checkpoint_read_job(path, &model->job_text));
    STATUS_TRY(checkpoint_read_data(path, &model->data));
    STATUS_TRY(check_data(model, path));
    STATUS_TRY(parameter_table_init(&model->table, &model->shape));
    STATUS_TRY(memory_allocate(&model->weights, model->table.floats, sizeof *model->weights,
                               "the weights"));
    return read_tensors(model, path);
}

void trained_model_free(TrainedModel *model) {
    history_free(&model->history);
    memory_free(model->weights);
    parameter_table_free(&model->table);
    checkpoint_data_free(&model->data);
    memory_free(model->job_text);
    *model = (TrainedModel){0};
}
