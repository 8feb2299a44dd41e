#ifndef VIT_WATCHDOG_H
#define VIT_WATCHDOG_H

#include "vit/ranks.h"
#include "vit/status.h"
#include <stdint.h>

/* Ends the job when this rank stands still: a peer that is stopped, or a network that is cut, is
 * noticed by no launcher. A thread of its own watches whether the master thread says that it is
 * alive. One a process. */

/* Starts watching, MPI_Init too if it comes before that: after `minutes` without a sign of life a
 * line names rank, host, phase, step and the last save, and MPI_Abort(STATUS_INTERNAL) ends all
 * ranks; within MPI_Init this process ends with that code, and its launcher the others. A rank that
 * stands still in work of its own speaks before those that wait for it, so that there is one line
 * as a rule. Where ranks of several hosts have not done a step together yet it also tells of the
 * network's interfaces. Local; when there is no thread watchdog_meet says so. */
void watchdog_start(double minutes);
/* The first messages between the ranks, under the eyes of the thread: from now on another rank of
 * this host that is stopped, waits for a disk or is gone is named; one that is gone ends the job
 * within ten seconds even when the launcher has not noticed. After watchdog_start and MPI_Init.
 * Collective; all ranks return the same. STATUS_INTERNAL: no thread, no memory. */
Status watchdog_meet(const Ranks *ranks);
/* Another limit from now on. Local. */
void watchdog_set_limit(double minutes);
/* Ends the watching; accepts one that was never started. Local. */
void watchdog_stop(void);

/* What a rank does: work that needs no other rank; what may have to wait for others; or what waits,
 * on one rank and so on all, for somebody who is no part of the job and has all the time in the
 * world, like the reader of what it prints: then only a rank that is gone ends the job. */
typedef enum WatchdogKind { WATCHDOG_OWN_WORK, WATCHDOG_TOGETHER, WATCHDOG_OUTSIDE } WatchdogKind;

/* The master thread is alive and does this (a constant string). Local. */
void watchdog_work(const char *what, WatchdogKind kind);
/* The same where rank 0 does it alone and the others wait for it. Local. */
void watchdog_first_works(const char *what);
/* Where the run is: after this step; saved: the step of the last save, 0 for none. Local. */
void watchdog_position(uint64_t step, uint64_t saved);
/* The master thread is alive; cheap. Local. */
void watchdog_tick(void);

#endif
