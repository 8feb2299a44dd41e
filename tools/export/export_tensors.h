#ifndef TOOLS_EXPORT_TENSORS_H
#define TOOLS_EXPORT_TENSORS_H

#include "vit/tensor_map.h"
#include "vit/trained_model.h"

/* Writes the weights of a model that tensor_map_check lets pass as a safetensors file, with what
 * the checkpoint tells of itself as metadata: format (which Hugging Face asks for) and
 * model_notes_init's. Local. Fails as safetensors_write. */
Status export_tensors_write(const TrainedModel *model, TensorNames names, const char *path);

#endif
