/* Checkpoints as the program reads them: see hdf5_edit.c. */

#include "checkpoint_header.h"
#include "fuzz.h"
#include "vit/h5.h"
#include "vit/job.h"
#include "vit/memory.h"
#include <math.h>
#include <string.h>

enum { CHANNELS = 3, CLASSES = 2 };

/* The smallest model that has every kind of tensor. Made once. */
typedef struct Model {
    ParameterTable table;
    char *job_text;
} Model;

static const Model *model(void) {
    static Model model;
    if (model.job_text)
        return &model;
    const char *overrides[] = {"augment.image_size=2", "model.patch_size=2", "model.dim=2",
                               "model.depth=1",        "model.heads=1",      "model.key_dim=1",
                               "model.mlp=2",          "model.head=1"};
    Job job;
    DEMAND(job_parse(&job, "fuzz.ini", "", sizeof overrides / sizeof *overrides, overrides) ==
           STATUS_OK);
    DEMAND(job_to_text(&job, &model.job_text) == STATUS_OK);
    ModelShape shape = model_shape(&job, CHANNELS, CLASSES);
    DEMAND(parameter_table_init(&model.table, &shape) == STATUS_OK);
    return &model;
}

static float *make_vector(const ParameterTable *table, float start) {
    float *vector;
    DEMAND(memory_allocate(&vector, table->floats, sizeof *vector, "fuzz") == STATUS_OK);
    for (size_t i = 0; i < table->floats; i++)
        vector[i] = start + (float)i;
    return vector;
}

static void free_vectors(Checkpoint *checkpoint) {
    memory_free(checkpoint->weights);
    for (size_t i = 0; i < checkpoint->states; i++)
        memory_free(checkpoint->state[i].values);
}

Status subject_write(const char *path) {
    History history = {0};
    Checkpoint checkpoint = {.table = &model()->table,
                             .weights = make_vector(&model()->table, 0),
                             .states = 2,
                             .state = {{"m", make_vector(&model()->table, 1000)},
                                       {"v", make_vector(&model()->table, 2000)}},
                             .progress = {.epoch = 1,
                                          .step = 2,
                                          .best_val_accuracy = NAN,
                                          .test_loss = NAN,
                                          .test_accuracy = NAN,
                                          .test_top5_accuracy = NAN},
                             .history = &history,
                             .job_text = model()->job_text,
                             .build = {.version = "0.1.0", .host = "node17", .ranks = 16}};
    char names[] = "ant\0bee";
    CheckpointData data = {.height = 8,
                           .width = 8,
                           .channels = 3,
                           .mean = {1, 2, 3},
                           .variance = {4, 5, 6},
                           .classes = 2,
                           .name_bytes = 4,
                           .name = names};
    memset(data.sha256, 'd', DIGEST_TEXT - 1);
    checkpoint.data = &data;
    DEMAND(history_add_epoch(&history, (EpochRow){.epoch = 1, .val_loss = NAN}) == STATUS_OK);
    for (uint64_t i = 1; i <= 2; i++)
        DEMAND(history_add_step(&history, (StepRow){.step = i, .loss = 1.5}) == STATUS_OK);
    Status status = checkpoint_write(path, &checkpoint);
    free_vectors(&checkpoint);
    history_free(&history);
    return status;
}

static Status text_digest(const char *text, char content[static DIGEST_TEXT]) {
    Digest digest;
    STATUS_TRY(digest_init(&digest));
    digest_add(&digest, text, strlen(text));
    return __real_digest_finish(&digest, content);
}

static Status read_job(const char *path, char content[static DIGEST_TEXT]) {
    char *text;
    Job job;
    STATUS_TRY(checkpoint_read_job(path, &text));
    DEMAND(job_parse(&job, path, text, 0, NULL) == STATUS_OK);
    Status status = text_digest(text, content);
    memory_free(text);
    return status;
}

