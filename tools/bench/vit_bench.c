#include "bench.h"

#include "vit/gemm.h"
#include "vit/job.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/placement.h"
#include "vit/version.h"
#include <getopt.h>
#include <mpi.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* vit_bench: what this machine can do, and what the trainer makes of it. */

static const char usage[] =
    "vit_bench peak [--threads N]           arithmetic and bandwidth that this machine can do\n"
    "vit_bench gemm [JOB.ini]               the model's small matrix products, by back end\n"
    "vit_bench kernels [JOB.ini]            everything else, by instruction set\n"
    "mpirun -np RANKS vit_bench step JOB.ini [--steps 4] [--rounds 3] [--synthetic]\n"
    "                                       whole training steps: images/s, share of the peak,\n"
    "                                       time by phase, memory; --synthetic needs no data file\n"
    "                                       --any-order sums gradients in whatever order is\n"
    "                                       quickest, to see what the one order costs;\n"
    "                                       --no-overlap waits for each message at once, to see\n"
    "                                       what computing meanwhile is worth\n"
    "\n"
    "  -s, --set SECTION.KEY=VALUE          as in vit_mpi (run.threads, ...)\n"
    "      --csv                            tables as CSV\n"
    "      --version, --help\n"
    "\n"
    "Without JOB.ini: the defaults, which are the reference job. VIT_GEMM=blis and\n"
    "VIT_KERNELS=avx2|portable in the environment choose other code.\n"
    "Exit codes: 0 done, 64 malformed command line, otherwise those of vit_mpi.\n";

enum {
    OPTION_THREADS = 256,
    OPTION_STEPS,
    OPTION_ROUNDS,
    OPTION_SYNTHETIC,
    OPTION_ANY_ORDER,
    OPTION_NO_OVERLAP,
    OPTION_CSV,
    OPTION_VERSION,
    OPTION_HELP
};

static const struct option options[] = {
    {"set", required_argument, NULL, 's'},
    {"threads", required_argument, NULL, OPTION_THREADS},
    {"steps", required_argument, NULL, OPTION_STEPS},
    {"rounds", required_argument, NULL, OPTION_ROUNDS},
    {"synthetic", no_argument, NULL, OPTION_SYNTHETIC},
    {"any-order", no_argument, NULL, OPTION_ANY_ORDER},
    {"no-overlap", no_argument, NULL, OPTION_NO_OVERLAP},
    {"csv", no_argument, NULL, OPTION_CSV},
    {"version", no_argument, NULL, OPTION_VERSION},
    {"help", no_argument, NULL, OPTION_HELP},
    {NULL, 0, NULL, 0},
};

static Status take_count(const char *word, size_t most, size_t *count) {
    char *end;
    const unsigned long value = strtoul(optarg, &end, 10);
    if (optarg[0] < '0' || optarg[0] > '9' || *end || value < 1 || value > most)
        return status_fail(STATUS_USAGE, "%s: '%s' is not a whole number from 1 to %zu", word,
                           optarg, most);
    *count = value;
    return STATUS_OK;
}

/* What the measurements take beside --csv, as bits of Bench.given. */
enum { GIVEN_SET = 1, GIVEN_JOB = 2, GIVEN_THREADS = 4, GIVEN_STEP = 8 };

typedef struct Mode {
    const char *name;
    unsigned takes;
} Mode;

static const Mode modes[] = {{"peak", GIVEN_THREADS},
                             {"gemm", GIVEN_SET | GIVEN_JOB},
                             {"kernels", GIVEN_SET | GIVEN_JOB},
                             {"step", GIVEN_SET | GIVEN_JOB | GIVEN_STEP}};

static unsigned given_by(int option) {
    switch (option) {
    case 's':
        return GIVEN_SET;
    case OPTION_THREADS:
        return GIVEN_THREADS;
    case OPTION_STEPS:
    case OPTION_ROUNDS:
    case OPTION_SYNTHETIC:
    case OPTION_ANY_ORDER:
    case OPTION_NO_OVERLAP:
        return GIVEN_STEP;
    default:
        return 0;
    }
}

