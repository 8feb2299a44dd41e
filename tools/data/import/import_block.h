#ifndef IMPORT_IMPORT_BLOCK_H
#define IMPORT_IMPORT_BLOCK_H

#include "import_picture.h"
#include "import_progress.h"

/* Samples that are loaded together, by all threads, into rows of a data file. */

/* Of one sample. */
typedef struct ImportOutcome {
    Status status; /* STATUS_DATA: it cannot be decoded */
    Picture form;  /* when STATUS_OK; rows of another form than the block's are not filled */
    char message[512];
} ImportOutcome;

typedef struct ImportBlock {
    Picture form; /* of all rows */
    size_t room;  /* rows */
    uint8_t *images;
    uint16_t *labels, *coarse_labels; /* of those that are kept */
    ImportOutcome *outcome;           /* [room] */
    size_t threads;
    ImportPicture *picture; /* [threads] */
} ImportBlock;

/* Whether two forms are the same. */
static inline bool import_block_fits(Picture one, Picture other) {
    return one.height == other.height && one.width == other.width && one.channels == other.channels;
}

/* Takes memory for rows of that form: about 64 MB, and for each thread what a picture needs.
 * STATUS_INTERNAL: out of memory. import_block_free whatever the outcome. */
Status import_block_init(ImportBlock *block, Picture form);
void import_block_free(ImportBlock *block);

/* Loads `count` samples, at most block->room: row i and outcome i are sample i's. */
void import_block_load(ImportBlock *block, const Source *source, const ImportSet *set,
                       const ImportOptions *options, const ImportSample *sample, size_t count,
                       ImportProgress *progress);

/* Moves the rows of samples without failure together, in order, with their labels; returns how many
 * they are. */
size_t import_block_close_up(ImportBlock *block, const ImportSample *sample, size_t count);

#endif
