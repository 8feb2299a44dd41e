#include "checkpoint_state.h"

#include "vit/h5.h"
#include "vit/job.h"
#include "vit/memory.h"
#include <stdio.h>
#include <string.h>

#define FORMAT "vit_mpi checkpoint"

enum { FORMAT_VERSION = 1 };

const char *const checkpoint_group[BLOCK_COUNT] = {"/model", "/optimizer/m", "/optimizer/v"};

static const char *const block_attribute[BLOCK_COUNT] = {"weights_sha256", "first_moment_sha256",
                                                         "second_moment_sha256"};

void checkpoint_tensor_name(int block, const Parameter *entry, char name[static TENSOR_NAME_MAX]) {
    snprintf(name, TENSOR_NAME_MAX, "%s/%s", checkpoint_group[block], entry->name);
}

/* ---- fields ---- */

typedef enum FieldKind { FIELD_COUNT, FIELD_REAL, FIELD_FLAG, FIELD_TEXT } FieldKind;

/* An attribute and the member of CheckpointState that it holds. */
typedef struct Field {
    const char *group, *attribute;
    FieldKind kind;
    size_t offset, bytes;
} Field;

#define FIELD(group, attribute, kind, member)                                                      \
    {                                                                                              \
        group, attribute, kind, offsetof(CheckpointState, member),                                 \
            sizeof((CheckpointState *)0)->member                                                   \
    }

/* Drives writing, reading and the digest, which takes the fields in this order. */
static const Field fields[] = {
    FIELD("/progress", "epoch", FIELD_COUNT, progress.epoch),
    FIELD("/progress", "step", FIELD_COUNT, progress.step),
    FIELD("/progress", "adam_step", FIELD_COUNT, progress.adam_step),
    FIELD("/progress", "position", FIELD_COUNT, progress.position),
    FIELD("/progress", "loss_sum", FIELD_REAL, progress.sums.loss),
    FIELD("/progress", "hits", FIELD_COUNT, progress.sums.hits),
    FIELD("/progress", "top5_hits", FIELD_COUNT, progress.sums.top5_hits),
    FIELD("/progress", "samples", FIELD_COUNT, progress.sums.samples),
    FIELD("/progress", "coverage", FIELD_COUNT, progress.sums.coverage),
    FIELD("/progress", "seconds", FIELD_REAL, progress.sums.seconds),
    FIELD("/progress", "wait_samples_seconds", FIELD_REAL, progress.sums.wait.samples),
    FIELD("/progress", "wait_gradients_seconds", FIELD_REAL, progress.sums.wait.gradients),
    FIELD("/progress", "wait_ranks_seconds", FIELD_REAL, progress.sums.wait.ranks),
    FIELD("/progress", "wait_weights_seconds", FIELD_REAL, progress.sums.wait.weights),
    FIELD("/progress", "best_val_accuracy", FIELD_REAL, progress.best_val_accuracy),
    FIELD("/progress", "best_epoch", FIELD_COUNT, progress.best_epoch),
    FIELD("/progress", "finished", FIELD_FLAG, progress.finished),
    FIELD("/progress", "test_loss", FIELD_REAL, progress.test_loss),
    FIELD("/progress", "test_accuracy", FIELD_REAL, progress.test_accuracy),
    FIELD("/progress", "test_top5_accuracy", FIELD_REAL, progress.test_top5_accuracy),
    FIELD("/job", "data_sha256", FIELD_TEXT, data_sha256),
    FIELD("/build", "version", FIELD_TEXT, build.version),
    FIELD("/build", "compiler", FIELD_TEXT, build.compiler),
    FIELD("/build", "gemm", FIELD_TEXT, build.gemm),
    FIELD("/build", "kernels", FIELD_TEXT, build.kernels),
    FIELD("/build", "host", FIELD_TEXT, build.host),
    FIELD("/build", "date", FIELD_TEXT, build.date),
    FIELD("/build", "ranks", FIELD_COUNT, build.ranks),
    FIELD("/build", "threads", FIELD_COUNT, build.threads),
};

enum { FIELDS = sizeof fields / sizeof *fields };

static const void *member(const CheckpointState *state, const Field *field) {
    return (const char *)state + field->offset;
}

