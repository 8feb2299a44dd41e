#ifndef VIT_OUTPUT_H
#define VIT_OUTPUT_H

#include "vit/file.h"
#include "vit/output_file.h"
#include "vit/status.h"
#include <stdbool.h>

/* The output folder of a run, which belongs to one job at a time. Only rank 0; errors are
 * STATUS_IO. */
typedef struct Output {
    char folder[FILE_PATH_MAX];
    int lock; /* descriptor of the lock file; the system releases it with the process */
} Output;

/* Makes the folder if need be and locks it. fresh: an existing one is renamed to <folder>.1, .2,
 * ... first and its new name is written to moved (else ""). A folder in use by a living process, or
 * not writable: STATUS_IO. Removes what a killed run left under temporary names. */
Status output_open(Output *output, const char *folder, bool fresh,
                   char moved[static FILE_PATH_MAX]);
void output_close(Output *output);

/* Replaces a file of the folder by the text, atomically. */
Status output_write_text(const Output *output, OutputFile file, const char *text);

#endif
