#include "vit/command.h"

#include "vit/job.h"
#include "vit/memory.h"
#include <getopt.h>
#include <stdio.h>

enum { OPTION_CHECK = 256, OPTION_FRESH, OPTION_EVAL, OPTION_DIGEST, OPTION_VERSION, OPTION_HELP };

static const struct option options[] = {
    {"set", required_argument, NULL, 's'},        {"check", no_argument, NULL, OPTION_CHECK},
    {"fresh", no_argument, NULL, OPTION_FRESH},   {"eval", required_argument, NULL, OPTION_EVAL},
    {"digest", no_argument, NULL, OPTION_DIGEST}, {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},     {NULL, 0, NULL, 0},
};

static Status take_option(int option, Command *command, const char *word) {
    switch (option) {
    case 's':
        command->overrides[command->override_count++] = optarg;
        return STATUS_OK;
    case OPTION_CHECK:
        command->check = true;
        return STATUS_OK;
    case OPTION_FRESH:
        command->fresh = true;
        return STATUS_OK;
    case OPTION_EVAL:
        command->evaluate = optarg;
        return STATUS_OK;
    case OPTION_DIGEST:
        command->digest = true;
        return STATUS_OK;
    case OPTION_VERSION:
        command->version = true;
        return STATUS_OK;
    case OPTION_HELP:
        command->help = true;
        return STATUS_OK;
    case ':':
        return status_fail(STATUS_USAGE, "%s: needs a value; see vit_mpi --help", word);
    default:
        /* A letter may stand inside a cluster, of which word tells nothing. */
        if (optopt && optopt < OPTION_CHECK)
            return status_fail(STATUS_USAGE, "-%c: unknown option; see vit_mpi --help", optopt);
        return status_fail(STATUS_USAGE, "%s: unknown option; see vit_mpi --help", word);
    }
}

Status command_parse(int argc, char **argv, Command *command) {
    *command = (Command){0};
    STATUS_TRY(memory_allocate(&command->overrides, (size_t)argc, sizeof *command->overrides,
                               "the command line"));
    opterr = 0;
    optind = 1;
    for (;;) {
        const int option = getopt_long(argc, argv, ":s:", options, NULL);
        if (option == -1)
            break;
        STATUS_TRY(take_option(option, command, argv[optind - 1]));
    }
    if (command->help || command->version)
        return STATUS_OK;
    if (optind + 1 != argc)
        return status_fail(STATUS_USAGE, "%s; usage: vit_mpi [options] JOB.ini, see --help",
                           optind == argc ? "no job file is given" : "more than one job file");
    command->job = argv[optind];
    return STATUS_OK;
}

void command_free(Command *command) {
    memory_free(command->overrides);
    *command = (Command){0};
}

void command_print_help(void) {
    puts("Trains a vision transformer, data-parallel over MPI ranks.\n"
         "\n"
         "  mpirun -np RANKS ./vit_mpi [options] JOB.ini\n"
         "\n"
         "  -s, --set SECTION.KEY=VALUE  override one key of the job file; repeatable\n"
         "      --check                  print the resolved job and the plan, train nothing\n"
         "      --fresh                  start over; an existing output folder is moved aside\n"
         "      --eval CHECKPOINT        evaluate the test split with these weights and exit\n"
         "      --digest                 log the SHA-256 of the weights after every epoch and at "
         "the end\n"
         "      --version, --help\n"
         "\n"
         "JOB.ini may also be a checkpoint: the job inside it is used. The same command again "
         "continues\n"
         "a stopped run. Exit codes: 0 done, 75 stopped and saved (submit again), 64 command line, "
         "78 job\n"
         "file, 65 damaged or unfit data, 74 files, 70 internal.\n"
         "\n"
         "Keys of the job file:");
    job_print_options(stdout, false);
}
