#include "vit_data.h"

#include "vit/log.h"
#include <stdio.h>

void data_write_say(const char *out, const size_t images[static SPLIT_COUNT], size_t classes,
                    const char *source) {
    char validation[64] = "";
    if (images[SPLIT_VALIDATION])
        snprintf(validation, sizeof validation, ", %zu validation", images[SPLIT_VALIDATION]);
    log_info("%s: %zu training%s and %zu test images in %zu class%s (%s).", out,
             images[SPLIT_TRAIN], validation, images[SPLIT_TEST], classes, classes == 1 ? "" : "es",
             source);
}

Status data_write(const char *out, const DataSet *set) {
    size_t images[SPLIT_COUNT];
    STATUS_TRY(data_set_write(out, set));
    for (size_t s = 0; s < SPLIT_COUNT; s++)
        images[s] = set->split[s].count;
    data_write_say(out, images, set->names.count, set->origin.source);
    return STATUS_OK;
}
