#ifndef VIT_PLAN_DATA_H
#define VIT_PLAN_DATA_H

#include "plan.h"

/* The part of a plan that follows from the data: its header, what is trained on and what is kept
 * for validation, and classes that no image is there for. */

/* Reads header and labels by rank 0. Needs the job. Collective, all ranks return the same:
 * STATUS_CONFIG for a job that does not fit the data; STATUS_DATA, STATUS_IO, STATUS_INTERNAL. */
Status plan_data_read(Plan *plan);

/* For pictures that are in no file: their form, classes and statistics as the checkpoint tells them
 * that command->job is, and no images. Plans as for one batch of the job. Collective, all ranks
 * return the same: STATUS_DATA when it does not tell them; errors as checkpoint_read_data. */
Status plan_data_known(Plan *plan);

#endif
