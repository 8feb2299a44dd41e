#include "start.h"

#include "vit/checkpoint.h"
#include "vit/collection.h"
#include "vit/digest.h"
#include "vit/h5.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/output_file.h"
#include "vit/start_weights.h"
#include "vit/statistics.h"
#include "vit/watchdog.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static Status add_file(FILE *file, const char *path, Digest *digest) {
    static char bytes[1 << 16];
    size_t count;
    while ((count = fread(bytes, 1, sizeof bytes, file)) > 0)
        digest_add(digest, bytes, count);
    return ferror(file) ? status_fail(STATUS_IO, "%s: cannot be read: %s", path, strerror(errno))
                        : STATUS_OK;
}

static Status digest_of_file(const char *path, char sha256[static DIGEST_TEXT]) {
    Digest digest;
    STATUS_TRY(digest_init(&digest));
    FILE *file = fopen(path, "rb");
    Status status = file
                        ? add_file(file, path, &digest)
                        : status_fail(STATUS_IO, "%s: cannot be opened: %s", path, strerror(errno));
    if (file)
        fclose(file);
    if (status == STATUS_OK)
        status = digest_finish(&digest, sha256);
    digest_free(&digest);
    return status;
}

static const char *kind_of(const StartReport *report) {
    static const char *const names[] = {[TENSOR_NAMES_OWN] = "our own names",
                                        [TENSOR_NAMES_TIMM] = "timm's names",
                                        [TENSOR_NAMES_HUGGING_FACE] = "Hugging Face's names"};
    return report->checkpoint ? "a checkpoint" : names[report->names];
}

/* Another notation rounds. */
static bool same_means(size_t channels, const double *one, const double *other) {
    size_t c = 0;
    while (c < channels && fabs(one[c] - other[c]) <= 1e-9 * fabs(other[c]))
        c++;
    return c == channels;
}

static void say_statistics(const Plan *plan, const CheckpointData *then) {
    const DataHeader *now = &plan->data;
    char there[STATISTICS_TEXT], here[STATISTICS_TEXT];
    if (!then->channels || !now->has_statistics || then->channels != now->picture.channels ||
        same_means(now->picture.channels, then->mean, now->mean))
        return;
    log_info("  their pictures were normalized by channel_mean %s; here they are by %s, of %s",
             statistics_text(then->channels, then->mean, there),
             statistics_text(then->channels, now->mean, here), plan->job.data_file);
}

/* The names of the run's classes; on error *data is empty. */
static Status read_classes(const Plan *plan, CheckpointData *data) {
    DataNames names;
    *data = (CheckpointData){0};
    STATUS_TRY(
        data_file_read_names(plan->job.data_file, plan->job.labels == LABELS_COARSE, &names));
    *data = (CheckpointData){.classes = names.count, .name_bytes = names.width, .name = names.text};
    return STATUS_OK;
}

/* Rank 0: into a flat vector; says what became of each tensor, or nothing. */
static Status read_weights(const Plan *plan, bool says, float *weights,
                           char sha256[static DIGEST_TEXT]) {
    const char *path = plan->job.start;
    StartReport report;
    CheckpointData data;
    const StartModel model = {&plan->job, &plan->shape, &plan->table, &data};
    STATUS_TRY(read_classes(plan, &data));
    parameter_initialize(&plan->table, plan->job.seed, weights);
    Status status = start_weights_read(path, &model, weights, &report);
    if (status == STATUS_OK)
        status = digest_of_file(path, sha256);
    if (status == STATUS_OK && says) {
        log_info("Weights to start with: %s (%s; SHA-256 %.12s...)", path, kind_of(&report),
                 sha256);
        start_report_log(&report, &plan->table);
        say_statistics(plan, &report.data);
    }
    start_report_free(&report);
    checkpoint_data_free(&data);
    return status;
}

/* The job may be a checkpoint's: its run is run again with that file, and gives the same with no
 * other. */
