#include "report_command.h"

#include <stdio.h>

#define FIELD(name) .offset = offsetof(ReportCommand, name)

static const CommandForm forms[] = {
    {.meaning = "write a page about runs of vit_mpi, one or several beside each other",
     .operands = {{"RUN_FOLDER", "run's output folder", offsetof(ReportCommand, folders), false,
                   offsetof(ReportCommand, count)}}},
};

static const CommandOption options[] = {
    {"out", 'o', COMMAND_TEXT, "OUT.html", FIELD(out),
     .meaning = "page to write, by default report.html in the first folder"},
    {"data", .kind = COMMAND_TEXT, .value = "FILE.h5", FIELD(data),
     .meaning = "take the test pictures of that data file, by default of the one that the run's "
                "job names"},
    {"version", .kind = COMMAND_ALONE, FIELD(version), .meaning = "print the version"},
    {"help", 'h', COMMAND_ALONE, FIELD(help), .meaning = "print help"},
};

const CommandLine report_command_line = {
    .program = "vit_report",
    .purpose = "Tells what came of training: curves, results on the test split, and what the model "
               "looks at, in one page that needs nothing else.",
    .forms = forms,
    .form_count = sizeof forms / sizeof *forms,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .notes = "Without the data file the sections that need pictures say that they are missing.\n"
             "Exit codes: 0 done, 64 malformed command line, 65 a damaged checkpoint, 70 internal "
             "error, 74 a file that cannot be read or written.",
};

Status report_command_parse(int argc, char **argv, ReportCommand *command) {
    size_t form;
    *command = (ReportCommand){0};
    STATUS_TRY(command_line_parse(&report_command_line, argc, argv, command, &form));
    if (command->count > REPORT_RUNS_MOST)
        return status_fail(STATUS_USAGE, "a page tells of at most %d runs, not %zu",
                           REPORT_RUNS_MOST, command->count);
    return STATUS_OK;
}

void report_command_free(ReportCommand *command) {
    command_line_free(&report_command_line, command);
}

Status report_command_out(const ReportCommand *command, char path[static FILE_PATH_MAX]) {
    const int length = command->out
                           ? snprintf(path, FILE_PATH_MAX, "%s", command->out)
                           : snprintf(path, FILE_PATH_MAX, "%s/report.html", command->folders[0]);
    if (length >= FILE_PATH_MAX)
        return status_fail(STATUS_USAGE, "%s: the path is too long", path);
    return STATUS_OK;
}
