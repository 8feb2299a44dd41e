#include "known_data.h"

#include "vit/log.h"
#include "vit/memory.h"
#include "vit/statistics.h"
#include "vit/watchdog.h"
#include <stdio.h>
#include <string.h>

static bool same_statistics(const double *one_mean, const double *one_variance,
                            const double *other_mean, const double *other_variance,
                            size_t channels) {
    const size_t bytes = channels * sizeof(double);
    return memcmp(one_mean, other_mean, bytes) == 0 &&
           memcmp(one_variance, other_variance, bytes) == 0;
}

/* ---- going on ---- */

/* They count to the last bit, since the weights would be others. */
static Status check_statistics(const Plan *plan, const char *path, const CheckpointData *then,
                               const CheckpointData *now) {
    char was[2][STATISTICS_TEXT], is[2][STATISTICS_TEXT];
    if (then->channels == 0 ||
        (then->channels == now->channels &&
         same_statistics(then->mean, then->variance, now->mean, now->variance, now->channels)))
        return STATUS_OK;
    return status_fail(STATUS_CONFIG,
                       "%s: [data] file: this run was begun with other statistics (channel_mean "
                       "%s, channel_variance %s) than those of %s now (%s, %s; they may differ in "
                       "later digits); put them back, or --fresh to start over",
                       path, statistics_text(then->channels, then->mean, was[0]),
                       statistics_text(then->channels, then->variance, was[1]), plan->job.data_file,
                       statistics_text(now->channels, now->mean, is[0]),
                       statistics_text(now->channels, now->variance, is[1]));
}

enum { SHA_TEXT = 32 };

static const char *sha_text(const char *sha256, char text[static SHA_TEXT]) {
    if (!sha256[0])
        return "no SHA-256";
    snprintf(text, SHA_TEXT, "SHA-256 %.12s...", sha256);
    return text;
}

/* Where one of both files told no digest the checksum decides, if it is known. */
static bool has_other_digest(const CheckpointData *then, const CheckpointData *now) {
    const bool both = then->sha256[0] && now->sha256[0];
    return (both || !then->checksum[0]) && strcmp(then->sha256, now->sha256) != 0;
}

static Status check(const Plan *plan, const char *path, const CheckpointData *then,
                    const CheckpointData *now) {
    const char *file = plan->job.data_file;
    char was[SHA_TEXT], is[SHA_TEXT];
    if (has_other_digest(then, now))
        return status_fail(STATUS_CONFIG,
                           "%s: [data] file: this run was begun on other data (%s) than %s (%s); "
                           "use the same data, or --fresh to start over",
                           path, sha_text(then->sha256, was), file, sha_text(now->sha256, is));
    if (then->checksum[0] && strcmp(then->checksum, now->checksum) != 0)
        return status_fail(STATUS_CONFIG,
                           "%s: [data] file: images or labels of %s were changed since this run "
                           "was begun (checksum %s, now %s), whatever its content_sha256 says; "
                           "use the same data, or --fresh to start over",
                           path, file, then->checksum, now->checksum);
    return check_statistics(plan, path, then, now);
}

Status known_data_check(const Plan *plan, const char *path, const CheckpointData *now) {
    CheckpointData then;
    STATUS_TRY(checkpoint_read_data(path, &then));
    const Status status = check(plan, path, &then, now);
    checkpoint_data_free(&then);
    return status;
}

/* ---- judging weights ---- */

static void say_statistics(const Plan *plan, const char *path, const CheckpointData *known) {
    const DataHeader *data = &plan->data;
    char theirs[STATISTICS_TEXT], ours[STATISTICS_TEXT];
    if (data->has_statistics && !same_statistics(known->mean, known->variance, data->mean,
                                                 data->variance, data->picture.channels))
        log_info("Pictures are normalized as those that %s was trained on (channel_mean %s); %s "
                 "has other statistics (%s)",
                 path, statistics_text(known->channels, known->mean, theirs), plan->job.data_file,
                 statistics_text(data->picture.channels, data->mean, ours));
    if (known->height != data->picture.height || known->width != data->picture.width)
        log_info("%s was trained on pictures of %llu x %llu pixels, those of %s have %zu x %zu",
                 path, (unsigned long long)known->height, (unsigned long long)known->width,
                 plan->job.data_file, data->picture.height, data->picture.width);
}

static Status say_classes(const Plan *plan, const char *path, const CheckpointData *known) {
    DataNames names;
    STATUS_TRY(
        data_file_read_names(plan->job.data_file, plan->job.labels == LABELS_COARSE, &names));
    for (size_t c = 0; c < known->classes && c < names.count; c++) {
        const char *theirs = known->name + c * known->name_bytes;
        const char *ours = names.text + c * names.width;
        if (strcmp(theirs, ours) == 0)
            continue;
        log_warning("class %zu is %s in %s, but %s in %s: answers are compared by number", c,
                    theirs, path, ours, plan->job.data_file);
        break;
    }
    memory_free(names.text);
    return STATUS_OK;
}

static Status compare(const Plan *plan, const char *path, const CheckpointData *known) {
    if (known->channels == 0) {
        log_info("%s knows no statistics, since a release before 0.4.0 wrote it: pictures are "
                 "normalized by those of %s",
                 path, plan->job.data_file);
        return STATUS_OK;
    }
    if (known->channels != plan->data.picture.channels)
        return status_fail(
            STATUS_DATA, "%s: was trained on pictures of %llu channels, those of %s have %zu", path,
            (unsigned long long)known->channels, plan->job.data_file, plan->data.picture.channels);
    if (known->classes != plan_classes(plan))
        return status_fail(STATUS_DATA, "%s: was trained on %zu classes, %s has %zu", path,
                           (size_t)known->classes, plan->job.data_file, plan_classes(plan));
    say_statistics(plan, path, known);
    return say_classes(plan, path, known);
}

static Status adopt(Plan *plan, const char *path) {
    CheckpointData known;
    DataHeader *data = &plan->data;
    STATUS_TRY(checkpoint_read_data(path, &known));
    const Status status = compare(plan, path, &known);
    if (status == STATUS_OK && known.channels) {
        memcpy(data->mean, known.mean, sizeof data->mean);
        memcpy(data->variance, known.variance, sizeof data->variance);
        data->has_statistics = plan->statistics_known = true;
    }
    checkpoint_data_free(&known);
    return status;
}

Status known_data_adopt(Plan *plan, const char *path) {
    watchdog_first_works("reading a checkpoint");
    const Status status = plan->ranks->rank == 0 ? adopt(plan, path) : STATUS_OK;
    watchdog_work("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(plan->ranks, status));
    ranks_broadcast(plan->ranks, &plan->data, sizeof plan->data);
    ranks_broadcast(plan->ranks, &plan->statistics_known, sizeof plan->statistics_known);
    return STATUS_OK;
}
