#ifndef VIT_OUTPUT_LOCK_H
#define VIT_OUTPUT_LOCK_H

#include "vit/status.h"
#include <stdbool.h>

enum { OUTPUT_SIGNATURE_MAX = 256 };

/* Whose an output folder is: a record lock on the file .lock in it, and who has it, written there.
 * It is the folder's own, whatever that is called and wherever it is moved, and goes with the
 * process: the lock of a dead one does not block. Where locks hold among the processes of one host
 * only, what is written there still tells of another. Rank 0; local; errors are STATUS_IO. */
typedef struct OutputLock {
    int folder, file;                     /* descriptors of the folder, and of .lock in it */
    char signature[OUTPUT_SIGNATURE_MAX]; /* what this one has written there; "": nothing yet */
    bool is_warned;                       /* that the file system has no locks: told once */
} OutputLock;

/* What holds nothing. */
#define OUTPUT_LOCK_NONE ((OutputLock){.folder = -1, .file = -1})

/* lock: OUTPUT_LOCK_NONE, or released. Makes the folder at `path` if need be, takes it, and signs
 * for those who are refused. On success it is still what path leads to: who waits while another
 * moves the folder away takes the one that is there afterwards. On error, a folder in use or not
 * writable, nothing is held. Where the file system has no locks it is taken with a warning. */
Status output_lock_take(OutputLock *lock, const char *path);

/* Where the folder is, seen from a path. */
typedef enum OutputPlace {
    OUTPUT_HERE,      /* the path leads to it */
    OUTPUT_ELSEWHERE, /* it leads to another one, or nowhere */
    OUTPUT_UNKNOWN    /* it cannot be followed now; errno is why */
} OutputPlace;

OutputPlace output_lock_find(const OutputLock *lock, const char *path);

/* That the folder is there, still this one's, by its lock and by its signature. A .lock that was
 * removed is made and locked anew, and one that was put in its place taken over where it is free
 * and says nothing else; what another has locked or signed is lost. name: the folder's, for the
 * message. */
Status output_lock_keep(OutputLock *lock, const char *name);

/* Accepts one that holds nothing. */
void output_lock_release(OutputLock *lock);

#endif
