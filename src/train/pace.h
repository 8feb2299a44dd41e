#ifndef VIT_PACE_H
#define VIT_PACE_H

#include "vit/ranks.h"
#include <stddef.h>

/* How fast each rank does its own work, so that a slow node is seen: all others wait for it. */

typedef enum PaceWork {
    PACE_COMPUTE, /* an image: augmentation, forward, backward */
    PACE_UPDATE,  /* a step: the gradient's norm, the rule's update */
    PACE_WORKS
} PaceWork;

/* A rank's own work, without waiting. {0} is none. */
typedef struct Pace {
    double seconds[PACE_WORKS];
    double amount[PACE_WORKS]; /* images, steps */
} Pace;

/* seconds of work on so many images or steps. Local. */
static inline void pace_add(Pace *pace, PaceWork work, double seconds, double amount) {
    pace->seconds[work] += seconds;
    pace->amount[work] += amount;
}

/* A work over the ranks that worked in it, in seconds an image or a step. */
typedef struct PaceSpread {
    double least, mean, most;
    int slowest; /* the rank; -1: no rank worked in it */
} PaceSpread;

/* pace [ranks]: one of each. Local. */
PaceSpread pace_spread(const Pace *pace, size_t ranks, PaceWork work);

/* Describes, on all ranks alike, the kinds of work in which the slowest rank takes more than 20 %
 * longer than the quickest, and that are more than 5 % of all work: "computing 9.1/9.3/14.0 ms an
 * image (min/mean/max; slowest: rank 3 on node7)"; "" when there are none. mine: this rank's. all
 * [ranks] is room. Collective. */
enum { PACE_TEXT = 1024 };
void pace_describe(const Ranks *ranks, const Pace *mine, Pace *all, char text[static PACE_TEXT]);

#endif
