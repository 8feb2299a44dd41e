#ifndef VIT_EVENTS_H
#define VIT_EVENTS_H

#include "vit/event_file.h"
#include "vit/history.h"
#include "vit/progress.h"
#include <stdbool.h>

/* What TensorBoard is told while a run goes on ([run] tensorboard): the rows of the history, and in
 * the end the test, as scalars at the steps that they are from, an epoch's at its last. Rank 0, by
 * one thread at a time; local. A file that cannot be written is warned of once and ends nothing:
 * what it lacks is written with the next save. */
typedef struct Events {
    bool wanted;
    uint64_t epoch_steps; /* steps of an epoch */
    EventFile file;
    uint64_t epochs, steps; /* up to which all is written, or was before this process */
    bool is_tested;         /* the test is written */
    bool was_warned;
    double time; /* s since 1970 of the latest write, or of the start */
} Events;

/* The run begins with, or goes on from, that progress. */
void events_init(Events *events, bool wanted, uint64_t epoch_steps, const Progress *progress);
/* Accepts {0}. */
void events_free(Events *events);

/* Writes what is new in the history since the last time into a file of the folder, which the first
 * time makes. */
void events_write(Events *events, const char *folder, const History *history,
                  const Progress *progress);

#endif
