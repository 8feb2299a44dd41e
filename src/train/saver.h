#ifndef VIT_SAVER_H
#define VIT_SAVER_H

#include "display.h"
#include "events.h"
#include "trainer.h"
#include "vit/checkpoint.h"
#include "vit/output.h"
#include "vit/writer.h"

/* Saves: the output folder, a snapshot of what is to be written, and the thread that writes it
 * while training goes on. A failure is told when the write is over, and remembered. Rank 0 writes;
 * the others only know what was saved. */
typedef struct Saver {
    const Plan *plan;
    Progress *progress; /* the run's; a best.h5 that failed takes back what it says of the best */
    const History *history;
    const StepTimes *times;
    Display *display;
    uint64_t saved_step; /* that last.h5 is from, as far as this rank knows; 0: there is none */
    double began;        /* MPI_Wtime of the latest save of last.h5, or of the start */

    /* Rank 0. */
    CheckpointData data; /* what checkpoints tell of it */
    Output *output;      /* the caller's of saver_open, which closes it; NULL before */
    Writer writer;
    Save save; /* the latest: the writer's while it is busy */
    /* What is being saved: flat vectors. */
    float *weights, *state[OPTIMIZER_STATES_MOST];
    History history_copy;
    Events events;           /* for TensorBoard: the writer's while it is busy */
    bool failed[SAVE_FILES]; /* the latest write of each */
    double stall;            /* s that training stood still for the latest save of last.h5 */
    double seconds;          /* s until it was written; 0: not known yet */
    struct {
        size_t count;
        double seconds, stall;
    } written; /* last.h5s, by this process */
} Saver;

/* Nothing is open or allocated yet; the pointers are the run's. Local. */
void saver_init(Saver *saver, const Plan *plan, Progress *progress, const History *history,
                const StepTimes *times, Display *display);
/* Rank 0's room for a snapshot. Local. STATUS_INTERNAL: out of memory. */
Status saver_allocate(Saver *saver);
/* After saver_init; whatever is being written is finished first. Local. */
void saver_free(Saver *saver);

/* Rank 0: what checkpoints will tell of the data that was read, with names from its file. Local.
 * STATUS_IO, STATUS_DATA: it cannot be read; STATUS_INTERNAL: out of memory. */
Status saver_set_data(Saver *saver, const Input *input);

/* Rank 0: opens the output folder (fresh: an earlier run's is moved aside) and the log in it.
 * *output, OUTPUT_NONE before, stays open until output_close, also on error. STATUS_IO as
 * output_open. Local. */
Status saver_open(Saver *saver, Output *output, bool fresh);

/* Rank 0: the run begins, or goes on, from its progress. Local. */
void saver_begin(Saver *saver);

/* Rank 0: where a checkpoint that is read or written has the optimizer's states: the snapshot's,
 * under their names. Local. */
void saver_set_states(const Saver *saver, Checkpoint *checkpoint);

/* What shall be written. */
typedef struct SaveWish {
    bool best, last, metrics;
    double best_val_accuracy; /* before this best: what stays the best when best.h5 fails */
    uint64_t best_epoch;
} SaveWish;

/* Rank 0: all weights into the snapshot's, saver->weights, once nothing is being written. Wants
 * settled weights. Collective. */
void saver_collect_weights(Saver *saver, const Trainer *trainer);
/* Rank 0's room for the averaged weights, a flat vector; NULL on other ranks, and where the job has
 * none. Local. */
float *saver_average(const Saver *saver);

/* Takes a snapshot and begins to write it. Wants settled weights. Collective; all ranks wish the
 * same. */
void saver_write(Saver *saver, const Trainer *trainer, SaveWish wish);
/* Takes note of a write that is over. Local. */
void saver_poll(Saver *saver);
/* Until nothing is being written; HDF5 is free for others then. Local. */
void saver_wait(Saver *saver);

/* Rank 0: whether last.h5 is due, by every_steps or every_minutes, after that step. Local. */
bool saver_is_due(const Saver *saver, uint64_t step);
/* Rank 0: the seconds that a save takes, as far as is known. Local. */
double saver_cost(const Saver *saver);
/* The output folder, for a message: on rank 0 wherever it is now. Local. */
const char *saver_folder(const Saver *saver);
/* Which last.h5 is the latest, for a message. Local. */
enum { SAVER_TEXT = 512 };
void saver_describe(const Saver *saver, char text[static SAVER_TEXT]);
/* Rank 0: what the saves of last.h5 cost on average. Local. */
void saver_show(const Saver *saver);

/* STATUS_IO when the last write of one of `count` files from `first` on failed: the run's result,
 * even if all else went well. Collective. */
Status saver_check(const Saver *saver, SaveFile first, size_t count);

#endif