static Status set_field(hid_t file, const Field *field, const CheckpointState *state) {
    const void *value = member(state, field);
    switch (field->kind) {
    case FIELD_COUNT:
        return h5_set_count(file, field->group, field->attribute, *(const uint64_t *)value);
    case FIELD_REAL:
        return h5_set_real(file, field->group, field->attribute, *(const double *)value);
    case FIELD_FLAG:
        return h5_set_count(file, field->group, field->attribute, *(const bool *)value);
    case FIELD_TEXT:
        return h5_set_text(file, field->group, field->attribute, value);
    }
    return status_fail(STATUS_INTERNAL, "a checkpoint field of unknown kind");
}

static Status get_text(hid_t file, const char *path, const Field *field, char *value) {
    char *text;
    STATUS_TRY(h5_get_text(file, field->group, field->attribute, &text));
    size_t length = strlen(text);
    if (length < field->bytes)
        memcpy(value, text, length + 1);
    memory_free(text);
    if (length >= field->bytes)
        return status_fail(STATUS_DATA, "%s: %s @%s: is longer than %zu bytes", path, field->group,
                           field->attribute, field->bytes - 1);
    return STATUS_OK;
}

static Status get_field(hid_t file, const char *path, const Field *field, CheckpointState *state) {
    void *value = (char *)state + field->offset;
    switch (field->kind) {
    case FIELD_COUNT:
        return h5_get_count(file, field->group, field->attribute, value);
    case FIELD_REAL:
        return h5_get_real(file, field->group, field->attribute, value);
    case FIELD_FLAG: {
        uint64_t count = 0;
        STATUS_TRY(h5_get_count(file, field->group, field->attribute, &count));
        *(bool *)value = count != 0;
        return STATUS_OK;
    }
    case FIELD_TEXT:
        return get_text(file, path, field, value);
    }
    return status_fail(STATUS_INTERNAL, "a checkpoint field of unknown kind");
}

/* ---- digest ---- */

static void add_text(Digest *digest, const char *text) {
    digest_add(digest, text, strlen(text) + 1);
}

static void add_field(Digest *digest, const Field *field, const CheckpointState *state) {
    const void *value = member(state, field);
    if (field->kind == FIELD_TEXT)
        add_text(digest, value);
    else
        digest_add(digest, value, field->bytes);
}

/* Texts with their final zero, numbers as 8 bytes little-endian, the flag as one byte, rows field
 * by field after their number. */
static Status state_digest(const CheckpointState *state, char text[static DIGEST_TEXT]) {
    _Static_assert(sizeof(EpochRow) % 8 == 0 && sizeof(StepRow) % 8 == 0, "no padding in rows");
    Digest digest;
    STATUS_TRY(digest_init(&digest));
    for (int i = 0; i < BLOCK_COUNT; i++)
        add_text(&digest, state->digests.sha256[i]);
    for (size_t i = 0; i < FIELDS; i++)
        add_field(&digest, &fields[i], state);
    add_text(&digest, state->job_text);
    uint64_t epochs = state->history.epochs, steps = state->history.steps;
    digest_add(&digest, &epochs, sizeof epochs);
    digest_add(&digest, state->history.epoch, epochs * sizeof(EpochRow));
    digest_add(&digest, &steps, sizeof steps);
    digest_add(&digest, state->history.step, steps * sizeof(StepRow));
    return digest_finish(&digest, text);
}

/* ---- writing ---- */

static Status write_job(hid_t file, const char *job_text) {
    Job job;
    STATUS_TRY(job_parse(&job, "the resolved job", job_text, 0, NULL));
    STATUS_TRY(h5_set_count(file, "/job", "seed", job.seed));
    return h5_set_text(file, "/job", "text", job_text);
}

static Status write_root(hid_t file, const CheckpointState *state, const ParameterTable *table) {
    STATUS_TRY(h5_set_text(file, "/", "format", FORMAT));
    STATUS_TRY(h5_set_count(file, "/", "format_version", FORMAT_VERSION));
    STATUS_TRY(h5_set_count(file, "/", "tensors", table->count));
    STATUS_TRY(h5_set_count(file, "/", "parameters", table->trainable));
    for (int i = 0; i < BLOCK_COUNT; i++)
        if (state->digests.sha256[i][0])
            STATUS_TRY(h5_set_text(file, "/", block_attribute[i], state->digests.sha256[i]));
    STATUS_TRY(h5_set_text(file, "/", "state_sha256", state->sha256));
    return h5_set_count(file, "/", "complete", 1);
}

