#include "checkpoint_header.h"

#include "data_group.h"
#include "fields.h"
#include "vit/format.h"
#include "vit/h5.h"
#include "vit/job.h"
#include "vit/memory.h"
#include "vit/version.h"
#include <stdio.h>
#include <string.h>

#define FORMAT "vit_mpi checkpoint"
#define HISTORY_GROUP "/history"
#define OPTIMIZER_GROUP "/optimizer"

const char *const checkpoint_header_weights = "/model";

/* The first format version whose files have /data. */
enum { DATA_SINCE = 2 };

/* ---- fields ---- */

#define HEADER_FIELD(group, attribute, kind, member, since)                                        \
    FIELD(group, attribute, kind, CheckpointHeader, member, since)

static const Field header_field[] = {
    HEADER_FIELD("/progress", "epoch", FIELD_COUNT, progress.epoch, 1),
    HEADER_FIELD("/progress", "step", FIELD_COUNT, progress.step, 1),
    HEADER_FIELD("/progress", "adam_step", FIELD_COUNT, progress.adam_step, 1),
    HEADER_FIELD("/progress", "position", FIELD_COUNT, progress.position, 1),
    HEADER_FIELD("/progress", "loss_sum", FIELD_REAL, progress.sums.loss, 1),
    HEADER_FIELD("/progress", "hits", FIELD_COUNT, progress.sums.hits, 1),
    HEADER_FIELD("/progress", "top5_hits", FIELD_COUNT, progress.sums.top5_hits, 1),
    HEADER_FIELD("/progress", "samples", FIELD_COUNT, progress.sums.samples, 1),
    HEADER_FIELD("/progress", "coverage", FIELD_COUNT, progress.sums.coverage, 1),
    HEADER_FIELD("/progress", "seconds", FIELD_REAL, progress.sums.seconds, 1),
    HEADER_FIELD("/progress", "wait_samples_seconds", FIELD_REAL, progress.sums.wait.samples, 1),
    HEADER_FIELD("/progress", "wait_gradients_seconds", FIELD_REAL, progress.sums.wait.gradients,
                 1),
    HEADER_FIELD("/progress", "wait_ranks_seconds", FIELD_REAL, progress.sums.wait.ranks, 1),
    HEADER_FIELD("/progress", "wait_weights_seconds", FIELD_REAL, progress.sums.wait.weights, 1),
    HEADER_FIELD("/progress", "best_val_accuracy", FIELD_REAL, progress.best_val_accuracy, 1),
    HEADER_FIELD("/progress", "best_epoch", FIELD_COUNT, progress.best_epoch, 1),
    HEADER_FIELD("/progress", "finished", FIELD_FLAG, progress.finished, 1),
    HEADER_FIELD("/progress", "test_loss", FIELD_REAL, progress.test_loss, 1),
    HEADER_FIELD("/progress", "test_accuracy", FIELD_REAL, progress.test_accuracy, 1),
    HEADER_FIELD("/progress", "test_top5_accuracy", FIELD_REAL, progress.test_top5_accuracy, 1),
    HEADER_FIELD("/job", "data_sha256", FIELD_TEXT, data.sha256, 1),
    HEADER_FIELD("/build", "version", FIELD_TEXT, build.version, 1),
    HEADER_FIELD("/build", "compiler", FIELD_TEXT, build.compiler, 1),
    HEADER_FIELD("/build", "gemm", FIELD_TEXT, build.gemm, 1),
    HEADER_FIELD("/build", "kernels", FIELD_TEXT, build.kernels, 1),
    HEADER_FIELD("/build", "host", FIELD_TEXT, build.host, 1),
    HEADER_FIELD("/build", "date", FIELD_TEXT, build.date, 1),
    HEADER_FIELD("/build", "ranks", FIELD_COUNT, build.ranks, 1),
    HEADER_FIELD("/build", "threads", FIELD_COUNT, build.threads, 1),
    HEADER_FIELD("/job", "data_checksum", FIELD_TEXT, data.checksum, 2),
    HEADER_FIELD("/job", "start_sha256", FIELD_TEXT, progress.start_sha256, 3),
};

static const Fields header_fields = {sizeof header_field / sizeof *header_field, header_field};

/* ---- states ---- */

enum { ATTRIBUTE_BYTES = CHECKPOINT_NAME_BYTES + 16 };

