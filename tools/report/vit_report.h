#ifndef TOOLS_VIT_REPORT_H
#define TOOLS_VIT_REPORT_H

#include "html.h"
#include "report_data.h"
#include "report_run.h"
#include "vit/answers.h"

/* The sections of the page. Each adds what it can tell of all runs, and says what it cannot and
 * why; what fails is the page's status or, out of memory, returned. Local unless it says else. */

/* The head with the style sheet, up to the page's title and the runs; and its end. */
void report_begin(Html *html, const ReportRun *runs, size_t count);
void report_end(Html *html);

/* A section's heading, with an anchor for the contents; and, where there are several runs, that of
 * the part about one. html_heading's are then those below. */
void report_section(Html *html, const char *anchor, const char *title);
void report_subsection(Html *html, const ReportRun *run, size_t count);

/* A table's head: a column of names, then one a run. */
void report_run_columns(Html *html, const ReportRun *runs, size_t count);

/* A loss as the trainer prints it, unless it is huge or no number. */
void report_loss(Html *html, double loss);

/* Figures of the end, and how it ran; settings that are not the defaults. */
void report_summary(Html *html, const ReportRun *runs, size_t count);
void report_settings(Html *html, const ReportRun *runs, size_t count);

/* Curves over the epochs. */
Status report_curves(Html *html, const ReportRun *runs, size_t count);

/* What the answers to the test split, which data is of, say of the classes: results of each, who is
 * taken for whom, the surest mistakes. Or why there are none. */
Status report_results(Html *html, const ReportRun *run, const ReportData *data,
                      const Answers *answers);
void report_no_results(Html *html, const char *why);

/* What a model looks at, with some test pictures. */
Status report_sight(Html *html, const ReportRun *run, const ReportData *data);

/* What its weights alone show: positions, filters. */
Status report_weights(Html *html, const ReportRun *run);

#endif
