#include "vit/log.h"
#include "vit_data.h"
#include <stdio.h>
#include <string.h>

static void say_source(const DataSet *set) {
    static const char *const title[SPLIT_COUNT] = {"Training source", "Test source"};
    log_info("Source:          %s", set->source);
    for (DataSplit split = 0; split < SPLIT_COUNT; split++)
        if (set->source_sha256[split][0])
            log_info("%-16s %s%s", title[split], set->source_sha256[split],
                     data_is_official(split, set->source_sha256[split]) ? " (official CIFAR-100)"
                                                                        : "");
}

/* One number a channel, after a title. */
static void say_channels(const DataHeader *header, const char *title, const double *values,
                         const char *remark) {
    char text[PICTURE_CHANNELS_MAX * 32] = "";
    for (size_t c = 0; c < header->picture.channels; c++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "%s%.4f", c ? "  " : "", values[c]);
    }
    log_info("%s%s%s", title, text, remark);
}

static void say_pictures(const DataHeader *header) {
    const bool colour = header->picture.channels == 3;
    log_info("Pictures:        %zu x %zu pixels (height, width), %zu channel%s",
             header->picture.height, header->picture.width, header->picture.channels,
             header->picture.channels == 1 ? "" : "s");
    say_channels(header, "Channel mean:     ", header->mean,
                 colour ? "  (R, G, B; pixels 0 to 255)" : "  (pixels 0 to 255)");
    say_channels(header, "Channel variance: ", header->variance, "");
}

Status data_info(const char *path) {
    DataHeader header;
    DataSet set;
    STATUS_TRY(data_file_read_header(path, &header));
    log_info("File:            %s", path);
    log_info("Training images: %zu", header.images[SPLIT_TRAIN]);
    log_info("Test images:     %zu", header.images[SPLIT_TEST]);
    log_info("Classes:         %zu", header.classes);
    log_info("Coarse classes:  %zu", header.coarse_classes);
    say_pictures(&header);
    log_info("Content SHA-256: %s", header.content_sha256);
    STATUS_TRY(data_file_read_all(path, &header, &set));
    say_source(&set);
    data_set_free(&set);
    log_info("Verified: all checksums, labels and the content SHA-256 are right.");
    return STATUS_OK;
}