Status checkpoint_state_write(hid_t file, const Checkpoint *checkpoint, const BlockDigests *digests,
                              char sha256[static DIGEST_TEXT]) {
    /* A view: history and text stay the caller's. */
    CheckpointState state = {.progress = checkpoint->progress,
                             .history = *checkpoint->history,
                             .job_text = (char *)checkpoint->job_text,
                             .build = checkpoint->build,
                             .digests = *digests};
    memcpy(state.data_sha256, checkpoint->data_sha256, sizeof state.data_sha256);
    STATUS_TRY(state_digest(&state, state.sha256));
    STATUS_TRY(h5_make_group(file, "/progress"));
    STATUS_TRY(h5_make_group(file, "/job"));
    STATUS_TRY(h5_make_group(file, "/build"));
    STATUS_TRY(write_job(file, checkpoint->job_text));
    for (size_t i = 0; i < FIELDS; i++)
        STATUS_TRY(set_field(file, &fields[i], &state));
    STATUS_TRY(history_write_h5(checkpoint->history, file, "/history"));
    STATUS_TRY(write_root(file, &state, checkpoint->table));
    memcpy(sha256, state.sha256, sizeof state.sha256);
    return STATUS_OK;
}

/* ---- reading ---- */

static Status check_format(hid_t file, const char *path) {
    char *format = NULL;
    uint64_t version = 0, complete = 0;
    const Status status = h5_get_text(file, "/", "format", &format);
    const bool ours = status == STATUS_OK && strcmp(format, FORMAT) == 0;
    memory_free(format);
    /* Lack of memory damages no file. */
    if (status == STATUS_INTERNAL)
        return status;
    if (!ours)
        return status_fail(STATUS_DATA, "%s: is not a checkpoint, or damaged", path);
    STATUS_TRY(h5_get_count(file, "/", "format_version", &version));
    if (version != FORMAT_VERSION)
        return status_fail(STATUS_DATA, "%s: has format version %llu; this program reads %d", path,
                           (unsigned long long)version, FORMAT_VERSION);
    if (h5_get_count(file, "/", "complete", &complete) != STATUS_OK || complete != 1)
        return status_fail(STATUS_DATA, "%s: was not written to its end", path);
    return STATUS_OK;
}

static Status get_digest(hid_t file, const char *path, const char *attribute,
                         char sha256[static DIGEST_TEXT]) {
    Field field = {"/", attribute, FIELD_TEXT, 0, DIGEST_TEXT};
    return get_text(file, path, &field, sha256);
}

static Status read_root(hid_t file, const char *path, CheckpointState *state) {
    STATUS_TRY(h5_get_count(file, "/", "tensors", &state->tensors));
    for (int i = 0; i < BLOCK_COUNT; i++)
        if (i == BLOCK_WEIGHTS || h5_has_attribute(file, "/", block_attribute[i]))
            STATUS_TRY(get_digest(file, path, block_attribute[i], state->digests.sha256[i]));
    return get_digest(file, path, "state_sha256", state->sha256);
}

static Status read_all(hid_t file, const char *path, CheckpointState *state) {
    STATUS_TRY(check_format(file, path));
    STATUS_TRY(read_root(file, path, state));
    for (size_t i = 0; i < FIELDS; i++)
        STATUS_TRY(get_field(file, path, &fields[i], state));
    STATUS_TRY(h5_get_text(file, "/job", "text", &state->job_text));
    STATUS_TRY(history_read_h5(&state->history, file, "/history"));
    char found[DIGEST_TEXT];
    STATUS_TRY(state_digest(state, found));
    if (strcmp(found, state->sha256) != 0)
        return status_fail(STATUS_DATA, "%s: is damaged: its state does not match its digest",
                           path);
    return STATUS_OK;
}

Status checkpoint_state_read(hid_t file, const char *path, CheckpointState *state) {
    *state = (CheckpointState){0};
    Status status = read_all(file, path, state);
    if (status != STATUS_OK)
        checkpoint_state_free(state);
    return status;
}

void checkpoint_state_free(CheckpointState *state) {
    history_free(&state->history);
    memory_free(state->job_text);
    *state = (CheckpointState){0};
}
