#ifndef VIT_DISPLAY_H
#define VIT_DISPLAY_H

#include "plan.h"
#include "vit/checkpoint.h"

/* What a run shows as it goes: a bar on a terminal, lines elsewhere. Rank 0 shows; all local. */
typedef struct Display {
    const Plan *plan;
    double step_shown_at, save_shown_at; /* MPI_Wtime of the latest of each */
} Display;

/* The steps that this process has taken. */
typedef struct StepTimes {
    size_t count;
    double seconds, latest; /* of all, of the latest */
} StepTimes;
static inline void step_times_add(StepTimes *times, double seconds) {
    times->count++;
    times->seconds += seconds;
    times->latest = seconds;
}

/* How much may be shown ([run] progress; whether there is a terminal), before the first line. */
void display_start(const Plan *plan);
/* How long the start took. */
void display_ready(const Display *display);
/* Where the epoch is, when it is time to show it again: bar or line. row: the epoch's so far. */
void display_step(Display *display, const Progress *progress, const EpochRow *row);
/* row: the whole epoch's, of which progress still tells; paces: pace_describe. */
void display_epoch(const Display *display, const Progress *progress, const EpochRow *row,
                   const char *paces);
/* That last.h5 was written after that step, in so many seconds, for `stall` of which training stood
 * still; and the same of all of them, on average. */
void display_save(Display *display, uint64_t step, double seconds, double stall,
                  const StepTimes *times);
void display_saves(size_t count, double seconds, double stall, const StepTimes *times);
/* The closing lines. */
void display_test(double loss, double accuracy, double top5_accuracy);

#endif
