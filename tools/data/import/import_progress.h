#ifndef IMPORT_IMPORT_PROGRESS_H
#define IMPORT_IMPORT_PROGRESS_H

#include <stdatomic.h>
#include <stddef.h>

/* How far an import is, on a terminal. */
typedef struct ImportProgress {
    size_t all; /* pictures */
    atomic_size_t done;
    double start, shown_at; /* clock_now */
} ImportProgress;

void import_progress_start(ImportProgress *progress, size_t all);

/* Another picture is done. Any thread; only the master thread draws. */
void import_progress_add(ImportProgress *progress);
void import_progress_show(ImportProgress *progress);

#endif
