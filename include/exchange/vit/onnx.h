#ifndef VIT_ONNX_H
#define VIT_ONNX_H

#include "vit/parameter.h"

/* Models for ONNX runtimes (onnx.ai, IR version 8, operator set 17): the evaluation of any model
 * that is trained here. Local. */

/* A text that the model says about itself. */
typedef struct OnnxNote {
    const char *key, *text;
} OnnxNote;

/* Writes a model whose input is pixel_values [batch, channels, image_size, image_size], normalized
 * as in training, and whose output is logits [batch, classes], for batches of any number. weights:
 * the flat vector. STATUS_IO as file_commit; STATUS_INTERNAL: out of memory; STATUS_DATA: more
 * than 2 GiB, which no such file may have. */
Status onnx_write(const char *path, const ModelShape *shape, const ParameterTable *table,
                  const float *weights, const OnnxNote *note, size_t notes);

#endif