/* AdamW's moments, whose digests were named, and took their place in the state's digest, before
 * there were other optimizers. */
static const char *const moment_name[] = {"m", "v"};
static const char *const moment_attribute[] = {"first_moment_sha256", "second_moment_sha256"};
enum { MOMENTS = sizeof moment_name / sizeof *moment_name };

/* The number of the moment of that name, or MOMENTS. */
static size_t moment_number(const char *name) {
    size_t i = 0;
    while (i < MOMENTS && strcmp(name, moment_name[i]) != 0)
        i++;
    return i;
}

/* The root attribute that holds a state's digest. */
static const char *state_attribute(const char *name, char attribute[static ATTRIBUTE_BYTES]) {
    const size_t moment = moment_number(name);
    snprintf(attribute, ATTRIBUTE_BYTES, "%s_sha256", name);
    return moment < MOMENTS ? moment_attribute[moment] : attribute;
}

void checkpoint_header_group(const char *state, char group[static CHECKPOINT_GROUP_BYTES]) {
    const bool average = strcmp(state, CHECKPOINT_AVERAGE) == 0;
    snprintf(group, CHECKPOINT_GROUP_BYTES, "%s/%s", average ? "" : OPTIMIZER_GROUP, state);
}

/* Whether it names a group, and a digest that nothing else has. */
static bool is_state_name(const char *name) {
    static const char *const taken[] = {"weights", "state", "first_moment", "second_moment"};
    const size_t length = strlen(name);
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return false;
    return length > 0 && length < CHECKPOINT_NAME_BYTES &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == length;
}

HeaderState *checkpoint_header_add(CheckpointHeader *header, const char *name) {
    if (header->states == CHECKPOINT_STATES_MOST || !is_state_name(name) ||
        checkpoint_header_find(header, name))
        return NULL;
    size_t place = header->states++;
    for (; place > 0 && strcmp(header->state[place - 1].name, name) > 0; place--)
        header->state[place] = header->state[place - 1];
    HeaderState *state = &header->state[place];
    *state = (HeaderState){0};
    memcpy(state->name, name, strlen(name) + 1);
    return state;
}

const HeaderState *checkpoint_header_find(const CheckpointHeader *header, const char *name) {
    for (size_t i = 0; i < header->states; i++)
        if (strcmp(header->state[i].name, name) == 0)
            return &header->state[i];
    return NULL;
}

/* ---- digest ---- */

static void add_text(Digest *digest, const char *text) {
    digest_add(digest, text, strlen(text) + 1);
}

/* The moments have a place even where they are not; other states come by name. */
static void add_states(Digest *digest, const CheckpointHeader *header) {
    for (size_t i = 0; i < MOMENTS; i++) {
        const HeaderState *moment = checkpoint_header_find(header, moment_name[i]);
        add_text(digest, moment ? moment->sha256 : "");
    }
    for (size_t i = 0; i < header->states; i++) {
        const HeaderState *state = &header->state[i];
        if (moment_number(state->name) < MOMENTS)
            continue;
        add_text(digest, state->name);
        add_text(digest, state->sha256);
    }
}

Status checkpoint_header_digest(const CheckpointHeader *header, char sha256[static DIGEST_TEXT]) {
    Digest digest;
    STATUS_TRY(digest_init(&digest));
    add_text(&digest, header->weights_sha256);
    add_states(&digest, header);
    fields_digest(&header_fields, header->version, header, &digest);
    add_text(&digest, header->job_text);
    history_digest(&header->history, header->version, &digest);
    if (header->version >= DATA_SINCE)
        data_group_digest(&header->data, &digest);
    return digest_finish(&digest, sha256);
}

/* ---- writing ---- */

static Status write_job(hid_t file, const char *job_text) {
    Job job;
    STATUS_TRY(job_parse_resolved(&job, "the resolved job", job_text, 0, NULL));
    STATUS_TRY(h5_set_count(file, "/job", "seed", job.seed));
    return h5_set_text(file, "/job", "text", job_text);
}

Status checkpoint_header_write_digests(hid_t file, const CheckpointHeader *header) {
    STATUS_TRY(h5_set_text(file, "/", "weights_sha256", header->weights_sha256));
    for (size_t i = 0; i < header->states; i++) {
        const HeaderState *state = &header->state[i];
        char attribute[ATTRIBUTE_BYTES];
        STATUS_TRY(h5_set_text(file, "/", state_attribute(state->name, attribute), state->sha256));
    }
    return h5_set_text(file, "/", "state_sha256", header->sha256);
}

