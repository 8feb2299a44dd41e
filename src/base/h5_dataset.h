#ifndef VIT_BASE_H5_DATASET_H
#define VIT_BASE_H5_DATASET_H

#include "h5_file.h"

/* An open dataset with its shape. Private to src/base. All local. */

enum { H5_RANK_MAX = 4 };

typedef struct H5Dataset {
    hid_t id, space;
    size_t rank; /* 1 to H5_RANK_MAX */
    hsize_t shape[H5_RANK_MAX];
} H5Dataset;

/* STATUS_DATA: it is not there, is linked to what is not there, or cannot be read as an array. To
 * be closed also after an error. */
Status h5_dataset_open(hid_t file, const char *name, H5Dataset *dataset);
bool h5_dataset_close(H5Dataset *dataset);

#endif
