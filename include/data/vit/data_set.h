#ifndef VIT_DATA_SET_H
#define VIT_DATA_SET_H

#include "vit/data_file.h"

/* A whole data set in memory, for those that are small. Local. */

typedef struct DataRows {
    size_t count;
    uint8_t *images;         /* [count, picture_bytes] */
    uint16_t *labels;        /* [count] */
    uint16_t *coarse_labels; /* [count] or NULL */
} DataRows;

typedef struct DataSet {
    Picture picture; /* of every image */
    DataRows split[SPLIT_COUNT];
    DataNames names, coarse_names; /* coarse_names.count = 0: none */
    DataOrigin origin;
} DataSet;

void data_set_free(DataSet *set);

/* Checks the picture's form and the labels, computes means, variances and content digest, and
 * writes the file atomically (see file.h). On error an existing file at path is untouched. */
Status data_set_write(const char *path, const DataSet *set);

/* Reads a whole data file back, verifying all checksums, labels and content_sha256. On error *set
 * is empty. */
Status data_set_read(const char *path, DataHeader *header, DataSet *set);

#endif
