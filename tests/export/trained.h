#ifndef VIT_TEST_TRAINED_H
#define VIT_TEST_TRAINED_H

#include "check.h"
#include "vit/trained_model.h"

/* A small model as a checkpoint in the current folder, and read from there. */

enum { TRAINED_CHANNELS = 3, TRAINED_CLASSES = 4 };
#define TRAINED_FILE "trained.h5"

/* [TRAINED_CLASSES] names of eight bytes. */
#define TRAINED_NAMES "ant\0\0\0\0\0bee\0\0\0\0\0cow\0\0\0\0\0dog\0\0\0\0"

static inline CheckpointData trained_data(void) {
    CheckpointData data = {.height = 8,
                           .width = 8,
                           .channels = TRAINED_CHANNELS,
                           .mean = {51.0, 102.0, 127.5},
                           .variance = {65.025 * 65.025, 51.0 * 51.0, 25.5 * 25.5},
                           .classes = TRAINED_CLASSES,
                           .name_bytes = 8};
    data.name = test_array(TRAINED_CLASSES, 8);
    memcpy(data.name, TRAINED_NAMES, sizeof TRAINED_NAMES);
    return data;
}

/* Writes TRAINED_FILE: a model of dim 12 that fits timm, but for the key that is overridden.
 * average: a state of that name, whose values are other ones. */
static inline void trained_write(const char *override, bool average) {
    const char *overrides[] = {"augment.image_size=8", "model.patch_size=4",
                               "model.dim=12",         "model.depth=2",
                               "model.heads=3",        "model.key_dim=4",
                               "model.mlp=20,12",      "model.mlp_end=linear",
                               "model.head=none",      override};
    Job job;
    assert_ok(job_parse(&job, "x.ini", "", sizeof overrides / sizeof *overrides, overrides));
    const ModelShape shape = model_shape(&job, TRAINED_CHANNELS, TRAINED_CLASSES);
    ParameterTable table;
    assert_ok(parameter_table_init(&table, &shape));
    float *weights = test_array(table.floats, sizeof *weights);
    float *other = test_array(table.floats, sizeof *other);
    parameter_initialize(&table, 5, weights);
    parameter_initialize(&table, 6, other);
    char *job_text;
    assert_ok(job_to_text(&job, &job_text));
    CheckpointData data = trained_data();
    History history = {0};
    const Checkpoint checkpoint = {.table = &table,
                                   .weights = weights,
                                   .states = average,
                                   .state = {{CHECKPOINT_AVERAGE, other}},
                                   .history = &history,
                                   .job_text = job_text,
                                   .data = &data};
    assert_ok(checkpoint_write(TRAINED_FILE, &checkpoint));
    checkpoint_data_free(&data);
    memory_free(job_text);
    memory_free(other);
    memory_free(weights);
    parameter_table_free(&table);
}

static inline TrainedModel trained(const char *override) {
    TrainedModel model;
    trained_write(override, false);
    assert_ok(trained_model_read(&model, TRAINED_FILE));
    return model;
}

#endif
