#include "vit/checkpoint.h"

#include "checkpoint_header.h"
#include "flat_vector.h"
#include "vit/file.h"
#include "vit/format.h"
#include "vit/h5.h"
#include "vit/job.h"
#include "vit/model_shape.h"
#include "vit/output_file.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- writing ---- */

/* A view: history, text and names stay the caller's. */
static CheckpointHeader header_of(const Checkpoint *checkpoint) {
    return (CheckpointHeader){.version = FORMAT_VERSION,
                              .progress = checkpoint->progress,
                              .history = *checkpoint->history,
                              .job_text = (char *)checkpoint->job_text,
                              .data = *checkpoint->data,
                              .build = checkpoint->build,
                              .tensors = checkpoint->table->count,
                              .parameters = checkpoint->table->trainable};
}

static Status write_state(hid_t file, const ParameterTable *table, const CheckpointState *state,
                          CheckpointHeader *header) {
    char group[CHECKPOINT_GROUP_BYTES];
    HeaderState *entry = checkpoint_header_add(header, state->name);
    if (!entry)
        return status_fail(STATUS_INTERNAL, "'%s' cannot be a state of an optimizer", state->name);
    checkpoint_header_group(state->name, group);
    return flat_vector_write(file, group, table, state->values, entry->sha256);
}

static Status write_content(hid_t file, const Checkpoint *checkpoint, CheckpointHeader *header) {
    STATUS_TRY(flat_vector_write(file, checkpoint_header_weights, checkpoint->table,
                                 checkpoint->weights, header->weights_sha256));
    for (size_t i = 0; i < checkpoint->states; i++)
        STATUS_TRY(write_state(file, checkpoint->table, &checkpoint->state[i], header));
    STATUS_TRY(checkpoint_header_digest(header, header->sha256));
    return checkpoint_header_write(file, header);
}

static Status write_file(const char *path, const Checkpoint *checkpoint,
                         char state_sha256[static DIGEST_TEXT]) {
    hid_t file;
    CheckpointHeader header = header_of(checkpoint);
    STATUS_TRY(h5_create(path, &file));
    const Status status = write_content(file, checkpoint, &header);
    const Status closed = h5_close(file);
    memcpy(state_sha256, header.sha256, DIGEST_TEXT);
    return status != STATUS_OK ? status : closed;
}

Status checkpoint_write_temporary(const char *temporary, const Checkpoint *checkpoint) {
    char sha256[DIGEST_TEXT];
    unlink(temporary); /* a killed writer's */
    Status status = write_file(temporary, checkpoint, sha256);
    if (status == STATUS_OK && checkpoint_verify(temporary, checkpoint->table, sha256) != STATUS_OK)
        status = status_fail(STATUS_IO, "%s: what was written does not read back: %s", temporary,
                             status_message());
    if (status != STATUS_OK)
        unlink(temporary);
    return status;
}

Status checkpoint_write(const char *path, const Checkpoint *checkpoint) {
    char temporary[FILE_PATH_MAX];
    STATUS_TRY(file_temporary(path, temporary));
    STATUS_TRY(checkpoint_write_temporary(temporary, checkpoint));
    return file_commit(temporary, path);
}

/* ---- reading ---- */

/* Opens a checkpoint and reads its header. On error nothing is open or allocated. */
static Status open_header(const char *path, hid_t *file, CheckpointHeader *header, bool *newer) {
    *newer = false;
    STATUS_TRY(h5_open(path, file));
    const Status status = checkpoint_header_read(*file, path, header, newer);
    if (status != STATUS_OK)
        h5_close(*file);
    return status;
}

Status checkpoint_check_version(const char *path) {
    hid_t file;
    CheckpointHeader header;
    bool newer;
    const Status status = open_header(path, &file, &header, &newer);
    if (status != STATUS_OK)
        return newer || status != STATUS_DATA ? status : STATUS_OK;
    checkpoint_header_free(&header);
    h5_close(file);
    return STATUS_OK;
}

