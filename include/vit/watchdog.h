#ifndef VIT_WATCHDOG_H
#define VIT_WATCHDOG_H

#include "vit/ranks.h"
#include "vit/status.h"
#include <stdint.h>

/* Ends the job when this rank stands still: a peer that is stopped, or a network that is cut, is
 * noticed by no launcher. A thread of its own watches whether the master thread says that it is
 * alive. One a process. */

/* Starts watching: after `minutes` without watchdog_alive a line names rank, host, phase, step and
 * the last save, and MPI_Abort(STATUS_INTERNAL) ends all ranks. ranks stays the caller's. Local.
 * STATUS_INTERNAL: no thread. */
Status watchdog_start(const Ranks *ranks, double minutes);
/* Ends the watching; accepts one that was never started. */
void watchdog_stop(void);

/* The master thread is alive, in this phase (a constant string), after this step; saved: the step
 * of the last save. */
void watchdog_alive(const char *phase, uint64_t step, uint64_t saved);
/* The same in the phase of before; cheap. */
void watchdog_tick(void);

#endif
