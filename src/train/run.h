#ifndef VIT_RUN_H
#define VIT_RUN_H

#include "pace.h"
#include "totals.h"
#include "vit/augment.h"
#include "vit/batch.h"
#include "vit/checkpoint.h"
#include "vit/command.h"
#include "vit/job.h"
#include "vit/output.h"
#include "vit/partition.h"
#include "vit/placement.h"
#include "vit/ranks.h"
#include "vit/reduction.h"
#include "vit/vit.h"
#include "vit/writer.h"
#include <stdbool.h>

/* One run of vit_mpi on one rank: what it works with, and where it is. The files of this folder
 * that share this header are the run's parts: prepare.c sets it up, resume.c reads what was saved,
 * step.c and evaluate.c compute, save.c writes, display.c shows, train.c is the loop. */
enum { SNAPSHOT_WEIGHTS, SNAPSHOT_FIRST_MOMENT, SNAPSHOT_SECOND_MOMENT, SNAPSHOT_BLOCKS };

typedef struct Run {
    const Ranks *ranks;
    const Command *command;
    Job job;
    char *job_text; /* resolved */
    DataHeader data;
    ModelShape shape;
    ParameterTable table;
    Placement placement; /* of the ranks on nodes and cores */
    size_t threads;      /* of this rank */
    size_t train_images; /* of the training split, without validation */
    size_t validation_images;
    Shard train, validation, test;
    Augment augment;
    float *scratch; /* [threads, augment_scratch] */
    Vit *vit;
    Partition partition;
    Exchange *exchange;
    Totals *totals;
    BatchExchange *batches;
    float *weights; /* flat vector; parts of it are under way between steps: run_settle */
    float *first_moment, *second_moment; /* of what this rank updates, [partition.own_floats] */
    double *squares;                     /* [partition.pieces] of the gradient */
    Slices evaluated;                    /* of what is evaluated */
    uint32_t *order;                     /* [train_images] of the epoch */
    uint64_t *digests;                   /* [ranks] */
    Progress progress;
    History history;     /* rank 0 */
    Pace pace;           /* of this rank, in this epoch as far as this process took part */
    Pace *paces;         /* [ranks] */
    size_t bad_steps;    /* skipped in a row */
    uint64_t saved_step; /* that last.h5 is from, as far as this rank knows; 0: there is none */
    double deadline;     /* seconds since the epoch */

    /* For measuring. */
    bool any_order;  /* of summation: VitOptions */
    bool no_overlap; /* of messages and computing */

    /* Rank 0. */
    Output output;
    Writer writer;
    Save save;                        /* the latest: the writer's while it is busy */
    float *snapshot[SNAPSHOT_BLOCKS]; /* flat vectors: what is being saved */
    History snapshot_history;
    bool failed[SAVE_FILES]; /* the latest write of each */
    double save_began;       /* MPI_Wtime of the latest one */
    double save_stall;       /* s that training stood still for it */
    double save_seconds;     /* s until it was written; 0: not known yet */
    struct {
        size_t count;
        double seconds, stall;
    } saves; /* of last.h5 that were written, by this process */
    struct {
        size_t count;
        double seconds;
    } steps;                /* taken by this process */
    double step_seconds;    /* that the latest step took */
    double evaluation_rate; /* images/s of the latest evaluation; 0: none yet */
    double shown_at;        /* MPI_Wtime of the latest progress line */
    double save_shown_at;   /* of the latest line about a save */
} Run;

/* What an evaluation found; NaN when there were no images. */
typedef struct Evaluation {
    double loss, accuracy, top5_accuracy;
} Evaluation;

/* prepare.c. All collective, and all ranks return the same. */
Status run_read_job(Run *run, double slurm_end); /* job, data header, shape, table, threads */
Status run_allocate(Run *run);                   /* memory and this rank's shards */
void run_free(Run *run);
/* Local: rank 0 begins work of its own, for the watchdog, and the others wait for it. */
void run_own_work(const Run *run, const char *phase);
VitOptions run_vit_options(const Run *run);           /* local */
ExchangeOptions run_exchange_options(const Run *run); /* local */

/* step.c. Collective. Takes the batch and updates weights and progress. *stop, *save: some rank was
 * asked to, or a save is due. Fails with STATUS_INTERNAL after max_bad_steps in a row without a
 * finite result. */
Status run_step(Run *run, const Batch *batch, bool *stop, bool *save);
/* Collective: until all weights are there, since the last step's may still be under way. */
void run_settle(Run *run);

/* evaluate.c. Collective, no sample counted twice; the same values on all ranks. */
Evaluation run_evaluate(Run *run, const float *weights, const Shard *shard);
/* Writes image number `image` of some pixels as patches; for VitInput.load. epoch < 0: no
 * augmentation. */
typedef struct LoadContext {
    const Run *run;
    const uint8_t *pixels;
    const uint32_t *samples;
    int64_t epoch;
} LoadContext;
void run_load(const void *context, size_t image, float *patches);

/* What run_save shall write. */
typedef struct SaveWish {
    bool best, last, metrics;
    double best_val_accuracy; /* before this best: what stays the best when best.h5 fails */
    uint64_t best_epoch;
} SaveWish;

/* save.c. Writes from a snapshot, on a thread of its own, while training goes on; a failure is told
 * when the write is over, and remembered. Wants settled weights. Collective with wish.last, which
 * all ranks then wish; else the other ranks need not call it. */
void run_save(Run *run, SaveWish wish);
void run_save_poll(Run *run); /* rank 0: takes note of a write that is over */
void run_save_wait(Run *run); /* until nothing is being written; HDF5 is free for others then */
bool run_save_is_due(const Run *run); /* rank 0: whether by every_steps or every_minutes, after the
                                         step that is being taken */
/* Local: which last.h5 is the latest, for a message. */
void run_describe_saved(const Run *run, char *text, size_t bytes);
double run_save_cost(const Run *run); /* rank 0: seconds, as far as is known */

/* resume.c. Collective: initial or stored state on all ranks. */
Status run_start_or_resume(Run *run);
/* Collective: the weights of a checkpoint on all ranks, into the flat vector `weights`. */
Status run_read_weights(Run *run, const char *path, float *weights);
/* Rank 0: best.h5, whose job, data and place in the run must be those that run->progress tells of,
 * into the flat vector `weights`. */
Status run_read_best(const Run *run, float *weights);

/* display.c. Rank 0 shows. */
void display_start(const Run *run);  /* how much may be shown, before the first line */
void display_plan(const Run *run);   /* the table at the start, and advice */
void display_advice(const Run *run); /* what is wrong with the ranks' cores and threads */
void display_ready(const Run *run);  /* how long the start took */
void display_step(Run *run);         /* bar or line */
void display_save(Run *run);         /* that last.h5 was written, and what that cost */
void display_saves(const Run *run);  /* the same of all of them, on average */
void display_epoch(const Run *run, const EpochRow *row, const char *paces);
void display_test(const Evaluation *test); /* the closing lines */

/* train.c. Collective: the whole training, from run->progress on. */
Status run_train(Run *run);
size_t run_epoch_steps(const Run *run); /* local: steps of a whole epoch */
bool run_work_is_left(const Run *run);  /* local: steps before epochs and max_steps are used up */
/* The epoch's metrics so far, without validation. */
EpochRow run_epoch_row(const Run *run);

#endif
