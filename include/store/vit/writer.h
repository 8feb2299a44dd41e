#ifndef VIT_WRITER_H
#define VIT_WRITER_H

#include "vit/checkpoint.h"
#include "vit/output.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Writes a run's files on a thread of its own, from a snapshot, while training goes on. One save at
 * a time. HDF5 is used by one thread at a time: by the writer's from writer_start to writer_wait.
 * Rank 0; local. */

/* The files, in the order in which they are written. */
typedef enum SaveFile { SAVE_BEST, SAVE_LAST, SAVE_METRICS, SAVE_FILES } SaveFile;

/* "last.h5". */
const char *writer_file_name(SaveFile file);

/* What is to be written, and then what came of it. */
typedef struct Save Save;
struct Save {
    bool wanted[SAVE_FILES];
    Output *output; /* whose folder is looked after before anything is written */
    size_t keep;    /* last.h5, last.1.h5, ...: so many in all */
    /* The snapshot. All that it points at is the caller's, and is left alone until writer_wait. */
    Checkpoint checkpoint;
    float *average; /* of the weights, a flat vector, which best.h5 then holds; or NULL */
    /* What the thread does before it writes these, if the folder is this run's; or NULL. */
    void (*first)(void *context, const Save *save);
    void *context;
    /* What the snapshot's progress shall call the best should best.h5 not be written. */
    double best_val_accuracy;
    uint64_t best_epoch;

    Status status[SAVE_FILES]; /* STATUS_OK for what was not wanted */
    char message[SAVE_FILES][1024];
    double seconds; /* that last.h5 took */
};

typedef struct Writer {
    void (*enter)(void); /* the caller's, or NULL: what the thread does before it writes */
    bool busy;           /* between writer_start and writer_wait */
    bool threaded;       /* thread is one */
    pthread_t thread;
    atomic_bool done;
    Save *save;
} Writer;

/* Begins to write; *save is the writer's until writer_wait. The thread keeps denormals, also when
 * the caller flushes them. Where no thread can be had it writes at
 * once. */
void writer_start(Writer *writer, Save *save);
/* Whether writer_wait would return at once. */
bool writer_is_done(const Writer *writer);
/* Until all is written; accepts a writer that is not busy. */
void writer_wait(Writer *writer);

#endif
