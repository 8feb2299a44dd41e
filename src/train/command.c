#include "vit/command.h"

#include "vit/command_line.h"
#include "vit/job.h"
#include <stdio.h>

#define FIELD(name) .offset = offsetof(Command, name)

static const CommandForm forms[] = {
    {.launcher = "mpirun -np RANKS",
     .meaning =
         "train as the job file says; JOB.ini may also be a checkpoint: the job inside it is "
         "used. The same command again continues a stopped run",
     .operands = {{"JOB.ini", "job file", .offset = offsetof(Command, job)}}},
};

static const CommandOption options[] = {
    {"set", 's', COMMAND_TEXTS, "SECTION.KEY=VALUE", FIELD(overrides),
     .count_offset = offsetof(Command, override_count),
     .meaning = "override one key of the job file; repeatable"},
    {"check", .kind = COMMAND_FLAG, FIELD(check),
     .meaning = "read job and data header, print the resolved job and the plan, train nothing"},
    {"fresh", .kind = COMMAND_FLAG, FIELD(fresh),
     .meaning = "start over; an earlier run's output folder is moved aside (OUTPUT.1, .2, ...), "
                "never deleted"},
    {"eval", .kind = COMMAND_TEXT, .value = "CHECKPOINT", FIELD(evaluate),
     .meaning = "evaluate the test split with these weights and end"},
    {"digest", .kind = COMMAND_FLAG, FIELD(digest),
     .meaning = "log the SHA-256 of the weights after every epoch and at the end"},
    {"version", .kind = COMMAND_ALONE, FIELD(version), .meaning = "print the version"},
    {"help", 'h', COMMAND_ALONE, FIELD(help),
     .meaning = "print help, with the keys of the job file"},
};

const CommandLine command_line = {
    .program = "vit_mpi",
    .purpose = "Trains a vision transformer, data-parallel over MPI ranks.",
    .forms = forms,
    .form_count = sizeof forms / sizeof *forms,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .notes =
        "Exit codes: 0 done, 75 stopped and saved (submit again), 64 command line, 78 job file, "
        "65 damaged or unfit data, 74 files, 70 internal.",
};

Status command_parse(int argc, char **argv, Command *command) {
    size_t form;
    *command = (Command){0};
    return command_line_parse(&command_line, argc, argv, command, &form);
}

void command_free(Command *command) {
    command_line_free(&command_line, command);
    *command = (Command){0};
}

void command_print_help(void) {
    command_line_print_help(stdout, &command_line);
    puts("\nKeys of the job file:");
    job_print_options(stdout, false);
}
