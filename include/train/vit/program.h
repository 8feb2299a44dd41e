#ifndef VIT_PROGRAM_H
#define VIT_PROGRAM_H

#include "vit/arithmetic.h"
#include <mpi.h>

/* vit_mpi on a communicator: reads the command line, trains, checks or evaluates, says how it
 * ended. Returns the exit code, the same on all ranks. slurm_end: see stop_slurm_end; own: what
 * this rank can compute with. Collective, between world_enter and world_leave; stop_install comes
 * before. */
Status program_run(int argc, char **argv, MPI_Comm comm, double slurm_end, const Arithmetic *own);

#endif
