#ifndef VIT_LAUNCHER_H
#define VIT_LAUNCHER_H

#include "vit/status.h"
#include <stdbool.h>

/* What started this process, told by the environment that launchers make. All local. */

/* Both tell whether processes that were started together can become the ranks of one run.
 * STATUS_USAGE, with what was found and what to use instead, where a launcher that is not this
 * MPI's has started several, of which each would be rank 0 of 1. A program that a person starts
 * from a shell in a step of Slurm's (srun --pty), or that mpirun or Flux starts within one, is
 * alone by right. */

/* Before MPI_Init, and before there are threads: refuses only what this MPI cannot join, and in
 * which MPI_Init would end the process in its own way. A process that is alone by right in a step
 * loses SLURM_STEP_ID, by which Open MPI knows that it is in one. */
Status launcher_prepare(void);
/* After it; ranks: MPI's number of them. SLURM_STEP_ID is there again if it was a step of one. */
Status launcher_check(int ranks);

/* This process's number, and how many there are, by whatever launcher; 0 and 1 without one. */
int launcher_rank(void);
int launcher_ranks(void);

/* Whether the launcher says that all processes are on this host; false where it does not tell. */
bool launcher_is_one_host(void);

#endif
