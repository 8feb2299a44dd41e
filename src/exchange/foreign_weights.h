#ifndef VIT_FOREIGN_WEIGHTS_H
#define VIT_FOREIGN_WEIGHTS_H

#include "vit/safetensors.h"
#include "weights_source.h"

/* Weights under names of timm or Hugging Face. Private to src/exchange. Local. */

/* Whose names a file has; false: neither's. */
bool foreign_weights_names(const Safetensors *file, TensorNames *names);

/* Into a source that has the names set, as weights_source_open. Whatever the sizes of grid and
 * classes are, all others must be those of shape. */
Status foreign_weights_read(WeightsSource *source, const Safetensors *file,
                            const ModelShape *shape);

#endif
