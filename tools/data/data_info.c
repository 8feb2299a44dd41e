#include "vit/data_survey.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/statistics.h"
#include "vit_data.h"
#include <stdio.h>
#include <string.h>

static void say_origin(const DataOrigin *origin) {
    static const char *const title[SPLIT_COUNT] = {"Training source", "Test source",
                                                   "Validation source"};
    if (origin->source[0])
        log_info("Source:          %s", origin->source);
    for (DataSplit split = 0; split < SPLIT_COUNT; split++)
        if (origin->sha256[split][0])
            log_info("%-16s %s%s", title[split], origin->sha256[split],
                     data_is_official(split, origin->sha256[split]) ? " (official CIFAR-100)" : "");
}

static void say_statistics(const DataHeader *header, const char *title, const double *mean,
                           const double *variance, const char *remark) {
    const size_t channels = header->picture.channels;
    char text[STATISTICS_TEXT];
    log_info("%s mean:     %s%s", title, statistics_text(channels, mean, text), remark);
    log_info("%s variance: %s", title, statistics_text(channels, variance, text));
}

static void say_header(const char *path, const DataHeader *header) {
    log_info("File:            %s", path);
    log_info("Training images: %zu", header->images[SPLIT_TRAIN]);
    log_info("Test images:     %zu", header->images[SPLIT_TEST]);
    if (header->images[SPLIT_VALIDATION])
        log_info("Validation:      %zu", header->images[SPLIT_VALIDATION]);
    log_info("Classes:         %zu", header->classes);
    log_info("Coarse classes:  %zu", header->coarse_classes);
    log_info("Pictures:        %zu x %zu pixels (height, width), %zu channel%s",
             header->picture.height, header->picture.width, header->picture.channels,
             header->picture.channels == 1 ? "" : "s");
    if (header->has_statistics)
        say_statistics(header, "Channel", header->mean, header->variance,
                       header->picture.channels == 3 ? "  (R, G, B; pixels 0 to 255)"
                                                     : "  (pixels 0 to 255)");
    if (header->content_sha256[0])
        log_info("Content SHA-256: %s", header->content_sha256);
}

/* A line a class. */
static void say_classes(const DataSurvey *survey, const DataNames *names) {
    const bool validation = survey->header.images[SPLIT_VALIDATION] > 0;
    log_info("Images of each class (training, test%s):", validation ? ", validation" : "");
    for (size_t class = 0; class < names->count; class ++) {
        char more[32] = "";
        if (validation)
            snprintf(more, sizeof more, " %7zu", survey->images[SPLIT_VALIDATION][class]);
        log_info("%7zu %7zu%s  %zu %s", survey->images[SPLIT_TRAIN][class],
                 survey->images[SPLIT_TEST][class], more, class,
                 names->text + class * names->width);
    }
}

/* What a training would compute. */
static Status check_computed(const char *path, const DataHeader *header, const double *mean,
                             const double *variance) {
    DataHeader computed = *header;
    computed.has_statistics = true;
    memcpy(computed.mean, mean, sizeof computed.mean);
    memcpy(computed.variance, variance, sizeof computed.variance);
    return data_file_check_header(path, &computed);
}

/* What the file tells of its images, against what they are. */
static Status judge(const char *path, const DataSurvey *survey) {
    const DataHeader *header = &survey->header;
    double mean[PICTURE_CHANNELS_MAX] = {0}, variance[PICTURE_CHANNELS_MAX] = {0};
    bool same = false;
    STATUS_TRY(data_file_check_content(path, header, survey->content_sha256));
    if (!header->content_sha256[0])
        log_info("Content SHA-256: %s (computed; the file tells none)", survey->content_sha256);
    moments_get(&survey->moments, header->picture.channels, mean, variance);
    const Status status = header->has_statistics
                              ? statistics_check(path, header, &survey->moments, &same)
                              : check_computed(path, header, mean, variance);
    if (!same || status != STATUS_OK)
        say_statistics(header, "Computed", mean, variance, "  (of the training images)");
    return status;
}

static Status say_all(const char *path, const DataSurvey *survey) {
    DataOrigin origin;
    DataNames names;
    STATUS_TRY(data_file_read_origin(path, &origin));
    STATUS_TRY(data_file_read_names(path, false, &names));
    say_origin(&origin);
    say_classes(survey, &names);
    memory_free(names.text);
    return judge(path, survey);
}

Status data_info(const char *path) {
    DataHeader header;
    DataSurvey survey;
    STATUS_TRY(data_file_read_header(path, &header));
    say_header(path, &header);
    STATUS_TRY(data_survey(path, &survey));
    const Status status = say_all(path, &survey);
    data_survey_free(&survey);
    if (status == STATUS_OK)
        log_info("Verified: all checksums, labels and the content SHA-256 are right.");
    return status;
}
