#ifndef VIT_CHECKPOINT_DATA_H
#define VIT_CHECKPOINT_DATA_H

#include "vit/digest.h"
#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* The data that the weights of a checkpoint were trained on: what it takes to feed the model and to
 * read its answers, and to know the data again. */

enum { CHECKPOINT_CHANNELS_MOST = 4, CHECKPOINT_CHECKSUM_TEXT = 17 };

typedef struct CheckpointData {
    char sha256[DIGEST_TEXT]; /* content_sha256 of the data file; "": it had none */
    char
        checksum[CHECKPOINT_CHECKSUM_TEXT]; /* of the samples that were read, in hex; "": unknown */
    uint64_t height, width, channels;       /* of a picture; 0 channels: this and all below is not
                                               known, in files of format version 1 */
    double mean[CHECKPOINT_CHANNELS_MOST];  /* [channels] by which pixels, 0 to 255, were */
    double variance[CHECKPOINT_CHANNELS_MOST]; /* normalized */
    size_t classes, name_bytes;
    char *name; /* [classes, name_bytes], zero-padded */
} CheckpointData;

void checkpoint_data_free(CheckpointData *data);

#endif