/* The header alone; on success it is the caller's to free. */
static Status read_header(const char *path, CheckpointHeader *header) {
    hid_t file;
    bool newer;
    STATUS_TRY(open_header(path, &file, header, &newer));
    const Status status = h5_close(file);
    if (status != STATUS_OK)
        checkpoint_header_free(header);
    return status;
}

Status checkpoint_read_job(const char *path, char **job_text) {
    CheckpointHeader header;
    *job_text = NULL;
    STATUS_TRY(read_header(path, &header));
    *job_text = header.job_text;
    header.job_text = NULL;
    checkpoint_header_free(&header);
    return STATUS_OK;
}

Status checkpoint_read_data(const char *path, CheckpointData *data) {
    CheckpointHeader header;
    *data = (CheckpointData){0};
    STATUS_TRY(read_header(path, &header));
    *data = header.data;
    header.data = (CheckpointData){0};
    checkpoint_header_free(&header);
    return STATUS_OK;
}

Status checkpoint_read_start(const char *path, char sha256[static DIGEST_TEXT]) {
    CheckpointHeader header;
    STATUS_TRY(read_header(path, &header));
    memcpy(sha256, header.progress.start_sha256, DIGEST_TEXT);
    checkpoint_header_free(&header);
    return STATUS_OK;
}

Status checkpoint_has_states(const char *path, bool *states) {
    CheckpointHeader header;
    STATUS_TRY(read_header(path, &header));
    *states = header.states > 0;
    checkpoint_header_free(&header);
    return STATUS_OK;
}

Status checkpoint_has_state(const char *path, const char *name, bool *has) {
    CheckpointHeader header;
    STATUS_TRY(read_header(path, &header));
    *has = checkpoint_header_find(&header, name) != NULL;
    checkpoint_header_free(&header);
    return STATUS_OK;
}

static Status read_weights(hid_t file, const char *path, const ParameterTable *table,
                           const CheckpointHeader *header, float *values) {
    return flat_vector_read(file, path, checkpoint_header_weights, table, header->tensors,
                            header->weights_sha256, values);
}

static Status read_state(hid_t file, const char *path, const ParameterTable *table,
                         const CheckpointHeader *header, const char *name, float *values) {
    char group[CHECKPOINT_GROUP_BYTES];
    checkpoint_header_group(name, group);
    return flat_vector_read(file, path, group, table, header->tensors,
                            checkpoint_header_find(header, name)->sha256, values);
}

/* ---- the optimizer's states, for messages ---- */

enum { NAMES_BYTES = CHECKPOINT_STATES_MOST * (CHECKPOINT_NAME_BYTES + 2) };

static void append_name(char names[static NAMES_BYTES], const char *name) {
    const size_t length = strlen(names);
    snprintf(names + length, NAMES_BYTES - length, "%s%s", length ? ", " : "", name);
}

static Status fail_states(const char *path, const Checkpoint *checkpoint,
                          const CheckpointHeader *header) {
    char found[NAMES_BYTES] = "", wanted[NAMES_BYTES] = "";
    if (header->states == 0)
        return status_fail(STATUS_DATA,
                           "%s: holds weights only (as %s does), not the state that a run needs "
                           "to go on",
                           path, output_file_name(OUTPUT_BEST));
    for (size_t i = 0; i < header->states; i++)
        append_name(found, header->state[i].name);
    for (size_t i = 0; i < checkpoint->states; i++)
        append_name(wanted, checkpoint->state[i].name);
    return status_fail(STATUS_DATA,
                       "%s: is of another optimizer: it keeps %s of every weight, this one %s",
                       path, found, wanted);
}

static Status check_states(const char *path, const Checkpoint *checkpoint,
                           const CheckpointHeader *header) {
    for (size_t i = 0; i < checkpoint->states; i++)
        if (!checkpoint_header_find(header, checkpoint->state[i].name))
            return fail_states(path, checkpoint, header);
    return STATUS_OK;
}

/* ---- whole files ---- */

