#include "checkpoint_state.h"

#include "vit/h5.h"
#include "vit/job.h"
#include "vit/memory.h"
#include "vit/model_shape.h"
#include <stdio.h>
#include <string.h>

enum { SLICE_FLOATS = 1 << 21 };

/* ---- shapes ---- */

static Status check_tensor(hid_t file, const char *path, int block, const Parameter *entry) {
    char name[TENSOR_NAME_MAX], wanted[H5_SHAPE_TEXT], found[H5_SHAPE_TEXT];
    size_t axes = 0, shape[4];
    checkpoint_tensor_name(block, entry, name);
    h5_shape_text(entry->axes, entry->shape, wanted);
    if (!h5_exists(file, name))
        return status_fail(
            STATUS_DATA,
            "%s: is of another model, or damaged: %s is missing (shape %s in this model)", path,
            name, wanted);
    STATUS_TRY(h5_shape(file, name, &axes, shape));
    if (axes != entry->axes || memcmp(shape, entry->shape, axes * sizeof *shape) != 0)
        return status_fail(STATUS_DATA,
                           "%s: is of another model: %s has shape %s, this model's has %s", path,
                           name, h5_shape_text(axes, shape, found), wanted);
    return STATUS_OK;
}

/* A checkpoint may hold all tensors of this model and more. */
static Status check_model(hid_t file, const char *path, int block, const ParameterTable *table,
                          const CheckpointState *state) {
    for (size_t i = 0; i < table->count; i++)
        STATUS_TRY(check_tensor(file, path, block, &table->entry[i]));
    if (state->tensors != table->count)
        return status_fail(STATUS_DATA,
                           "%s: is of another model: it has %zu tensors, this model has %zu", path,
                           state->tensors, table->count);
    return STATUS_OK;
}

/* ---- tensors ---- */

static size_t row_floats(const Parameter *entry) {
    return entry->count / entry->shape[0];
}

/* Tensors are read a few megabytes at a time, so that they are digested while still in cache and
 * can be checked without room for all of them. */
static size_t slice_rows(const Parameter *entry) {
    size_t rows = SLICE_FLOATS / row_floats(entry);
    if (rows > entry->shape[0])
        rows = entry->shape[0];
    return rows ? rows : 1;
}

static Status allocate_slice(const ParameterTable *table, float **slice) {
    size_t most = 0;
    for (size_t i = 0; i < table->count; i++) {
        size_t floats = slice_rows(&table->entry[i]) * row_floats(&table->entry[i]);
        most = floats > most ? floats : most;
    }
    return memory_allocate(slice, most, sizeof **slice, "a slice of a checkpoint");
}

/* Into values, or, where they are NULL, piece by piece into slice. */
static Status read_tensor(hid_t file, int block, const Parameter *entry, float *values,
                          float *slice, Digest *digest) {
    char name[TENSOR_NAME_MAX];
    checkpoint_tensor_name(block, entry, name);
    size_t row = row_floats(entry), most = slice_rows(entry);
    for (size_t first = 0; first < entry->shape[0]; first += most) {
        size_t rows = entry->shape[0] - first < most ? entry->shape[0] - first : most;
        float *part = values ? values + first * row : slice;
        STATUS_TRY(h5_read_rows(file, name, H5T_NATIVE_FLOAT, first, rows, part));
        digest_add(digest, part, rows * row * sizeof *part);
    }
    return STATUS_OK;
}

static Status read_tensors(hid_t file, int block, const ParameterTable *table, float *values,
                           float *slice, char sha256[static DIGEST_TEXT]) {
    Digest digest;
    STATUS_TRY(digest_init(&digest));
    for (size_t i = 0; i < table->count; i++) {
        const Parameter *entry = &table->entry[i];
        Status status =
            read_tensor(file, block, entry, values ? values + entry->offset : NULL, slice, &digest);
        if (status != STATUS_OK) {
            digest_free(&digest);
            return status;
        }
    }
    return digest_finish(&digest, sha256);
}

/* Reads a block and checks it against its digest; values NULL: only checks it. */
static Status read_block(hid_t file, const char *path, int block, const ParameterTable *table,
                         const CheckpointState *state, float *values) {
    STATUS_TRY(check_model(file, path, block, table, state));
    char found[DIGEST_TEXT];
    float *slice = NULL;
    if (!values)
        STATUS_TRY(allocate_slice(table, &slice));
    Status status = read_tensors(file, block, table, values, slice, found);
    memory_free(slice);
    STATUS_TRY(status);
    if (strcmp(found, state->digests.sha256[block]) != 0)
        return status_fail(STATUS_DATA, "%s: is damaged: %s does not match its digest", path,
                           checkpoint_group[block]);
    return STATUS_OK;
}

/* ---- whole files ---- */

