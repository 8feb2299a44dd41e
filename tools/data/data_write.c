#include "vit_data.h"

#include "vit/log.h"

Status data_write(const char *out, const DataSet *set) {
    STATUS_TRY(data_set_write(out, set));
    log_info("%s: %zu training and %zu test images in %zu classes (%s).", out,
             set->split[SPLIT_TRAIN].count, set->split[SPLIT_TEST].count, set->names.count,
             set->origin.source);
    return STATUS_OK;
}