static Status read_vectors(hid_t file, const char *path, const Checkpoint *checkpoint,
                           const CheckpointHeader *header) {
    STATUS_TRY(check_states(path, checkpoint, header));
    STATUS_TRY(read_weights(file, path, checkpoint->table, header, checkpoint->weights));
    for (size_t i = 0; i < checkpoint->states; i++)
        STATUS_TRY(read_state(file, path, checkpoint->table, header, checkpoint->state[i].name,
                              checkpoint->state[i].values));
    return STATUS_OK;
}

Status checkpoint_read(const char *path, Checkpoint *checkpoint) {
    hid_t file;
    CheckpointHeader header;
    bool newer;
    STATUS_TRY(open_header(path, &file, &header, &newer));
    const Status status = read_vectors(file, path, checkpoint, &header);
    h5_close(file);
    if (status == STATUS_OK) {
        checkpoint->progress = header.progress;
        checkpoint->build = header.build;
        const History old = *checkpoint->history;
        *checkpoint->history = header.history;
        header.history = old;
    }
    checkpoint_header_free(&header);
    return status;
}

/* All of it, without room for it. */
static Status check_vectors(hid_t file, const char *path, const ParameterTable *table,
                            const CheckpointHeader *header) {
    STATUS_TRY(read_weights(file, path, table, header, NULL));
    for (size_t i = 0; i < header->states; i++)
        STATUS_TRY(read_state(file, path, table, header, header->state[i].name, NULL));
    return STATUS_OK;
}

Status checkpoint_verify(const char *path, const ParameterTable *table,
                         const char state_sha256[static DIGEST_TEXT]) {
    hid_t file;
    CheckpointHeader header;
    bool newer;
    STATUS_TRY(open_header(path, &file, &header, &newer));
    const Status status = strcmp(header.sha256, state_sha256) == 0
                              ? check_vectors(file, path, table, &header)
                              : status_fail(STATUS_DATA, "%s: holds another state", path);
    h5_close(file);
    checkpoint_header_free(&header);
    return status;
}

/* A model has as many channels as its first convolution, or as rows of its patches' kernel belong
 * to one pixel. */
static Status channels_of_file(hid_t file, const char *path, const Job *job, size_t *channels) {
    static const char convolution[] = "/model/tokenizer/convolution0/kernel";
    static const char name[] = "/model/patch_embed/projection/kernel";
    const size_t pixels = job->patch_size * job->patch_size;
    size_t axes, shape[4] = {0};
    if (job->tokenizer == TOKENIZER_CONVOLUTION) {
        STATUS_TRY(h5_shape(file, convolution, &axes, shape));
        *channels = shape[2];
        if (axes == 4 && *channels > 0)
            return STATUS_OK;
        return status_fail(STATUS_DATA, "%s: %s: is not of shape [3, 3, channels, width]", path,
                           convolution);
    }
    STATUS_TRY(h5_shape(file, name, &axes, shape));
    *channels = shape[0] / pixels;
    if (*channels == 0 || shape[0] % pixels != 0)
        return status_fail(STATUS_DATA,
                           "%s: %s: has %zu rows, which are no whole number of channels of %zu "
                           "pixels ([model] patch_size = %zu)",
                           path, name, shape[0], pixels, job->patch_size);
    return STATUS_OK;
}

/* The model in the file: as its job says, with as many channels as its patches have and as many
 * classes as the logits are wide. */
static Status model_of_file(hid_t file, const char *path, const CheckpointHeader *header, Job *job,
                            ModelShape *model) {
    STATUS_TRY(job_parse_resolved(job, path, header->job_text, 0, NULL));
    size_t channels, axes, shape[4] = {0};
    STATUS_TRY(channels_of_file(file, path, job, &channels));
    STATUS_TRY(h5_shape(file, "/model/logits/bias", &axes, shape));
    if (shape[0] == 0)
        return status_fail(STATUS_DATA,
                           "%s: /model/logits/bias: is empty; a model has 1 class or more", path);
    *model = model_shape(job, channels, shape[0]);
    return STATUS_OK;
}

