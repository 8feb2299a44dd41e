#include "export_tensors.h"

#include "model_config.h"
#include "vit/memory.h"
#include "vit/safetensors.h"
#include <string.h>

/* The tensors of a file while they are put together. */
typedef struct Tensors {
    TensorMap map;
    SafetensorsSource *source; /* [map.count] */
    float *values;             /* of those that lie otherwise in the flat vector */
} Tensors;

static void tensors_free(Tensors *tensors) {
    memory_free(tensors->values);
    memory_free(tensors->source);
    tensor_map_free(&tensors->map);
}

/* Whether all values of one of ours stand there in the same order. */
static bool lies_alike(const MapTensor *tensor) {
    return tensor->parts == 1 && tensor->part[0].view[0] == tensor->count;
}

/* Their values, in `values`, of which it takes as many as it needs, or where they are. */
static const float *values_of(const MapTensor *tensor, const TrainedModel *model, float **values) {
    if (lies_alike(tensor))
        return model->weights + model->table.entry[tensor->part[0].entry].offset;
    float *made = *values;
    tensor_map_give(tensor, &model->table, model->weights, made);
    *values += tensor->count;
    return made;
}

static Status tensors_init(Tensors *tensors, const TrainedModel *model, TensorNames names) {
    size_t moved = 0;
    *tensors = (Tensors){0};
    STATUS_TRY(tensor_map_init(&tensors->map, names, &model->shape, &model->table));
    const TensorMap *map = &tensors->map;
    for (size_t i = 0; i < map->count; i++)
        moved += lies_alike(&map->tensor[i]) ? 0 : map->tensor[i].count;
    STATUS_TRY(memory_allocate(&tensors->source, map->count, sizeof *tensors->source, "tensors"));
    STATUS_TRY(memory_allocate(&tensors->values, moved, sizeof *tensors->values, "the weights"));
    float *next = tensors->values;
    for (size_t i = 0; i < map->count; i++) {
        SafetensorsSource *source = &tensors->source[i];
        *source = (SafetensorsSource){.name = map->tensor[i].name, .axes = map->tensor[i].axes};
        for (size_t k = 0; k < source->axes; k++)
            source->shape[k] = map->tensor[i].shape[k];
        source->values = values_of(&map->tensor[i], model, &next);
    }
    return STATUS_OK;
}

Status export_tensors_write(const TrainedModel *model, TensorNames names, const char *path) {
    SafetensorsNote note[MODEL_NOTES_MOST + 1] = {{"format", "pt"}};
    Tensors tensors;
    ModelNotes notes;
    Status status = model_notes_init(&notes, model);
    const Status made = tensors_init(&tensors, model, names);
    if (status == STATUS_OK)
        status = made;
    for (size_t i = 0; i < notes.count; i++)
        note[i + 1] = (SafetensorsNote){notes.key[i], notes.text[i]};
    if (status == STATUS_OK)
        status = safetensors_write(path, tensors.source, tensors.map.count, note, notes.count + 1);
    tensors_free(&tensors);
    model_notes_free(&notes);
    return status;
}
