#ifndef TOOLS_REPORT_LOG_H
#define TOOLS_REPORT_LOG_H

#include <stdbool.h>
#include <stddef.h>

/* What a run's log.txt tells that its checkpoints do not. Local. */

enum { REPORT_LOG_TIME = 20 };

typedef struct ReportLog {
    bool is_there;
    char begin[REPORT_LOG_TIME], end[REPORT_LOG_TIME]; /* local times of the first and last lines */
    size_t starts, resumes, stops;                     /* stops: with a save, to go on later */
    size_t saves; /* of last.h5; of a part that was killed those that it told of */
    size_t warnings, errors;
} ReportLog;

/* A log that cannot be read is not there. */
void report_log_read(ReportLog *log, const char *path);

#endif