static Status table_of_file(hid_t file, const char *path, const CheckpointHeader *header,
                            ParameterTable *table) {
    Job job;
    ModelShape model;
    STATUS_TRY(model_of_file(file, path, header, &job, &model));
    return parameter_table_init(table, &model);
}

Status checkpoint_read_model(const char *path, Job *job, ModelShape *shape) {
    hid_t file;
    CheckpointHeader header;
    bool newer;
    STATUS_TRY(open_header(path, &file, &header, &newer));
    const Status status = model_of_file(file, path, &header, job, shape);
    checkpoint_header_free(&header);
    h5_close(file);
    return status == STATUS_CONFIG ? status_fail(STATUS_DATA, "%s", status_message()) : status;
}

Status checkpoint_digest(const char *path, char text[static DIGEST_TEXT]) {
    hid_t file;
    CheckpointHeader header;
    ParameterTable table = {0};
    bool newer;
    STATUS_TRY(open_header(path, &file, &header, &newer));
    Status status = table_of_file(file, path, &header, &table);
    if (status == STATUS_OK)
        status = read_weights(file, path, &table, &header, NULL);
    if (status == STATUS_OK)
        memcpy(text, header.weights_sha256, DIGEST_TEXT);
    parameter_table_free(&table);
    checkpoint_header_free(&header);
    h5_close(file);
    return status;
}

/* ---- after changes ---- */

static Status find_digests(hid_t file, const char *path, const ParameterTable *table,
                           CheckpointHeader *header) {
    STATUS_TRY(flat_vector_digest(file, path, checkpoint_header_weights, table, header->tensors,
                                  header->weights_sha256));
    for (size_t i = 0; i < header->states; i++) {
        HeaderState *state = &header->state[i];
        char group[CHECKPOINT_GROUP_BYTES];
        checkpoint_header_group(state->name, group);
        bool found; /* it may have been taken out to make the file small */
        STATUS_TRY(h5_find(file, group, &found));
        if (found)
            STATUS_TRY(
                flat_vector_digest(file, path, group, table, header->tensors, state->sha256));
    }
    return checkpoint_header_digest(header, header->sha256);
}

/* The header as it should be; on success the caller's to free. The file itself is read, so that
 * messages name it. */
static Status read_renewed(const char *path, CheckpointHeader *header) {
    hid_t file;
    ParameterTable table = {0};
    STATUS_TRY(h5_open(path, &file));
    Status status = checkpoint_header_read_changed(file, path, header);
    if (status == STATUS_OK)
        status = table_of_file(file, path, header, &table);
    if (status == STATUS_OK)
        status = find_digests(file, path, &table, header);
    parameter_table_free(&table);
    h5_close(file);
    if (status != STATUS_OK)
        checkpoint_header_free(header);
    return status;
}

static Status write_digests(const char *path, const CheckpointHeader *header) {
    hid_t file;
    char again[DIGEST_TEXT];
    STATUS_TRY(h5_change(path, &file));
    const Status status = checkpoint_header_write_digests(file, header);
    const Status closed = h5_close(file);
    STATUS_TRY(status);
    STATUS_TRY(closed);
    STATUS_TRY(checkpoint_digest(path, again));
    return strcmp(again, header->weights_sha256) == 0
               ? STATUS_OK
               : status_fail(STATUS_IO, "%s: what was written does not read back", path);
}

/* A copy with other digests takes the file's place. */
static Status replace_digests(const char *path, const CheckpointHeader *header) {
    char temporary[FILE_PATH_MAX];
    STATUS_TRY(file_temporary(path, temporary));
    STATUS_TRY(file_copy(path, temporary));
    const Status status = write_digests(temporary, header);
    if (status == STATUS_OK)
        return file_commit(temporary, path);
    unlink(temporary);
    return status;
}

Status checkpoint_renew(const char *path, char text[static DIGEST_TEXT]) {
    CheckpointHeader header;
    STATUS_TRY(read_renewed(path, &header));
    const Status status = replace_digests(path, &header);
    memcpy(text, header.weights_sha256, DIGEST_TEXT);
    checkpoint_header_free(&header);
    return status;
}
