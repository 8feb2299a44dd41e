#ifndef VIT_STOP_H
#define VIT_STOP_H

#include <stdbool.h>

/* The wish to stop: a signal or the time limit. A handler only sets a flag; the flag travels with
 * the step's results, so that all ranks stop after the same step. Local. */

/* Catches what people, launchers and schedulers send to have a program end (SIGUSR1, SIGUSR2,
 * SIGTERM, SIGINT, SIGXCPU, and SIGHUP unless it is ignored) from now on, and ignores SIGPIPE and
 * SIGXFSZ. Before MPI_Init, or an early SIGUSR1 kills the rank. */
void stop_install(void);

/* What was caught ("SIGUSR1"), or NULL. */
const char *stop_requested(void);

/* When Slurm will end the job that this process runs in, in seconds since the epoch; infinity
 * outside Slurm, without a limit, and on all ranks but the first (told by the launcher's
 * environment); NAN in a job of Slurm's that tells neither by squeue nor, as newer releases do,
 * by SLURM_JOB_END_TIME. Before MPI_Init: it starts squeue, for ten seconds at most. */
double stop_slurm_end(void);

/* Whether what may come before the next chance to stop no longer fits into the seconds that are
 * left before the time limit: another step, a save, an evaluation (each of so many seconds, with
 * room for worse), and some reserve. */
bool stop_time_is_up(double left_s, double step_s, double save_s, double evaluation_s);

/* When the run has to end by its job's [run] time_limit, counted from now: infinity when by none,
 * or when slurm_end is not known. */
double stop_deadline(double limit_minutes, double slurm_end);

#endif
