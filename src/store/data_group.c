#include "data_group.h"

#include "vit/h5.h"
#include "vit/memory.h"
#include <math.h>
#include <string.h>

#define GROUP "/data"

void checkpoint_data_free(CheckpointData *data) {
    memory_free(data->name);
    *data = (CheckpointData){0};
}

Status data_group_write(hid_t file, const CheckpointData *data) {
    STATUS_TRY(h5_make_group(file, GROUP));
    STATUS_TRY(h5_set_count(file, GROUP, "height", data->height));
    STATUS_TRY(h5_set_count(file, GROUP, "width", data->width));
    STATUS_TRY(h5_set_count(file, GROUP, "channels", data->channels));
    STATUS_TRY(h5_set_reals(file, GROUP, "channel_mean", data->channels, data->mean));
    STATUS_TRY(h5_set_reals(file, GROUP, "channel_variance", data->channels, data->variance));
    return h5_write_strings(file, GROUP "/label_names", data->classes, data->name_bytes,
                            data->name);
}

static Status check_statistics(const char *path, const CheckpointData *data) {
    for (size_t c = 0; c < data->channels; c++)
        if (!isfinite(data->mean[c]) || !isfinite(data->variance[c]) || data->variance[c] <= 0.0)
            return status_fail(STATUS_DATA,
                               "%s: " GROUP ": channel %zu has mean %g and variance %g, by which "
                               "pictures cannot be normalized",
                               path, c, data->mean[c], data->variance[c]);
    return STATUS_OK;
}

Status data_group_read(hid_t file, const char *path, CheckpointData *data) {
    STATUS_TRY(h5_get_count(file, GROUP, "height", &data->height));
    STATUS_TRY(h5_get_count(file, GROUP, "width", &data->width));
    STATUS_TRY(h5_get_count(file, GROUP, "channels", &data->channels));
    if (data->channels < 1 || data->channels > CHECKPOINT_CHANNELS_MOST)
        return status_fail(STATUS_DATA, "%s: " GROUP " @channels: is %llu (allowed: 1 to %d)", path,
                           (unsigned long long)data->channels, CHECKPOINT_CHANNELS_MOST);
    STATUS_TRY(h5_get_reals(file, GROUP, "channel_mean", data->channels, data->mean));
    STATUS_TRY(h5_get_reals(file, GROUP, "channel_variance", data->channels, data->variance));
    STATUS_TRY(check_statistics(path, data));
    return h5_read_strings(file, GROUP "/label_names", &data->classes, &data->name_bytes,
                           &data->name);
}

void data_group_digest(const CheckpointData *data, Digest *digest) {
    digest_add(digest, &data->height, sizeof data->height);
    digest_add(digest, &data->width, sizeof data->width);
    digest_add(digest, &data->channels, sizeof data->channels);
    digest_add(digest, data->mean, data->channels * sizeof *data->mean);
    digest_add(digest, data->variance, data->channels * sizeof *data->variance);
    for (size_t i = 0; i < data->classes; i++) {
        const char *name = data->name + i * data->name_bytes;
        digest_add(digest, name, strlen(name) + 1);
    }
}
