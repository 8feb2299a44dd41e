#ifndef TOOLS_REPORT_RUN_H
#define TOOLS_REPORT_RUN_H

#include "report_log.h"
#include "vit/file.h"
#include "vit/output_file.h"
#include "vit/trained_model.h"

/* All that a run's output folder tells of it. Local. */

typedef struct ReportRun {
    const char *folder;        /* as it was given; the caller's */
    char title[FILE_PATH_MAX]; /* by which the page calls it: the job's name */
    OutputFile weights;        /* whose are in model: OUTPUT_BEST or OUTPUT_LAST */
    TrainedModel model;        /* where the weights were trained on what; the newest job */
    Progress progress;         /* of the newest checkpoint; the best epoch is history's */
    History history;           /* the longest that there is */
    ReportLog log;
} ReportRun;

/* Reads best.h5, or last.h5 where there is none, then what is newer: the progress in last.h5, the
 * rows in metrics.h5; these are passed over with a warning when they are damaged. STATUS_IO: there
 * is no checkpoint; otherwise fails as trained_model_read. report_run_free accepts what is left,
 * and {0}. */
Status report_run_read(ReportRun *run, const char *folder);
void report_run_free(ReportRun *run);

/* Gives those whose jobs have one name that of their folders. */
void report_run_name(ReportRun *runs, size_t count);

#endif
