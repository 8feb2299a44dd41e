#ifndef VIT_WORLD_H
#define VIT_WORLD_H

#include "vit/arithmetic.h"
#include "vit/status.h"

/* How all programs with ranks begin and end MPI. */

/* Everything that has to come before MPI_Init, and MPI_Init, under the watchdog's eyes. Its limit
 * is [run] stall_timeout, of which only the command line is known by now, or its default. *own:
 * what this process can compute with. STATUS_USAGE when the launcher was not this MPI's: then the
 * log is started, and one process of all is to say so. */
Status world_enter(int *argc, char ***argv, Arithmetic *own);

/* The end of all ranks, all with this status, which is returned as the exit code. */
int world_leave(Status status);

#endif
