#ifndef VIT_EVENT_FILE_H
#define VIT_EVENT_FILE_H

#include "vit/wire.h"

/* TensorBoard's event files: TFRecords of Event messages (tensorflow/tensorboard,
 * compat/proto/event.proto, summary.proto), which are added to while TensorBoard reads them. What
 * was cut short at the end of one is passed over by its readers. All local. */

typedef struct EventFile {
    int descriptor; /* -1: no file is open */
    char *path;
    Wire pending; /* whole records that are not written yet */
} EventFile;

#define EVENT_FILE_NONE ((EventFile){.descriptor = -1})

/* Makes a new file in the folder, whose name sorts behind those of earlier seconds: all of a folder
 * are one run. It tells, once flushed, that the run begins, or goes on, with `step`: what earlier
 * files have of it and later ones no longer counts. time: seconds since 1970. STATUS_IO: it cannot
 * be made; STATUS_INTERNAL: out of memory. On error no file is open. */
Status event_file_create(EventFile *file, const char *folder, uint64_t step, double time);

typedef struct EventScalar {
    const char *tag; /* "epoch/loss"; what stands before '/' is the group */
    double value;    /* one that is not finite is left out */
} EventScalar;

/* Adds what was measured after a step, to be written with the next flush. */
void event_file_add(EventFile *file, double time, uint64_t step, const EventScalar *scalar,
                    size_t scalars);

/* Writes what was added. STATUS_IO: not all of it is there; STATUS_INTERNAL: out of memory, none
 * is. After an error the file is closed, and gone if nothing was ever written to it. */
Status event_file_flush(EventFile *file);

/* Forgets what is pending. Accepts what is not open. */
void event_file_close(EventFile *file);

#endif