static Status warn_of_another(const Plan *plan, const char *sha256) {
    const char *job = plan->command->job;
    char then[DIGEST_TEXT];
    if (!h5_may_be(job))
        return STATUS_OK;
    STATUS_TRY(checkpoint_read_start(job, then));
    if (*then && strcmp(then, sha256) != 0)
        log_warning("%s began with another file (SHA-256 %.12s...) than %s is (%.12s...)", job,
                    then, plan->job.start, sha256);
    return STATUS_OK;
}

static Status read_to_check(const Plan *plan, bool says) {
    char sha256[DIGEST_TEXT];
    float *weights;
    STATUS_TRY(
        memory_allocate(&weights, plan->table.floats, sizeof *weights, "weights to start with"));
    const Status status = read_weights(plan, says, weights, sha256);
    memory_free(weights);
    return status == STATUS_OK ? warn_of_another(plan, sha256) : status;
}

/* Whether a path leads into a folder; both are there. */
static bool is_below(const char *path, const char *folder) {
    char *file = realpath(path, NULL), *above = realpath(folder, NULL);
    const size_t length = above ? strlen(above) : 0;
    const bool below = file && above && strncmp(file, above, length) == 0 && file[length] == '/';
    free(file);
    free(above);
    return below;
}

/* Under its name there would be a file of the new run, and no record of what that began with. */
static Status check_stays(const Plan *plan) {
    const Job *job = &plan->job;
    if (!plan->command->fresh || !is_below(job->start, job->output))
        return STATUS_OK;
    return status_fail(STATUS_CONFIG,
                       "[train] start = %s: --fresh would move it aside with the output folder; "
                       "choose another [job] output than %s, or copy the file to another place",
                       job->start, job->output);
}

/* Rank 0: a folder that is there stays as it is, whatever comes. */
static Status check_new(const Plan *plan) {
    const bool changes = plan->command->fresh || !file_exists(plan->job.output);
    STATUS_TRY(check_stays(plan));
    return changes ? read_to_check(plan, false) : STATUS_OK;
}

/* What the watchdog says that the others wait for. */
static const char work[] = "reading the weights to start with";

/* By rank 0; all learn the outcome. */
static Status by_first(const Plan *plan, Status (*read)(const Plan *plan)) {
    if (!job_has_start(&plan->job))
        return STATUS_OK;
    watchdog_first_works(work);
    const Status status = plan->ranks->rank == 0 ? read(plan) : STATUS_OK;
    watchdog_work("start", WATCHDOG_TOGETHER);
    return ranks_agree(plan->ranks, status);
}

static Status read_and_say(const Plan *plan) {
    char last[FILE_PATH_MAX];
    STATUS_TRY(check_stays(plan));
    STATUS_TRY(output_file_last(plan->job.output, 0, last));
    if (!plan->command->fresh && file_exists(last)) {
        log_info("Weights to start with: not looked at, since %s is there to go on from", last);
        return STATUS_OK;
    }
    return read_to_check(plan, true);
}

Status start_check(const Plan *plan) {
    return by_first(plan, read_and_say);
}

Status start_check_new(const Plan *plan) {
    return by_first(plan, check_new);
}

Status start_check_same(const Plan *plan, const Job *begun, const char *checkpoint,
                        const char sha256[static DIGEST_TEXT]) {
    const char *path = plan->job.start;
    char now[DIGEST_TEXT];
    if (strcmp(begun->start, path) == 0 || digest_of_file(path, now) != STATUS_OK ||
        strcmp(now, sha256) == 0)
        return STATUS_OK;
    return status_fail(
        STATUS_CONFIG,
        "%s: was begun with the weights of [train] start = %s (SHA-256 %.12s...), "
        "and this job's, %s, has others (%.12s...); go on with the old one, or start "
        "over with --fresh",
        checkpoint, begun->start, sha256, path, now);
}

Status start_weights(const Plan *plan, float *room, float *weights, Progress *progress) {
    watchdog_first_works(work);
    const Status status =
        plan->ranks->rank == 0 ? read_weights(plan, true, room, progress->start_sha256) : STATUS_OK;
    watchdog_work("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(plan->ranks, status));
    collection_deal_weights(plan->ranks, &plan->partition, room, weights);
    return STATUS_OK;
}
