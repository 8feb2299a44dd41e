#ifndef VIT_TEST_CHECKPOINT_FIXTURE_H
#define VIT_TEST_CHECKPOINT_FIXTURE_H

#include "store/scratch.h"
#include "vit/checkpoint.h"
#include "vit/job.h"
#include "vit/memory.h"
#include <math.h>
#include <string.h>

/* A small model's training state in which no two values are equal, and a folder to write it to. */
typedef struct Fixture {
    char *folder;
    ParameterTable table;
    float *weights, *moment[2];
    History history;
    char *job_text;
    CheckpointData data;
    Checkpoint checkpoint;
} Fixture;

static inline Status fixture_model(const char *override, ParameterTable *table, char **job_text) {
    const char *overrides[] = {"augment.image_size=16", "model.patch_size=8",
                               "model.dim=12",          "model.depth=2",
                               "model.heads=3",         "model.key_dim=5",
                               "model.mlp=20,12",       "model.head=11",
                               "job.seed=77",           override};
    Job job;
    STATUS_TRY(job_parse(&job, "jobs/small.ini", "", override ? 10 : 9, overrides));
    if (job_text)
        STATUS_TRY(job_to_text(&job, job_text));
    ModelShape shape = model_shape(&job, 3, 7);
    return parameter_table_init(table, &shape);
}

static inline Status fixture_vector(const ParameterTable *table, float start, float **vector) {
    STATUS_TRY(memory_allocate(vector, table->floats, sizeof **vector, "test"));
    for (size_t i = 0; i < table->count; i++)
        for (size_t e = 0; e < table->entry[i].count; e++)
            (*vector)[table->entry[i].offset + e] = start += 0.0625f;
    return STATUS_OK;
}

static inline Progress fixture_progress(uint64_t step) {
    return (Progress){.epoch = 3,
                      .step = step,
                      .adam_step = step - 1,
                      .position = 512,
                      .sums = {.loss = 1234.5678,
                               .hits = 101,
                               .top5_hits = 303,
                               .samples = 512,
                               .seconds = 1.0 / 3,
                               .coverage = UINT64_MAX - 5,
                               .wait = {1e-9, 2e-9, 3e-9, 4e-9}},
                      .best_val_accuracy = NAN,
                      .best_epoch = 2,
                      .finished = true,
                      .test_loss = 1.8487,
                      .test_accuracy = 0.5514,
                      .test_top5_accuracy = 0.8186,
                      .start_sha256 = "fedcba9876543210"};
}

static inline Status fixture_init(Fixture *f) {
    *f = (Fixture){.folder = scratch_make()};
    STATUS_TRY(fixture_model(NULL, &f->table, &f->job_text));
    STATUS_TRY(fixture_vector(&f->table, -100, &f->weights));
    STATUS_TRY(fixture_vector(&f->table, 1000, &f->moment[0]));
    STATUS_TRY(fixture_vector(&f->table, 5000, &f->moment[1]));
    for (uint64_t i = 1; i <= 3; i++)
        STATUS_TRY(history_add_epoch(
            &f->history, (EpochRow){.epoch = i, .loss = 1.0 / (double)i, .val_loss = NAN}));
    for (uint64_t i = 1; i <= 20; i++)
        STATUS_TRY(history_add_step(&f->history, (StepRow){.step = i, .loss = 2.0 / (double)i}));
    f->checkpoint = (Checkpoint){.table = &f->table,
                                 .weights = f->weights,
                                 .states = 2,
                                 .state = {{"m", f->moment[0]}, {"v", f->moment[1]}},
                                 .progress = fixture_progress(20),
                                 .history = &f->history,
                                 .job_text = f->job_text,
                                 .build = {.version = "0.1.0",
                                           .compiler = "gcc 12.2.0",
                                           .gemm = "LIBXSMM 1.17 + BLIS 0.9.0 (skx)",
                                           .kernels = "AVX-512",
                                           .host = "node17",
                                           .date = "2026-01-02 03:04:05",
                                           .ranks = 16,
                                           .threads = 4}};
    f->data = (CheckpointData){.checksum = "0123456789abcdef",
                               .height = 32,
                               .width = 40,
                               .channels = 3,
                               .mean = {120.5, 110.25, 99},
                               .variance = {4000, 4100.5, 5000},
                               .classes = 3,
                               .name_bytes = 4};
    memset(f->data.sha256, 'd', DIGEST_TEXT - 1);
    STATUS_TRY(memory_allocate(&f->data.name, 3, 4, "test"));
    memcpy(f->data.name, "ant\0bee\0cow", 12);
    f->checkpoint.data = &f->data;
    return STATUS_OK;
}

