#ifndef VIT_WATCHDOG_H
#define VIT_WATCHDOG_H

#include "vit/ranks.h"
#include "vit/status.h"
#include <stdint.h>

/* Ends the job when this rank stands still: a peer that is stopped, or a network that is cut, is
 * noticed by no launcher. A thread of its own watches whether the master thread says that it is
 * alive. One a process. */

/* Starts watching: after `minutes` without a sign of life a line names rank, host, phase, step and
 * the last save, and MPI_Abort(STATUS_INTERNAL) ends all ranks. When another rank of this host is
 * stopped, waits for a disk or is gone, it is named; one that is gone ends the job within ten
 * seconds even when the launcher has not noticed. A rank that stands still in work of its own
 * speaks before those that wait for it, so that there is one line as a rule. Collective; all ranks
 * return the same. STATUS_INTERNAL: no thread, no memory. */
Status watchdog_start(const Ranks *ranks, double minutes);
/* Another limit from now on. Local. */
void watchdog_set_limit(double minutes);
/* Ends the watching; accepts one that was never started. Local. */
void watchdog_stop(void);

/* What a rank does: work that needs no other rank, or what may have to wait for others. */
typedef enum WatchdogKind { WATCHDOG_OWN_WORK, WATCHDOG_TOGETHER } WatchdogKind;

/* The master thread is alive and does this (a constant string). Local. */
void watchdog_work(const char *what, WatchdogKind kind);
/* The same where rank 0 does it alone and the others wait for it. Local. */
void watchdog_first_works(const char *what);
/* Where the run is: after this step; saved: the step of the last save, 0 for none. Local. */
void watchdog_position(uint64_t step, uint64_t saved);
/* The master thread is alive; cheap. Local. */
void watchdog_tick(void);

#endif