/* Opens a checkpoint and reads all but its tensors. On error nothing is open or allocated. */
static Status open_state(const char *path, hid_t *file, CheckpointState *state) {
    STATUS_TRY(h5_open(path, file));
    Status status = checkpoint_state_read(*file, path, state);
    if (status != STATUS_OK)
        h5_close(*file);
    return status;
}

Status checkpoint_read_job(const char *path, char **job_text) {
    *job_text = NULL;
    hid_t file;
    CheckpointState state;
    STATUS_TRY(open_state(path, &file, &state));
    *job_text = state.job_text;
    state.job_text = NULL;
    checkpoint_state_free(&state);
    return h5_close(file);
}

static Status read_blocks(hid_t file, const char *path, const Checkpoint *checkpoint,
                          const CheckpointState *state) {
    float *const values[BLOCK_COUNT] = {checkpoint->weights, checkpoint->first_moment,
                                        checkpoint->second_moment};
    for (int block = 0; block < BLOCK_COUNT; block++)
        if (values[block] && !state->digests.sha256[block][0])
            return status_fail(STATUS_DATA,
                               "%s: holds weights only (as best.h5 does), not the state that a "
                               "run needs to go on",
                               path);
    for (int block = 0; block < BLOCK_COUNT; block++)
        if (values[block])
            STATUS_TRY(read_block(file, path, block, checkpoint->table, state, values[block]));
    return STATUS_OK;
}

Status checkpoint_read(const char *path, Checkpoint *checkpoint) {
    hid_t file;
    CheckpointState state;
    STATUS_TRY(open_state(path, &file, &state));
    Status status = read_blocks(file, path, checkpoint, &state);
    h5_close(file);
    if (status == STATUS_OK) {
        checkpoint->progress = state.progress;
        checkpoint->build = state.build;
        memcpy(checkpoint->data_sha256, state.data_sha256, sizeof state.data_sha256);
        History old = *checkpoint->history;
        *checkpoint->history = state.history;
        state.history = old;
    }
    checkpoint_state_free(&state);
    return status;
}

Status checkpoint_verify(const char *path, const ParameterTable *table,
                         const char sha256[static DIGEST_TEXT]) {
    hid_t file;
    CheckpointState state;
    STATUS_TRY(open_state(path, &file, &state));
    Status status = STATUS_OK;
    if (strcmp(state.sha256, sha256) != 0)
        status = status_fail(STATUS_DATA, "%s: holds another state", path);
    for (int block = 0; block < BLOCK_COUNT && status == STATUS_OK; block++)
        if (state.digests.sha256[block][0])
            status = read_block(file, path, block, table, &state, NULL);
    h5_close(file);
    checkpoint_state_free(&state);
    return status;
}

/* A model has as many channels as rows of its patches' kernel belong to one pixel. */
static Status channels_of_file(hid_t file, const char *path, const Job *job, size_t *channels) {
    static const char name[] = "/model/patch_embed/projection/kernel";
    const size_t pixels = job->patch_size * job->patch_size;
    size_t axes, shape[4] = {0};
    STATUS_TRY(h5_shape(file, name, &axes, shape));
    *channels = shape[0] / pixels;
    if (*channels == 0 || shape[0] % pixels != 0)
        return status_fail(STATUS_DATA,
                           "%s: %s: has %zu rows, which are no whole number of channels of %zu "
                           "pixels ([model] patch_size = %zu)",
                           path, name, shape[0], pixels, job->patch_size);
    return STATUS_OK;
}

/* The table of the model in the file: as its job says, with as many channels as its patches have
 * and as many classes as the logits are wide. */
static Status table_of_file(hid_t file, const char *path, const CheckpointState *state,
                            ParameterTable *table) {
    Job job;
    if (job_parse(&job, path, state->job_text, 0, NULL) != STATUS_OK)
        return status_fail(STATUS_DATA, "%s: its job cannot be read by this version: %s", path,
                           status_message());
    size_t channels, axes, shape[4] = {0};
    STATUS_TRY(channels_of_file(file, path, &job, &channels));
    STATUS_TRY(h5_shape(file, "/model/logits/bias", &axes, shape));
    if (shape[0] == 0)
        return status_fail(STATUS_DATA,
                           "%s: /model/logits/bias: is empty; a model has 1 class or more", path);
    ModelShape model = model_shape(&job, channels, shape[0]);
    return parameter_table_init(table, &model);
}

Status checkpoint_digest(const char *path, char text[static DIGEST_TEXT]) {
    hid_t file;
    CheckpointState state;
    ParameterTable table = {0};
    STATUS_TRY(open_state(path, &file, &state));
    Status status = table_of_file(file, path, &state, &table);
    if (status == STATUS_OK)
        status = read_block(file, path, BLOCK_WEIGHTS, &table, &state, NULL);
    if (status == STATUS_OK)
        memcpy(text, state.digests.sha256[BLOCK_WEIGHTS], DIGEST_TEXT);
    parameter_table_free(&table);
    checkpoint_state_free(&state);
    h5_close(file);
    return status;
}