static inline void fixture_free(Fixture *f) {
    scratch_remove(f->folder);
    parameter_table_free(&f->table);
    memory_free(f->weights);
    memory_free(f->moment[0]);
    memory_free(f->moment[1]);
    memory_free(f->job_text);
    checkpoint_data_free(&f->data);
    history_free(&f->history);
}

/* Reads into vectors of its own: the weights, and the states of these names. The caller frees with
 * fixture_free_read, also after an error. */
static inline Status fixture_read_states(const char *path, const ParameterTable *table,
                                         size_t states, const char *const *names,
                                         Checkpoint *read) {
    *read = (Checkpoint){.table = table, .states = states};
    STATUS_TRY(memory_allocate(&read->history, 1, sizeof *read->history, "test"));
    STATUS_TRY(memory_allocate(&read->weights, table->floats, sizeof(float), "test"));
    for (size_t i = 0; i < states; i++) {
        read->state[i].name = names[i];
        STATUS_TRY(memory_allocate(&read->state[i].values, table->floats, sizeof(float), "test"));
    }
    return checkpoint_read(path, read);
}

/* The same with AdamW's moments, or without. */
static inline Status fixture_read(const char *path, const ParameterTable *table, bool moments,
                                  Checkpoint *read) {
    static const char *const names[] = {"m", "v"};
    return fixture_read_states(path, table, moments ? 2 : 0, names, read);
}

static inline void fixture_free_read(Checkpoint *read) {
    history_free(read->history);
    memory_free(read->history);
    memory_free(read->weights);
    for (size_t i = 0; i < read->states; i++)
        memory_free(read->state[i].values);
}

static inline bool same_real(double one, double other) {
    return memcmp(&one, &other, sizeof one) == 0;
}

static inline bool same_progress(const Progress *one, const Progress *other) {
    return one->epoch == other->epoch && one->step == other->step &&
           one->adam_step == other->adam_step && one->position == other->position &&
           memcmp(&one->sums, &other->sums, sizeof one->sums) == 0 &&
           same_real(one->best_val_accuracy, other->best_val_accuracy) &&
           one->best_epoch == other->best_epoch && one->finished == other->finished &&
           same_real(one->test_loss, other->test_loss) &&
           same_real(one->test_accuracy, other->test_accuracy) &&
           same_real(one->test_top5_accuracy, other->test_top5_accuracy) &&
           strcmp(one->start_sha256, other->start_sha256) == 0;
}

/* Everything that checkpoint_read sets, bit for bit; of the states those that were read, which are
 * the first of those that were written. */
static inline bool same_content(const Checkpoint *written, const Checkpoint *read) {
    const size_t bytes = written->table->floats * sizeof(float);
    const History *a = written->history, *b = read->history;
    for (size_t i = 0; i < read->states; i++)
        if (strcmp(written->state[i].name, read->state[i].name) != 0 ||
            memcmp(written->state[i].values, read->state[i].values, bytes) != 0)
            return false;
    return memcmp(written->weights, read->weights, bytes) == 0 &&
           same_progress(&written->progress, &read->progress) && a->epochs == b->epochs &&
           memcmp(a->epoch, b->epoch, a->epochs * sizeof *a->epoch) == 0 && a->steps == b->steps &&
           memcmp(a->step, b->step, a->steps * sizeof *a->step) == 0 &&
           memcmp(&written->build, &read->build, sizeof written->build) == 0;
}

#endif
