#ifndef VIT_THREADS_H
#define VIT_THREADS_H

#include "vit/status.h"
#include <stddef.h>

/* The threads of this process, which are OpenMP's: as many as are told, or an error. All local. */

enum { THREADS_MOST = 4096 };

/* What OpenMP reads of the environment: OMP_NUM_THREADS (at most THREADS_MOST, also a list),
 * OMP_THREAD_LIMIT, OMP_STACKSIZE. STATUS_USAGE names the variable, its value and what is allowed:
 * OpenMP itself only warns, or takes what the process then dies of. */
Status threads_check_environment(void);

/* OMP_NUM_THREADS, the first of a list; 0 where it is not set. */
size_t threads_of_environment(void);

/* From now on a parallel region has so many threads, at least 1: tries whether the system can start
 * them and OpenMP does. STATUS_USAGE names what may be in the way: where a region cannot have its
 * threads OpenMP ends the process, or takes fewer without a word. */
Status threads_start(size_t threads);

/* The same with as many as OpenMP takes by itself. */
Status threads_start_own(void);

#endif
