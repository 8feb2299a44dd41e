#ifndef VIT_WEIGHTS_SOURCE_H
#define VIT_WEIGHTS_SOURCE_H

#include "vit/checkpoint_data.h"
#include "vit/job.h"
#include "vit/tensor_map.h"
#include <stdbool.h>

/* The tensors of a file under our names, whatever it calls them. Private to src/exchange. Local. */
typedef struct WeightsSource {
    TensorNames names; /* of the file */
    bool checkpoint, averaged;
    CheckpointData data;  /* that they were trained on; {0} where the file does not tell */
    ParameterTable table; /* names, shapes and places; without a name: it has no such tensor */
    float *values;        /* flat vector, all finite */
    size_t left;          /* tensors of the file that have no meaning here */
    char (*left_name)[MAP_NAME]; /* [left] */
} WeightsSource;

/* Of a checkpoint or a safetensors file. job and shape are those of the run that wants them, which
 * must be of the same model as far as the file tells. Fails as start_weights_read.
 * weights_source_close accepts what is left, and {0}. */
Status weights_source_open(WeightsSource *source, const char *path, const Job *job,
                           const ModelShape *shape);
void weights_source_close(WeightsSource *source);

#endif