static void add_vector(Digest *digest, const ParameterTable *table, const float *vector) {
    for (size_t i = 0; i < table->count; i++)
        digest_add(digest, vector + table->entry[i].offset, table->entry[i].count * sizeof *vector);
}

static void add_checkpoint(Digest *digest, const Checkpoint *read) {
    add_vector(digest, read->table, read->weights);
    for (size_t i = 0; i < read->states; i++)
        add_vector(digest, read->table, read->state[i].values);
    Progress progress;
    memset(&progress, 0, sizeof progress); /* its padding too */
    progress = read->progress;
    const History *history = read->history;
    digest_add(digest, &progress, offsetof(Progress, finished));
    digest_add(digest, &progress.finished, sizeof progress.finished);
    digest_add(digest, &progress.test_loss, 3 * sizeof progress.test_loss);
    digest_add(digest, history->epoch, history->epochs * sizeof *history->epoch);
    digest_add(digest, history->step, history->steps * sizeof *history->step);
    digest_add(digest, &read->build, sizeof read->build);
}

static Status read_vectors(const char *path, bool moments, char content[static DIGEST_TEXT]) {
    History history = {0};
    Checkpoint read = {
        .table = &model()->table, .weights = make_vector(&model()->table, 0), .history = &history};
    if (moments) {
        read.state[read.states++] = (CheckpointState){"m", make_vector(&model()->table, 0)};
        read.state[read.states++] = (CheckpointState){"v", make_vector(&model()->table, 0)};
    }
    Status status = checkpoint_read(path, &read);
    Digest digest;
    if (status == STATUS_OK)
        status = digest_init(&digest);
    if (status == STATUS_OK) {
        add_checkpoint(&digest, &read);
        status = __real_digest_finish(&digest, content);
    }
    free_vectors(&read);
    history_free(&history);
    return status;
}

static Status read_state(const char *path, char content[static DIGEST_TEXT]) {
    return read_vectors(path, true, content);
}

static Status read_weights(const char *path, char content[static DIGEST_TEXT]) {
    return read_vectors(path, false, content);
}

static Status read_data(const char *path, char content[static DIGEST_TEXT]) {
    CheckpointData data;
    Digest digest;
    STATUS_TRY(checkpoint_read_data(path, &data));
    DEMAND(data.channels >= 1 && data.channels <= CHECKPOINT_CHANNELS_MOST);
    DEMAND(digest_init(&digest) == STATUS_OK);
    digest_add(&digest, data.sha256, sizeof data.sha256);
    digest_add(&digest, data.checksum, sizeof data.checksum);
    digest_add(&digest, &data.height, 3 * sizeof data.height);
    digest_add(&digest, data.mean, sizeof data.mean);
    digest_add(&digest, data.variance, sizeof data.variance);
    for (size_t i = 0; i < data.classes; i++) {
        const char *name = data.name + i * data.name_bytes;
        DEMAND(memchr(name, '\0', data.name_bytes));
        digest_add(&digest, name, strlen(name) + 1);
    }
    checkpoint_data_free(&data);
    return __real_digest_finish(&digest, content);
}

static Status digest_weights(const char *path, char content[static DIGEST_TEXT]) {
    return checkpoint_digest(path, content);
}

/* Against the file's own digest, so that tensors are reached. */
static Status verify(const char *path, char content[static DIGEST_TEXT]) {
    hid_t file;
    CheckpointHeader header;
    bool newer;
    STATUS_TRY(h5_open(path, &file));
    Status status = checkpoint_header_read(file, path, &header, &newer);
    h5_close(file);
    STATUS_TRY(status);
    memcpy(content, header.sha256, DIGEST_TEXT);
    checkpoint_header_free(&header);
    return checkpoint_verify(path, &model()->table, content);
}

const Reader subject_readers[] = {{"job", read_job},          {"state", read_state},
                                  {"weights", read_weights},  {"data", read_data},
                                  {"digest", digest_weights}, {"verify", verify}};
const size_t subject_reader_count = sizeof subject_readers / sizeof *subject_readers;
