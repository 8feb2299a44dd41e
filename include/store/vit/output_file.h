#ifndef VIT_OUTPUT_FILE_H
#define VIT_OUTPUT_FILE_H

#include "vit/file.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>

/* The files in a run's output folder, by name. Local; errors are STATUS_IO. */
typedef enum OutputFile {
    OUTPUT_LAST,    /* last.h5: the complete training state; older ones are last.1.h5 ... */
    OUTPUT_BEST,    /* best.h5: the weights with the best validation accuracy */
    OUTPUT_METRICS, /* metrics.h5 */
    OUTPUT_TABLE,   /* metrics.csv */
    OUTPUT_JOB,     /* job.ini: the resolved job */
    OUTPUT_LOG,     /* log.txt */
    OUTPUT_LOCK,    /* .lock: held, and signed, by the process that uses the folder */
    OUTPUT_FILES
} OutputFile;

/* "last.h5". */
const char *output_file_name(OutputFile file);

/* Whether it is replaced as a whole, through a temporary file (see file.h). */
bool output_file_is_replaced(OutputFile file);

/* <folder>/<name>. */
Status output_file_path(const char *folder, OutputFile file, char path[static FILE_PATH_MAX]);

/* The path of the i-th newest training state: last.h5, last.1.h5, ... */
Status output_file_last(const char *folder, size_t index, char path[static FILE_PATH_MAX]);

#endif
