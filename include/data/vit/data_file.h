#ifndef VIT_DATA_FILE_H
#define VIT_DATA_FILE_H

#include "vit/digest.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The data set as an HDF5 file:
 *   /train/images        uint8  [N, height, width, channels]  row, column, channel
 *   /train/labels        uint16 [N]
 *   /train/coarse_labels uint16 [N]                           where there are any
 *   /test/...            alike
 *   /label_names, /coarse_label_names           strings, one a class
 * Root attributes: source (text), train_sha256 and test_sha256 (SHA-256 of the source files; empty
 * when there were none), content_sha256 (the form of the pictures, images and labels: see
 * data/README.md), channel_mean[channels] and channel_variance[channels] of all training images
 * (pixels 0..255, population variance). All images of a file have one form. */

enum { PICTURE_SIDE_MAX = 4096, PICTURE_CHANNELS_MAX = 4 };

/* The form of an image, a byte a value: [height, width, channels], 1 to PICTURE_SIDE_MAX, the same,
 * 1 to PICTURE_CHANNELS_MAX. Three channels are red, green and blue; one is grey. */
typedef struct Picture {
    size_t height, width, channels;
} Picture;

static inline size_t picture_bytes(Picture picture) {
    return picture.height * picture.width * picture.channels;
}

typedef enum DataSplit { SPLIT_TRAIN, SPLIT_TEST, SPLIT_COUNT } DataSplit;

typedef struct DataHeader {
    size_t images[SPLIT_COUNT];
    Picture picture;                                                   /* of every image */
    size_t classes;                                                    /* fine */
    size_t coarse_classes;                                             /* 0: no coarse labels */
    double mean[PICTURE_CHANNELS_MAX], variance[PICTURE_CHANNELS_MAX]; /* [picture.channels] */
    char content_sha256[DIGEST_TEXT];
} DataHeader;

/* Reads and checks everything but the pixels and labels: datasets present, shapes and types as
 * above, numbers of rows and forms of images equal, finite means, positive variances, 1..65536
 * classes. Local. STATUS_IO when the file cannot be opened, STATUS_DATA when it is damaged or not
 * such a file. */
Status data_file_read_header(const char *path, DataHeader *header);

/* Reads rows [first, first + count) of a split: images [count, picture_bytes] and labels [count]
 * (coarse ones if asked). A label that is not below its number of classes is STATUS_DATA naming its
 * row. count may be 0. Local: each rank reads only its shard. */
Status data_file_read_rows(const char *path, const DataHeader *header, DataSplit split, bool coarse,
                           size_t first, size_t count, uint8_t *images, uint16_t *labels);

/* Reads all labels of a split, [header->images[split]]; errors alike. Local. */
Status data_file_read_labels(const char *path, const DataHeader *header, DataSplit split,
                             bool coarse, uint16_t *labels);

/* One split in memory, for writing. */
typedef struct DataRows {
    size_t count;
    uint8_t *images;         /* [count, picture_bytes] */
    uint16_t *labels;        /* [count] */
    uint16_t *coarse_labels; /* [count] or NULL */
} DataRows;

typedef struct DataNames {
    size_t count, width; /* width: bytes a name, zero-padded */
    char *text;          /* [count, width] */
} DataNames;

typedef struct DataSet {
    Picture picture; /* of every image */
    DataRows split[SPLIT_COUNT];
    DataNames names, coarse_names; /* coarse_names.count = 0: none */
    char source[256];
    char source_sha256[SPLIT_COUNT][DIGEST_TEXT]; /* "" when there is no source file */
} DataSet;

void data_set_free(DataSet *set);

/* Checks the picture's form and the labels, computes means, variances and content digest, and
 * writes the file atomically (see file.h). On error an existing file at path is untouched. */
Status data_file_write(const char *path, const DataSet *set);

/* Reads a whole data file back (for `info` and `sheet`), verifying all checksums, labels and
 * content_sha256. On error *set is empty. */
Status data_file_read_all(const char *path, DataHeader *header, DataSet *set);

#endif
