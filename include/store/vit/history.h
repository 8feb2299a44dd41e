#ifndef VIT_HISTORY_H
#define VIT_HISTORY_H

#include "vit/digest.h"
#include "vit/status.h"
#include "vit/waits.h"
#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

/* What a run has measured so far: one row an epoch, one row a step. Kept by rank 0, stored in
 * metrics.h5 (/epoch, /step), metrics.csv (epochs) and in checkpoints (/history). Local. */

typedef struct EpochRow {
    uint64_t epoch;                                   /* from 1 */
    double loss, accuracy, top5_accuracy;             /* training, dropout on; fractions */
    double val_loss, val_accuracy, val_top5_accuracy; /* NaN without a validation split */
    double learning_rate;
    double seconds;           /* training only */
    double images_per_second; /* training only */
    double wait_seconds;      /* waiting for communication: the sum of the next ones */
    Waits wait;
} EpochRow;

typedef struct StepRow {
    uint64_t step;        /* from 1 */
    double loss;          /* mean over the batch */
    double gradient_norm; /* of the mean gradient, before clipping */
    double learning_rate;
} StepRow;

typedef struct History {
    size_t epochs, epoch_room;
    EpochRow *epoch;
    size_t steps, step_room;
    StepRow *step;
} History;

void history_free(History *history);
/* Appends; a row whose number is not above the last one's first cuts the history back to below it.
 * STATUS_INTERNAL when out of memory (the row is not added). */
Status history_add_epoch(History *history, EpochRow row);
Status history_add_step(History *history, StepRow row);
/* *to, {0} or an earlier copy, becomes a copy of *from. STATUS_INTERNAL when out of memory; *to is
 * then empty. */
Status history_copy(History *to, const History *from);
/* Forgets epochs above `epochs` and steps above `steps`. */
void history_cut(History *history, uint64_t epochs, uint64_t steps);

/* Writes one 1-D dataset a column: <group>/epoch/{epoch, loss, ...} and <group>/step/{step, ...};
 * group is "" or "/history". */
Status history_write_h5(const History *history, hid_t file, const char *group);
/* Reads them from a file of that format version (see format.h); what it lacks is NaN, or 0 where it
 * counts. STATUS_DATA: a column that the version has is missing, of another type or length. On
 * error the history is empty. */
Status history_read_h5(History *history, hid_t file, const char *group, uint64_t version);
/* Adds what files of that format version have of it. */
void history_digest(const History *history, uint64_t version, Digest *digest);

/* Writes <folder>/metrics.h5 and <folder>/metrics.csv anew, atomically (readers may hold the old
 * ones open). STATUS_IO on error; the old files are then untouched. */
Status history_write_files(const History *history, const char *folder);

#endif
