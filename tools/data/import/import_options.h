#ifndef IMPORT_IMPORT_OPTIONS_H
#define IMPORT_IMPORT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a user may want of an import; all zeros (and a seed) are the defaults. */
typedef struct ImportOptions {
    size_t height, width; /* that pictures are resized to; 0: as they are, all alike */
    bool grey;            /* one channel */
    bool as_stored;       /* not turned as EXIF says */
    bool keeps_order;     /* by path, or as arrays have them, not shuffled */
    bool has_seed;        /* so shuffled in any case */
    uint64_t seed;
    bool has_test_part;
    double test_part;       /* [0, 1): of each class, to become the test split */
    const char *train_from; /* data file with the training images of a source that has none; NULL */
} ImportOptions;

#endif
