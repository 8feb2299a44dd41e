#ifndef VIT_TEAM_H
#define VIT_TEAM_H

#include "vit/float_mode.h"
#include "vit/phase.h"

/* What every thread of a parallel region that computes does first and last, so that denormals are
 * flushed while it computes and nowhere else, and its time is counted:
 *
 *   #pragma omp parallel
 *   {
 *       const TeamThread thread = team_enter(phase);
 *       ...
 *       team_leave(thread);
 *   }
 */
typedef struct TeamThread {
    FloatMode before;
} TeamThread;

static inline TeamThread team_enter(Phase phase) {
    phase_begin(phase);
    return (TeamThread){float_mode_flush()};
}

/* From here on it waits for the others. */
static inline void team_leave(TeamThread thread) {
    float_mode_restore(thread.before);
    phase_begin(PHASE_WAIT);
}

#endif
