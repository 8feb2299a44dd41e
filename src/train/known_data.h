#ifndef VIT_KNOWN_DATA_H
#define VIT_KNOWN_DATA_H

#include "plan.h"
#include "vit/checkpoint.h"

/* What a checkpoint knows of the data that its weights were trained on, against the data at hand.
 */

/* Rank 0: whether a run may go on on the data as it is now: the same content by its digest and, as
 * far as the checkpoint at path knows them, the same samples as they were read and the same
 * statistics. STATUS_CONFIG names both; errors as checkpoint_read_data. Local. */
Status known_data_check(const Plan *plan, const char *path, const CheckpointData *now);

/* Weights are judged with the statistics that they were trained with: the plan's data gets those of
 * the checkpoint at path. Rank 0 says where the file has others, other names of classes or pictures
 * of another size, or that the checkpoint knows none. Collective, all ranks return the same;
 * STATUS_DATA: another number of channels or of classes; errors as checkpoint_read_data. */
Status known_data_adopt(Plan *plan, const char *path);

#endif
