#ifndef VIT_DATA_FILE_H
#define VIT_DATA_FILE_H

#include "vit/digest.h"
#include "vit/picture.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The data set as an HDF5 file, whatever wrote it:
 *   /train/images        uint8    [N, height, width, channels]  row, column, channel
 *   /train/labels        integers [N] or [N, 1], below the number of classes
 *   /train/coarse_labels alike                                  where there are any
 *   /test/...            alike
 *   /validation/...      alike, where there is one
 *   /label_names, /coarse_label_names           strings, one a class
 * Root attributes, each of which may be missing: source (text), train_sha256, test_sha256,
 * validation_sha256 (SHA-256 of the source files; empty when there were none), content_sha256 (see
 * content.h), channel_mean[channels] and channel_variance[channels] of all training images (pixels
 * 0..255, population variance). All images of a file have one form. */

typedef enum DataSplit { SPLIT_TRAIN, SPLIT_TEST, SPLIT_VALIDATION, SPLIT_COUNT } DataSplit;

/* "training images", for messages. */
const char *data_split_title(DataSplit split);

typedef struct DataHeader {
    size_t images[SPLIT_COUNT]; /* for validation 0 where the file has no such split */
    Picture picture;            /* of every image */
    size_t classes;             /* fine */
    size_t coarse_classes;      /* 0: no coarse labels */
    bool has_statistics;        /* otherwise mean and variance are zero */
    double mean[PICTURE_CHANNELS_MAX], variance[PICTURE_CHANNELS_MAX]; /* [picture.channels] */
    char content_sha256[DIGEST_TEXT];                                  /* "": the file has none */
} DataHeader;

/* Reads and checks everything but the pixels and labels: datasets present and complete, shapes and
 * types as above, numbers of rows and forms of images equal, finite means, positive variances,
 * 1..65536 classes. Local. STATUS_IO when the file cannot be opened, STATUS_DATA when it is damaged
 * or not such a file: with what was found and what is wanted. */
Status data_file_read_header(const char *path, DataHeader *header);

/* What is wrong with numbers of classes and images, or with statistics: STATUS_DATA. Local. */
Status data_file_check_header(const char *path, const DataHeader *header);

/* That the digest of the content (content.h) is what the header says, if it says one. STATUS_DATA.
 * Local. */
Status data_file_check_content(const char *path, const DataHeader *header,
                               const char digest[static DIGEST_TEXT]);

/* Reads rows [first, first + count) of a split: images [count, picture_bytes] and labels [count]
 * (coarse ones if asked). A label that is not below its number of classes is STATUS_DATA naming its
 * row. count may be 0. Local: each rank reads only its shard. */
Status data_file_read_rows(const char *path, const DataHeader *header, DataSplit split, bool coarse,
                           size_t first, size_t count, uint8_t *images, uint16_t *labels);

/* Reads all labels of a split, [header->images[split]]; errors alike. Local. */
Status data_file_read_labels(const char *path, const DataHeader *header, DataSplit split,
                             bool coarse, uint16_t *labels);

typedef struct DataNames {
    size_t count, width; /* width: bytes a name, zero-padded */
    char *text;          /* [count, width]; memory_free */
} DataNames;

/* The names of the classes; on error *names is empty. Local. */
Status data_file_read_names(const char *path, bool coarse, DataNames *names);

/* Where the images are from; texts are empty where the file does not tell. */
typedef struct DataOrigin {
    char source[256];                      /* its beginning, if it is longer */
    char sha256[SPLIT_COUNT][DIGEST_TEXT]; /* of the source files */
} DataOrigin;

Status data_file_read_origin(const char *path, DataOrigin *origin);

#endif