static Status write_root(hid_t file, const CheckpointHeader *header) {
    STATUS_TRY(h5_set_text(file, "/", "format", FORMAT));
    STATUS_TRY(h5_set_count(file, "/", "format_version", header->version));
    STATUS_TRY(h5_set_count(file, "/", "tensors", header->tensors));
    STATUS_TRY(h5_set_count(file, "/", "parameters", header->parameters));
    STATUS_TRY(checkpoint_header_write_digests(file, header));
    return h5_set_count(file, "/", "complete", 1);
}

Status checkpoint_header_write(hid_t file, const CheckpointHeader *header) {
    STATUS_TRY(h5_make_group(file, "/progress"));
    STATUS_TRY(h5_make_group(file, "/job"));
    STATUS_TRY(h5_make_group(file, "/build"));
    STATUS_TRY(write_job(file, header->job_text));
    STATUS_TRY(fields_write(file, &header_fields, header->version, header));
    STATUS_TRY(history_write_h5(&header->history, file, HISTORY_GROUP));
    STATUS_TRY(data_group_write(file, &header->data));
    return write_root(file, header);
}

/* ---- reading ---- */

/* Which program wrote it, as far as can be told. */
static void read_writer(hid_t file, char version[static BUILD_VERSION_BYTES]) {
    if (fields_read_text(file, "", "/build", "version", BUILD_VERSION_BYTES, version) != STATUS_OK)
        snprintf(version, BUILD_VERSION_BYTES, "of an unknown version");
}

static Status check_version(hid_t file, const char *path, uint64_t version, bool *newer) {
    char writer[BUILD_VERSION_BYTES];
    if (version == 0)
        return status_fail(STATUS_DATA, "%s: is damaged: it has format version 0", path);
    if (version <= FORMAT_VERSION)
        return STATUS_OK;
    *newer = true;
    read_writer(file, writer);
    return status_fail(STATUS_DATA,
                       "%s: was written by vit_mpi %s, in format version %llu; this is vit_mpi %s, "
                       "which reads versions up to %d: use a newer one",
                       path, writer, (unsigned long long)version, version_text, FORMAT_VERSION);
}

static Status check_format(hid_t file, const char *path, uint64_t *version, bool *newer) {
    char *format = NULL;
    uint64_t complete = 0;
    const Status status = h5_get_text(file, "/", "format", &format);
    const bool ours = status == STATUS_OK && strcmp(format, FORMAT) == 0;
    memory_free(format);
    /* Neither lack of memory nor a disk that fails damages a file. */
    if (status == STATUS_INTERNAL || status == STATUS_IO)
        return status;
    if (!ours)
        return status_fail(STATUS_DATA, "%s: is not a checkpoint, or damaged", path);
    STATUS_TRY(h5_get_count(file, "/", "format_version", version));
    STATUS_TRY(check_version(file, path, *version, newer));
    const Status counted = h5_get_count(file, "/", "complete", &complete);
    if (counted == STATUS_IO)
        return counted;
    if (counted != STATUS_OK || complete != 1)
        return status_fail(STATUS_DATA, "%s: was not written to its end", path);
    return STATUS_OK;
}

static Status read_digest(hid_t file, const char *path, const char *attribute,
                          char sha256[static DIGEST_TEXT]) {
    return fields_read_text(file, path, "/", attribute, DIGEST_TEXT, sha256);
}

/* The state whose digest a root attribute holds; false for any other attribute. */
static bool state_of_attribute(const char *attribute, char name[static CHECKPOINT_NAME_BYTES]) {
    static const char ending[] = "_sha256";
    const size_t length = strlen(attribute), end = sizeof ending - 1;
    for (size_t i = 0; i < MOMENTS; i++)
        if (strcmp(attribute, moment_attribute[i]) == 0) {
            snprintf(name, CHECKPOINT_NAME_BYTES, "%s", moment_name[i]);
            return true;
        }
    if (length <= end || length - end >= CHECKPOINT_NAME_BYTES ||
        strcmp(attribute + length - end, ending) != 0)
        return false;
    snprintf(name, CHECKPOINT_NAME_BYTES, "%.*s", (int)(length - end), attribute);
    return is_state_name(name);
}

