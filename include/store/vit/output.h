#ifndef VIT_OUTPUT_H
#define VIT_OUTPUT_H

#include "vit/file.h"
#include "vit/output_file.h"
#include "vit/output_lock.h"
#include "vit/status.h"
#include <stdbool.h>

/* The output folder of a run, which belongs to one job at a time. Only rank 0; errors are
 * STATUS_IO. One is open in a process. */
typedef struct Output {
    /* The path by which its files are opened: through the lock's descriptor, so that it leads to
     * this folder wherever that is moved, and never to another that has its name then. Messages
     * call it by its name (path_name.h). */
    char folder[FILE_PATH_MAX];
    char name[FILE_PATH_MAX]; /* as the job says it; where it was moved, what output_check found */
    bool is_lost;             /* moved to where no name of it is known, which was told */
    OutputLock lock;
} Output;

/* What is not open. */
#define OUTPUT_NONE ((Output){.lock = OUTPUT_LOCK_NONE})

/* Makes the folder if need be and locks it. fresh: one that holds anything but its lock is renamed
 * to <name>.1, .2, ... first, the first of these that is not there, and its new name written to
 * moved (else ""); a symbolic link stays, what it leads to is renamed. A folder in use by a living
 * process, or not writable: STATUS_IO, and nothing is open. Removes what a killed run left under
 * temporary names. */
Status output_open(Output *output, const char *name, bool fresh, char moved[static FILE_PATH_MAX]);
/* After the last line of the log in it: the next job may begin at once. Accepts what is not open.
 */
void output_close(Output *output);

/* Before files are saved: that the folder is there, and this job's. Where it was moved says so,
 * and that the run goes on in it. */
Status output_check(Output *output);

/* Replaces a file of the folder by the text, atomically. */
Status output_write_text(const Output *output, OutputFile file, const char *text);

#endif
