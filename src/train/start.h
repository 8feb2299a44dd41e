#ifndef VIT_START_H
#define VIT_START_H

#include "plan.h"
#include "vit/progress.h"

/* [train] start: a new run begins with the weights of a file. Rank 0 reads it. */

/* Whether the job's file fits its model, and what would become of each tensor; nothing where the
 * job has none, or its run goes on. Collective, all ranks return the same; errors as
 * start_weights_read, and STATUS_CONFIG where --fresh would move the file aside. */
Status start_check(const Plan *plan);

/* The same, without a word, before an output folder is made or moved aside: the run is new then.
 * One that goes on does not need the file. */
Status start_check_new(const Plan *plan);

/* Rank 0, of a run that goes on, which began as `begun` with a file of this digest: where the job
 * has another path now and there is a file, it must be the same one, or what is recorded of the run
 * would be wrong. STATUS_CONFIG: it is not. Local. */
Status start_check_same(const Plan *plan, const Job *begun, const char *checkpoint,
                        const char sha256[static DIGEST_TEXT]);

/* The weights on all ranks: of the file, and initial ones where it has none that fit. room: rank
 * 0's, a flat vector. progress gets the file's digest, on rank 0. Collective, all ranks return the
 * same; errors as start_weights_read. */
Status start_weights(const Plan *plan, float *room, float *weights, Progress *progress);

#endif
