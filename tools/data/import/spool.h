#ifndef IMPORT_SPOOL_H
#define IMPORT_SPOOL_H

#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* A file without a name, to which is written at its end and of which is read anywhere: whatever
 * ends the program, nothing of it stays. All local; one thread writes. */

typedef struct Spool {
    int descriptor; /* -1: there is none */
    uint64_t bytes; /* written so far */
} Spool;

/* Makes it in the folder of the file at `beside`. STATUS_IO. spool_close whatever the outcome. */
Status spool_open(Spool *spool, const char *beside);

/* Appends. STATUS_IO: the disk is full, for one. */
Status spool_add(Spool *spool, const void *bytes, size_t count);

void spool_close(Spool *spool);

#endif
