#ifndef VIT_PLAN_H
#define VIT_PLAN_H

#include "vit/arithmetic.h"
#include "vit/command.h"
#include "vit/data_file.h"
#include "vit/job.h"
#include "vit/optimizer.h"
#include "vit/placement.h"
#include "vit/ranks.h"
#include "vit/samples.h"
#include "vit/vit.h"

/* What a run is going to do: everything that follows from the command line, the job, the data's
 * header and the ranks, before any memory is taken. Constant once it is read, but for
 * plan_fix_schedule; `--check` prints it (overview.h). */
typedef struct Plan {
    const Ranks *ranks;
    const Command *command;
    Job job;
    char *job_text; /* resolved */
    DataHeader data;
    bool no_file;            /* pictures come from whoever asks; the data tells their form only */
    bool statistics_known;   /* those of the data are a checkpoint's, for the weights that it has */
    Holdout holdout;         /* what is trained on, and what is kept for */
    DataSplit validation_of; /* validation, of this split */
    char *lost_classes;      /* rank 0: a warning of classes without images */
    size_t train_images, validation_images; /* of its parts */
    ModelShape shape;
    ParameterTable table;
    const Rule *rule; /* by which weights are updated */
    OptimizerStates states;
    Partition partition;         /* who updates what */
    Placement placement;         /* of the ranks on nodes and cores */
    size_t threads;              /* of this rank */
    SlicesMost slice;            /* the most that this rank has of any batch */
    size_t chunk;                /* images of a round: the same on all ranks */
    double deadline;             /* by the time limit, in seconds since the epoch */
    bool limit_unknown;          /* it is Slurm's, who does not tell: rank 0 */
    ArithmeticChoice arithmetic; /* by which all ranks compute; the caller's to set */
} Plan;

/* Reads job and header, rank 0 for all; settles the threads, also OpenMP's. ranks and command stay
 * the caller's; slurm_end: see stop_slurm_end. Collective, and all ranks return the same:
 * STATUS_USAGE as placement_check_environment and threads_start, STATUS_CONFIG, STATUS_DATA,
 * STATUS_IO as job_parse and data_file_read_header have them. plan_free accepts what is left, and
 * {0}. */
Status plan_read(Plan *plan, const Ranks *ranks, const Command *command, double slurm_end);
void plan_free(Plan *plan);

/* What is asked of a model that is in a checkpoint, and not as its job says it. */
typedef struct PlanAsked {
    bool pictures;         /* in no data file: the plan's data is what the checkpoint tells of it */
    const char *data_file; /* else whose test split is looked at; NULL: the job's own */
    size_t threads;        /* of each rank; 0: as many as there are for it */
} PlanAsked;

/* The same for evaluation only, with the job in the checkpoint that command->job is; nothing ends
 * by a time limit, and ranks may be more than a batch of the job has images. Errors alike, and
 * STATUS_DATA, STATUS_IO as checkpoint_read_data; STATUS_DATA when pictures are asked for and the
 * checkpoint does not tell how to feed the model. */
Status plan_read_asked(Plan *plan, const Ranks *ranks, const Command *command,
                       const PlanAsked *asked);

/* What only the state tells that a run begins or goes on with, before the first step: job and its
 * text say where the schedule ends. begun: the job that the run began as. Local. STATUS_INTERNAL:
 * out of memory. */
Status plan_fix_schedule(Plan *plan, const Job *begun);

/* Of what the job learns. Local. */
size_t plan_classes(const Plan *plan);

/* What it says to its parts. Local. */
VitOptions plan_vit_options(const Plan *plan);
FatLayersOptions plan_fat_layers_options(const Plan *plan, bool training);
/* layers: the trainer's; NULL for looking at costs. */
OptimizerOptions plan_optimizer_options(const Plan *plan, const FatLayers *layers);

/* Images of a batch of the epoch that begins at a position, at most train_images; steps of a whole
 * epoch. Local. */
size_t plan_batch_at(const Plan *plan, size_t position);
size_t plan_epoch_steps(const Plan *plan);

/* Floating-point operations of the whole job (model_shape.h counts them): its training images, and
 * those that are looked at only, to validate after each epoch and to test at the end. Local. */
typedef struct PlanWork {
    double training, evaluation;
} PlanWork;
PlanWork plan_work(const Plan *plan);

/* What a rank holds, in bytes, and what it sends a step, in bytes on average over the ranks. Local.
 * STATUS_INTERNAL: out of memory for looking. */
typedef struct PlanCost {
    double memory, snapshot;              /* snapshot: rank 0's in addition, for checkpoints */
    double sums, layers, weights, images; /* sent */
} PlanCost;
Status plan_cost(const Plan *plan, PlanCost *cost);

#endif