static Status take_option(int option, Bench *bench, const char *word) {
    bench->given |= given_by(option);
    switch (option) {
    case 's':
        bench->command.overrides[bench->command.override_count++] = optarg;
        return STATUS_OK;
    case OPTION_THREADS:
        return take_count("--threads", (size_t)omp_get_num_procs(), &bench->threads);
    case OPTION_STEPS:
        return take_count("--steps", 1000, &bench->steps);
    case OPTION_ROUNDS:
        return take_count("--rounds", 100, &bench->rounds);
    case OPTION_SYNTHETIC:
        bench->synthetic = true;
        return STATUS_OK;
    case OPTION_ANY_ORDER:
        bench->any_order = true;
        return STATUS_OK;
    case OPTION_NO_OVERLAP:
        bench->no_overlap = true;
        return STATUS_OK;
    case OPTION_CSV:
        bench->csv = true;
        return STATUS_OK;
    case OPTION_VERSION:
        bench->command.version = true;
        return STATUS_OK;
    case OPTION_HELP:
        bench->command.help = true;
        return STATUS_OK;
    case ':':
        return status_fail(STATUS_USAGE, "%s: needs a value; see vit_bench --help", word);
    default:
        return status_fail(STATUS_USAGE, "%s: unknown option; see vit_bench --help", word);
    }
}

static Status check_mode(const Bench *bench, const char *name) {
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(name, modes[i].name) != 0)
            continue;
        if (bench->given & ~modes[i].takes)
            return status_fail(
                STATUS_USAGE, "%s: does not take all of what is given; see vit_bench --help", name);
        return STATUS_OK;
    }
    return status_fail(STATUS_USAGE, "%s: is not one of peak, gemm, kernels, step", name);
}

/* mode: the first word. */
static Status parse(int argc, char **argv, Bench *bench, const char **mode) {
    /* Room for one more, which bench_step adds. */
    STATUS_TRY(memory_allocate(&bench->command.overrides, (size_t)argc + 1,
                               sizeof *bench->command.overrides, "the command line"));
    opterr = 0;
    for (;;) {
        const int option = getopt_long(argc, argv, ":s:", options, NULL);
        if (option == -1)
            break;
        STATUS_TRY(take_option(option, bench, argv[optind - 1]));
    }
    if (bench->command.help || bench->command.version)
        return STATUS_OK;
    if (optind == argc)
        return status_fail(STATUS_USAGE, "peak, gemm, kernels or step? See vit_bench --help");
    *mode = argv[optind++];
    if (optind < argc) {
        bench->command.job = argv[optind++];
        bench->given |= GIVEN_JOB;
    }
    if (optind < argc)
        return status_fail(STATUS_USAGE, "%s: more than one job file", argv[optind]);
    return check_mode(bench, *mode);
}

/* The model of the job, with CIFAR-100's classes. */
static Status read_shape(const Bench *bench, ModelShape *shape) {
    enum { CLASSES = 100 };
    const Command *command = &bench->command;
    char *text = NULL;
    Job job;
    if (command->job)
        STATUS_TRY(job_read_text(command->job, &text));
    const Status status = job_parse(&job, command->job ? command->job : "defaults",
                                    text ? text : "", command->override_count, command->overrides);
    memory_free(text);
    if (status == STATUS_OK)
        *shape = model_shape(&job, CLASSES);
    return status;
}

static Status run_alone(const Bench *bench, const char *mode) {
    ModelShape shape;
    if (strcmp(mode, "peak") == 0)
        return bench_peak(bench);
    STATUS_TRY(read_shape(bench, &shape));
    return strcmp(mode, "gemm") == 0 ? bench_gemm(bench, &shape) : bench_kernels(bench, &shape);
}

static Status run(Bench *bench, const char *mode) {
    if (strcmp(mode, "step") == 0) {
        if (!bench->command.job)
            return status_fail(STATUS_USAGE, "step: no job file is given; see vit_bench --help");
        return bench_step(bench);
    }
    return ranks_agree(bench->ranks, bench->ranks->rank == 0 ? run_alone(bench, mode) : STATUS_OK);
}

static Status run_command(int argc, char **argv, Bench *bench) {
    const char *mode = NULL;
    STATUS_TRY(ranks_agree(bench->ranks, parse(argc, argv, bench, &mode)));
    if (mode)
        STATUS_TRY(run(bench, mode));
    else if (bench->ranks->rank == 0 && bench->command.help)
        fputs(usage, stdout);
    else if (bench->ranks->rank == 0)
        printf("vit_bench %s\n", version_text);
    return ranks_agree(bench->ranks, log_check_output());
}

int main(int argc, char **argv) {
    gemm_init(); /* before MPI_Init: it may fork */
    placement_prepare();
    int provided = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    Ranks ranks;
    ranks_init(&ranks, MPI_COMM_WORLD);
    log_start(ranks.rank == 0, false);
    Bench bench = {.ranks = &ranks, .rounds = 3, .steps = 4};
    const Status status = run_command(argc, argv, &bench);
    if (status != STATUS_OK)
        log_error("%s", status_message());
    log_close();
    memory_free(bench.command.overrides);
    fflush(NULL);
    MPI_Barrier(MPI_COMM_WORLD);
    MPI_Finalize();
    return (int)status;
}
