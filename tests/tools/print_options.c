/* print_options TABLE: the keys of a job file ("job") or the command line of a program, as the
 * READMEs show them. */
#include "bench.h"
#include "data_command.h"
#include "vit/command.h"
#include "vit/job.h"
#include <string.h>

int main(int argc, char **argv) {
    const CommandLine *const lines[] = {&command_line, &data_command_line, &bench_command_line};
    const char *table = argc == 2 ? argv[1] : "";
    if (strcmp(table, "job") == 0) {
        job_print_options(stdout, true);
        return 0;
    }
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (strcmp(table, lines[i]->program) == 0) {
            command_line_print_markdown(stdout, lines[i]);
            return 0;
        }
    fprintf(stderr, "no table of that name: '%s'\n", table);
    return STATUS_USAGE;
}
