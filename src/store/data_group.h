#ifndef VIT_DATA_GROUP_H
#define VIT_DATA_GROUP_H

#include "vit/checkpoint_data.h"
#include "vit/digest.h"
#include <hdf5.h>

/* /data of a checkpoint: attributes height, width, channels, channel_mean and channel_variance, and
 * the dataset label_names. The digest and the checksum of the data are /job's. In files of format
 * version 2 and later. Local. */

Status data_group_write(hid_t file, const CheckpointData *data);

/* Sets all but digest and checksum; names in new memory (checkpoint_data_free). STATUS_DATA: it is
 * missing or cannot be so; `path` is for messages. */
Status data_group_read(hid_t file, const char *path, CheckpointData *data);

/* Adds all that is written: counts as 8 bytes little-endian, then means, variances, and names with
 * a final zero each. */
void data_group_digest(const CheckpointData *data, Digest *digest);

#endif
