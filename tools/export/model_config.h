#ifndef TOOLS_MODEL_CONFIG_H
#define TOOLS_MODEL_CONFIG_H

#include "vit/tensor_map.h"
#include "vit/trained_model.h"

/* What other software is told about a model beside its weights: the JSON files that timm and
 * Hugging Face look for, and texts that go into files of weights. All local.
 *
 * Sources: timm, timm/models/_hub.py, _pretrained.py and vision_transformer.py; Hugging Face
 * transformers, models/vit/configuration_vit.py and image_processing_vit.py. */

enum { CONFIG_FILES_MOST = 2, MODEL_NOTES_MOST = 5 };

typedef struct ConfigFile {
    const char *name; /* "config.json" */
    char *text;
} ConfigFile;

typedef struct ModelConfig {
    size_t count;
    ConfigFile file[CONFIG_FILES_MOST]; /* [count] */
} ModelConfig;

/* The files of a folder for timm (config.json), or Hugging Face (preprocessor_config.json, too), of
 * a model that tensor_map_check lets pass and whose data is known. STATUS_INTERNAL: out of memory.
 * model_config_free accepts what is left. */
Status model_config_init(ModelConfig *config, const TrainedModel *model, TensorNames names);
void model_config_free(ModelConfig *config);

/* vit_mpi.version, vit_mpi.job; and, where the checkpoint tells of its data, vit_mpi.mean and
 * vit_mpi.std of the channels, from 0 to 1, and vit_mpi.classes, their names, as JSON arrays. All
 * are UTF-8; of a job that is none the bytes are taken for Latin-1. */
typedef struct ModelNotes {
    size_t count;
    const char *key[MODEL_NOTES_MOST];
    const char *text[MODEL_NOTES_MOST];
    char *job;                    /* released with it, as are */
    char *made[MODEL_NOTES_MOST]; /* these, by free, or NULL */
} ModelNotes;

/* STATUS_INTERNAL: out of memory. model_notes_free accepts what is left. */
Status model_notes_init(ModelNotes *notes, const TrainedModel *model);
void model_notes_free(ModelNotes *notes);

/* By which pixels from 0 to 1 are normalized: (pixel - mean) / deviation. */
double model_config_mean(const CheckpointData *data, size_t channel);
double model_config_deviation(const CheckpointData *data, size_t channel);

#endif
