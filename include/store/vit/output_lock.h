#ifndef VIT_OUTPUT_LOCK_H
#define VIT_OUTPUT_LOCK_H

#include "vit/status.h"
#include <stdbool.h>

/* Whose an output folder is: a record lock on the file .lock in it. It is the folder's own,
 * whatever that is called and wherever it is moved, and goes with the process: the lock of a dead
 * one does not block. Rank 0; local; errors are STATUS_IO. */
typedef struct OutputLock {
    int folder, file; /* descriptors of the folder, and of .lock in it */
} OutputLock;

/* What holds nothing. */
#define OUTPUT_LOCK_NONE ((OutputLock){-1, -1})

/* Makes the folder at `path` if need be, takes it, and signs for those who are refused. On success
 * it is still what path leads to: who waits while another moves the folder away takes the one that
 * is there afterwards. On error, a folder in use or not writable, nothing is held. Where the file
 * system has no locks it is taken with a warning. */
Status output_lock_take(OutputLock *lock, const char *path);

/* Whether `path` leads to the folder. */
bool output_lock_is_at(const OutputLock *lock, const char *path);

/* That nobody has taken the folder since, as is possible once somebody has removed .lock: it is
 * made and locked anew, but where another's has its place the folder is lost. name: the folder's,
 * for the message. */
Status output_lock_keep(OutputLock *lock, const char *name);

/* Accepts one that holds nothing. */
void output_lock_release(OutputLock *lock);

#endif