/* The digests tell which states there are: without the tensors, which may have been taken out to
 * make the file small, the weights are as good as before. */
static Status read_states(hid_t file, const char *path, CheckpointHeader *header) {
    char attribute[ATTRIBUTE_BYTES], name[CHECKPOINT_NAME_BYTES];
    size_t attributes;
    STATUS_TRY(h5_count_attributes(file, "/", &attributes));
    for (size_t i = 0; i < attributes; i++) {
        size_t length;
        STATUS_TRY(h5_attribute_name(file, "/", i, sizeof attribute, attribute, &length));
        if (length >= sizeof attribute || !state_of_attribute(attribute, name))
            continue;
        HeaderState *state = checkpoint_header_add(header, name);
        if (!state)
            return status_fail(STATUS_DATA, "%s: is damaged: / @%s: is one state too many", path,
                               attribute);
        STATUS_TRY(read_digest(file, path, attribute, state->sha256));
    }
    return STATUS_OK;
}

static Status read_root(hid_t file, const char *path, CheckpointHeader *header) {
    STATUS_TRY(h5_get_count(file, "/", "tensors", &header->tensors));
    STATUS_TRY(h5_get_count(file, "/", "parameters", &header->parameters));
    STATUS_TRY(read_digest(file, path, "weights_sha256", header->weights_sha256));
    STATUS_TRY(read_states(file, path, header));
    return read_digest(file, path, "state_sha256", header->sha256);
}

static Status check_digest(const char *path, const CheckpointHeader *header) {
    char found[DIGEST_TEXT];
    STATUS_TRY(checkpoint_header_digest(header, found));
    if (strcmp(found, header->sha256) != 0)
        return status_fail(STATUS_DATA,
                           "%s: is damaged: its state does not match its digest (after changes "
                           "that are meant: vit_data digest --renew %s)",
                           path, path);
    return STATUS_OK;
}

/* A job that its writer understood, as the digest vouches for. */
static Status check_job(const char *path, const CheckpointHeader *header, bool *newer) {
    Job job;
    const Status status = job_parse_resolved(&job, "/job @text", header->job_text, 0, NULL);
    if (status == STATUS_OK || status == STATUS_INTERNAL)
        return status;
    *newer = true;
    return status_fail(STATUS_DATA,
                       "%s: was written by vit_mpi %s; this is vit_mpi %s, which cannot read its "
                       "whole job: %s",
                       path, header->build.version, version_text, status_message());
}

static Status read_content(hid_t file, const char *path, CheckpointHeader *header, bool *newer) {
    STATUS_TRY(check_format(file, path, &header->version, newer));
    STATUS_TRY(read_root(file, path, header));
    STATUS_TRY(fields_read(file, path, &header_fields, header->version, header));
    STATUS_TRY(h5_get_text(file, "/job", "text", &header->job_text));
    STATUS_TRY(history_read_h5(&header->history, file, HISTORY_GROUP, header->version));
    return header->version >= DATA_SINCE ? data_group_read(file, path, &header->data) : STATUS_OK;
}

static Status read_all(hid_t file, const char *path, CheckpointHeader *header, bool *newer) {
    STATUS_TRY(read_content(file, path, header, newer));
    STATUS_TRY(check_digest(path, header));
    return check_job(path, header, newer);
}

Status checkpoint_header_read(hid_t file, const char *path, CheckpointHeader *header, bool *newer) {
    *header = (CheckpointHeader){.progress = progress_start()};
    *newer = false;
    const Status status = read_all(file, path, header, newer);
    if (status != STATUS_OK)
        checkpoint_header_free(header);
    return status;
}

Status checkpoint_header_read_changed(hid_t file, const char *path, CheckpointHeader *header) {
    bool newer;
    *header = (CheckpointHeader){.progress = progress_start()};
    Status status = read_content(file, path, header, &newer);
    if (status == STATUS_OK)
        status = check_job(path, header, &newer);
    if (status != STATUS_OK)
        checkpoint_header_free(header);
    return status;
}

void checkpoint_header_free(CheckpointHeader *header) {
    history_free(&header->history);
    checkpoint_data_free(&header->data);
    memory_free(header->job_text);
    *header = (CheckpointHeader){0};
}
