#ifndef VIT_CHECKPOINT_H
#define VIT_CHECKPOINT_H

#include "vit/digest.h"
#include "vit/history.h"
#include "vit/parameter.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stdint.h>

/* Checkpoints: HDF5 files that verify themselves and replace each other atomically. Layout as in
 * jobs/README.md ("What is in a checkpoint"). Nothing in one depends on the number of ranks or
 * threads. Local: only rank 0 calls these. */

/* Running sums over the samples of an unfinished epoch (or of an evaluation). */
typedef struct EpochSums {
    double loss;   /* sum over samples */
    uint64_t hits; /* top-1 */
    uint64_t top5_hits;
    uint64_t samples;
    uint64_t coverage; /* digest of the samples used: epoch_coverage */
    double seconds;    /* spent in training steps */
    Waits wait;        /* of these, waiting for communication */
} EpochSums;

/* Where a run is. */
typedef struct Progress {
    uint64_t epoch;           /* completed */
    uint64_t step;            /* steps taken since the very start, skipped ones included */
    uint64_t adam_step;       /* updates applied */
    uint64_t position;        /* samples of the current epoch that are used up */
    EpochSums sums;           /* of the current epoch, up to position */
    double best_val_accuracy; /* NaN: none yet */
    uint64_t best_epoch;      /* 1-based; 0: none yet */
    bool finished;
    double test_loss, test_accuracy, test_top5_accuracy; /* NaN until finished */
} Progress;

/* What a checkpoint says about where it comes from, under /build. */
typedef struct BuildInfo {
    char version[64], compiler[128], gemm[128], kernels[64], host[256], date[64];
    uint64_t ranks, threads; /* threads: a rank */
} BuildInfo;

/* A complete training state, or (moments NULL) weights alone. The pointers are the caller's. */
typedef struct Checkpoint {
    const ParameterTable *table;
    float *weights;                      /* flat vector */
    float *first_moment, *second_moment; /* flat vectors, or both NULL */
    Progress progress;
    History *history;
    const char *job_text;          /* the resolved job */
    char data_sha256[DIGEST_TEXT]; /* content_sha256 of the data file */
    BuildInfo build;
} Checkpoint;

/* Writes path atomically, with Fletcher-32 on every dataset, a digest of the weights and one of the
 * whole state (tensors, progress, history, job), checked again by reading the temporary file back
 * before it takes path's place. On error (STATUS_IO: disk full, not writable) an older file at path
 * is untouched. */
Status checkpoint_write(const char *path, const Checkpoint *checkpoint);

/* The same for last.h5 in `folder`, first shifting older ones to last.1.h5 ... so that `keep`
 * remain in all. The newest valid file is never missing in between. */
Status checkpoint_write_last(const char *folder, size_t keep, const Checkpoint *checkpoint);

/* Only the job text (a new string, memory_free) from a checkpoint. */
Status checkpoint_read_job(const char *path, char **job_text);

/* Reads and verifies a checkpoint into the caller's blocks (table, weights and history set; moments
 * NULL: weights alone are wanted). Sets progress, history, data_sha256 and build; job_text is left
 * alone. STATUS_IO: cannot be opened; STATUS_DATA: damaged, cut short, or of another model (names
 * the tensor and both shapes). On error the blocks' content is unspecified. */
Status checkpoint_read(const char *path, Checkpoint *checkpoint);

/* The path of the i-th newest checkpoint in folder: last.h5, last.1.h5, ... */
Status checkpoint_last_path(const char *folder, size_t index, char path[static FILE_PATH_MAX]);

/* SHA-256 of the weights of any checkpoint, without knowing its model (for `vit_data digest`):
 * tensors in table order (see parameter.h). The table is derived from the file's own job text and
 * its logits' width. */
Status checkpoint_digest(const char *path, char text[static DIGEST_TEXT]);

#endif
