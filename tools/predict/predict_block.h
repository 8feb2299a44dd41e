#ifndef TOOLS_PREDICT_BLOCK_H
#define TOOLS_PREDICT_BLOCK_H

#include "import_picture.h"
#include "predict_list.h"
#include "vit/picture.h"
#include "vit/slices.h"

/* Pictures that are shown to the model together: rank 0 reads the files, since archives are only
 * there, and each rank decodes its slice of them. All collective where nothing else is said. */

/* Bounds of a block: enough pictures for all threads of all ranks, few enough that answers come as
 * it goes; bytes of their files, and of their pixels. A block has one picture at least. They are
 * part of no answer. */
enum {
    PREDICT_THREAD_PICTURES = 32,
    PREDICT_BLOCK_LEAST = 256,
    PREDICT_BLOCK_PICTURES = 4096,
    PREDICT_BLOCK_FILE_BYTES = 256 << 20,
    PREDICT_BLOCK_PIXEL_BYTES = 256 << 20
};

/* What became of one picture. */
typedef struct PredictOutcome {
    Status status;      /* STATUS_DATA, STATUS_IO: it cannot be shown */
    char message[1024]; /* why, with the picture's name */
} PredictOutcome;

typedef struct PredictBlock {
    const Ranks *ranks;
    Picture form;                           /* that the model wants */
    size_t most;                            /* pictures */
    uint64_t images;                        /* in the block */
    uint64_t bytes[PREDICT_BLOCK_PICTURES]; /* [images] of their files */
    uint8_t *files;                         /* this rank's slice of these, one after another, */
    size_t file_room;                       /* or, on rank 0, another's on its way */
    uint8_t *pixels;                        /* of this rank's slice, zeros where it has none */
    size_t pixel_room;
    PredictOutcome *read; /* [PREDICT_BLOCK_PICTURES]; rank 0: which files could not be read */
    PredictOutcome *own;  /* likewise, of this rank's slice: what came of decoding; without names */
    PredictOutcome *all;  /* likewise, rank 0: of all */
    size_t threads;
    ImportPicture *picture; /* [threads] */
    ImportPicture file;     /* rank 0: one that is read */
} PredictBlock;

/* STATUS_INTERNAL, on the ranks that it befalls: out of memory. predict_block_free whatever the
 * outcome, which is local. */
Status predict_block_init(PredictBlock *block, const Ranks *ranks, Picture form);
void predict_block_free(PredictBlock *block);

/* How many pictures the block gets of those from the first-th on, rank 0's list; the others' is not
 * looked at. 0 behind the last one. */
void predict_block_choose(PredictBlock *block, const PredictList *list, size_t first);

/* Reads, deals and decodes them, by these borders between the ranks. All ranks return the same;
 * STATUS_INTERNAL: out of memory. */
Status predict_block_load(PredictBlock *block, const PredictList *list, size_t first,
                          const Slices *borders);

/* Of a picture of the block, on rank 0. Local. */
const PredictOutcome *predict_block_outcome(const PredictBlock *block, size_t image);

#endif
