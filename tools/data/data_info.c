#include "vit/log.h"
#include "vit_data.h"
#include <math.h>
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

Status data_info(const char *path) {
    DataHeader header;
    DataSet set;
    STATUS_TRY(data_file_read_header(path, &header));
    log_info("File:            %s", path);
    log_info("Training images: %zu", header.images[SPLIT_TRAIN]);
    log_info("Test images:     %zu", header.images[SPLIT_TEST]);
    log_info("Classes:         %zu", header.classes);
    log_info("Coarse classes:  %zu", header.coarse_classes);
    log_info("Channel mean:     %.4f  %.4f  %.4f  (R, G, B; pixels 0 to 255)", header.mean[0],
             header.mean[1], header.mean[2]);
    log_info("Channel variance: %.4f  %.4f  %.4f", header.variance[0], header.variance[1],
             header.variance[2]);
    log_info("Content SHA-256: %s", header.content_sha256);
    STATUS_TRY(data_file_read_all(path, &header, &set));
    say_source(&set);
    data_set_free(&set);
    log_info("Verified: all checksums, labels and the content SHA-256 are right.");
    return STATUS_OK;
}
