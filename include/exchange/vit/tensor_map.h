#ifndef VIT_TENSOR_MAP_H
#define VIT_TENSOR_MAP_H

#include "vit/parameter.h"

/* How others call and lay out the tensors of a model: the names and shapes of a file, and which of
 * our values stand where in each. All local.
 *
 * Sources: timm, timm/models/vision_transformer.py and timm/layers; Hugging Face transformers,
 * models/vit/modeling_vit.py of releases 4.x, whose names files have. */

typedef enum TensorNames {
    TENSOR_NAMES_OWN,         /* as in a checkpoint, below /model */
    TENSOR_NAMES_TIMM,        /* VisionTransformer */
    TENSOR_NAMES_HUGGING_FACE /* ViTForImageClassification */
} TensorNames;

enum { MAP_PARTS_MOST = 3, MAP_NAME = 96 };

/* Our tensor, whose values, seen as an array [view], are theirs from value `at` on as the array
 * with the same axes in reverse order: [n, 1, 1] as they are, [in, 1, out] transposed. */
typedef struct MapPart {
    size_t entry; /* of the table */
    size_t view[3];
    size_t at;
} MapPart;

typedef struct MapTensor {
    char name[MAP_NAME];
    size_t axes;
    size_t shape[PARAMETER_AXES_MOST]; /* [axes] */
    size_t count;                      /* values; those in no part are zero */
    size_t parts;
    MapPart part[MAP_PARTS_MOST];
} MapTensor;

typedef struct TensorMap {
    size_t count;
    MapTensor *tensor; /* [count] */
} TensorMap;

/* What keeps a model out of files with these names: STATUS_DATA names each key of the job that
 * stands in the way, and what would hold it. */
Status tensor_map_check(TensorNames names, const ModelShape *shape);

/* Of a model that tensor_map_check lets pass. STATUS_INTERNAL: out of memory. tensor_map_free
 * accepts what is left, and {0}. */
Status tensor_map_init(TensorMap *map, TensorNames names, const ModelShape *shape,
                       const ParameterTable *table);
void tensor_map_free(TensorMap *map);

/* From our flat vector to theirs [count], and back; back leaves what has no part in it alone. */
void tensor_map_give(const MapTensor *tensor, const ParameterTable *table, const float *weights,
                     float *theirs);
void tensor_map_take(const MapTensor *tensor, const ParameterTable *table, const float *theirs,
                     float *weights);

#endif
