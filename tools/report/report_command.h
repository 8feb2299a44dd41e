#ifndef TOOLS_REPORT_COMMAND_H
#define TOOLS_REPORT_COMMAND_H

#include "vit/command_line.h"
#include "vit/file.h"

/* The command line of vit_report. */

enum { REPORT_RUNS_MOST = 8 }; /* lines of so many are told apart */

typedef struct ReportCommand {
    const char **folders; /* [count] */
    size_t count;
    const char *out;  /* as it is given, or NULL */
    const char *data; /* the data file in place of those that the jobs name, or NULL */
    bool version, help;
} ReportCommand;

extern const CommandLine report_command_line;

/* STATUS_USAGE with a message for a malformed line. Strings belong to argv; report_command_free,
 * whatever the outcome, releases the rest. */
Status report_command_parse(int argc, char **argv, ReportCommand *command);
void report_command_free(ReportCommand *command);

/* Where the page is written: -o, or report.html in the first folder. */
Status report_command_out(const ReportCommand *command, char path[static FILE_PATH_MAX]);

#endif
