#ifndef VIT_RESUME_H
#define VIT_RESUME_H

#include "training.h"

/* What was saved comes back. */

/* The state that a run begins with that starts from nothing. Local. */
void resume_initial(Trainer *trainer);

/* Initial or stored state on all ranks, or that of the file that a new run starts from; *begun: the
 * job that the run began as. Errors: as start_weights; STATUS_CONFIG when the job does not fit the
 * checkpoint, STATUS_DATA when all of them are damaged, STATUS_IO. Collective, all ranks return the
 * same. */
Status resume_run(Training *training, Job *begun);

/* The weights of a checkpoint of the same model on all ranks, into a flat vector: the averaged ones
 * where it has them, as rank 0 says; of a fat layer's kernel each rank gets its own rows.
 * Collective. */
Status resume_weights(const Plan *plan, const char *path, float *weights);

/* A trained state of the same model, whatever run and data it is from: weights, and in *progress
 * the epoch and the steps behind it. The optimizer's states too where the file holds some; else
 * they are left as they are, and no update counts as applied; an average that the file lacks
 * begins. Errors as resume_weights, and STATUS_DATA when the states are another rule's. Collective,
 * all ranks return the same. */
Status resume_state(Trainer *trainer, const char *path, Progress *progress);

/* Rank 0: best.h5, whose job, data and place in the run must be those that progress tells of, into
 * a flat vector. STATUS_DATA when it is not there, damaged, or holds other weights, STATUS_CONFIG
 * when it is another run's: it is lost, and other weights may take its place. After any other error
 * nothing is known of it. */
bool resume_best_is_lost(Status status);
Status resume_best(const Plan *plan, const Saver *saver, const Progress *progress, float *weights);

#endif
