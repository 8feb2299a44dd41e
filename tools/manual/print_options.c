/* print_options TABLE: the keys of a job file ("job") or the command line of a program, as the
 * READMEs show them. print_options PROGRAM --help: what PROGRAM --help prints. Nothing of MPI is
 * started. */
#include "bench.h"
#include "data_command.h"
#include "export_command.h"
#include "predict_command.h"
#include "report_command.h"
#include "vit/command.h"
#include "vit/job.h"
#include <string.h>

static void print_help(const CommandLine *line) {
    if (line == &command_line)
        command_print_help();
    else
        command_line_print_help(stdout, line);
}

int main(int argc, char **argv) {
    const CommandLine *const lines[] = {&command_line,        &data_command_line,
                                        &bench_command_line,  &predict_command_line,
                                        &export_command_line, &report_command_line};
    const char *table = argc >= 2 ? argv[1] : "";
    const bool help = argc == 3 && strcmp(argv[2], "--help") == 0;
    if (argc == 2 && strcmp(table, "job") == 0) {
        job_print_options(stdout, true);
        return 0;
    }
    for (size_t i = 0; i < sizeof lines / sizeof lines[0] && (argc == 2 || help); i++)
        if (strcmp(table, lines[i]->program) == 0) {
            if (help)
                print_help(lines[i]);
            else
                command_line_print_markdown(stdout, lines[i]);
            return 0;
        }
    fprintf(stderr, "no table of that name: '%s'\n", table);
    return STATUS_USAGE;
}
