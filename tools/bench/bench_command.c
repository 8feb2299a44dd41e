#include "bench.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(name) .offset = offsetof(Bench, name)
#define OF(form) (1u << (form))
#define FLAG(name) .kind = COMMAND_FLAG, FIELD(name)
#define COUNT(name, low, high, usual)                                                              \
    .kind = COMMAND_COUNT, .value = "N", FIELD(name), .least = (low), .most = (high),              \
    .preset = (usual)

enum { WARM_UP_MOST = 100000 };

static const CommandForm forms[BENCH_FORMS] = {
    [BENCH_PEAK] = {.name = "peak",
                    .meaning = "multiplications and additions a second in registers; bandwidth in "
                               "cache and in memory"},
    [BENCH_GEMM] =
        {.name = "gemm",
         .meaning = "the model's small matrix products by LIBXSMM and by BLIS, in % of the peak",
         .operands = {{"JOB.ini", "job file", .offset = offsetof(Bench, command.job),
                       .optional = true}}},
    [BENCH_KERNELS] = {.name = "kernels",
                       .meaning = "everything else, for each instruction set: ns an element, % of "
                                  "the bandwidth, and how many times as long denormal inputs take",
                       .operands = {{"JOB.ini", "job file", .offset = offsetof(Bench, command.job),
                                     .optional = true}}},
    [BENCH_STEP] = {.name = "step",
                    .launcher = "mpirun -np RANKS",
                    .meaning = "whole training steps: images/s, % of the peak, evaluation, memory, "
                               "waiting, time by phase",
                    .operands = {{"JOB.ini", "job file", .offset = offsetof(Bench, command.job)}}},
};

static const CommandOption options[] = {
    {"set", 's', COMMAND_TEXTS, "SECTION.KEY=VALUE", FIELD(command.overrides),
     .count_offset = offsetof(Bench, command.override_count),
     .forms = OF(BENCH_GEMM) | OF(BENCH_KERNELS) | OF(BENCH_STEP),
     .meaning = "as in vit_mpi (run.threads, ...); repeatable"},
    {"threads", COUNT(threads, 1, BENCH_THREADS_MAX, 0), .forms = OF(BENCH_PEAK),
     .meaning = "threads, by default as many as there are processors"},
    {"steps", COUNT(steps, 1, 1000, 4), .forms = OF(BENCH_STEP), .meaning = "steps of a round"},
    {"rounds", COUNT(rounds, 1, MEASURE_ROUNDS_MAX, 3), .forms = OF(BENCH_STEP),
     .meaning = "rounds, of which the median counts"},
    {"checkpoint", .kind = COMMAND_TEXT, .value = "FILE", FIELD(checkpoint),
     .forms = OF(BENCH_STEP),
     .meaning = "measure the state in a last.h5 of the same model, or a best.h5's weights, by "
                "default the initial weights"},
    {"warm-up", .kind = COMMAND_TEXT, .value = "STEPS", FIELD(warm_up), .forms = OF(BENCH_STEP),
     .meaning = "so many steps before the first round; auto, the default: until the medians of two "
                "windows of 16 steps agree within 1 %, at most 160"},
    {"denormals", FLAG(denormals), .forms = OF(BENCH_STEP),
     .meaning = "measure a made-up state in which denormals abound"},
    {"keep-denormals", FLAG(keep_denormals), .forms = OF(BENCH_STEP),
     .meaning = "compute with denormals as they are, to see what flushing them is worth"},
    {"synthetic", FLAG(synthetic), .forms = OF(BENCH_STEP),
     .meaning = "train on pictures of vit_data synth, without a data file"},
    {"any-order", FLAG(any_order), .forms = OF(BENCH_STEP),
     .meaning = "sum gradients in whatever order is quickest, to see what the one order costs"},
    {"no-overlap", FLAG(no_overlap), .forms = OF(BENCH_STEP),
     .meaning = "wait for each message at once, to see what computing meanwhile is worth"},
    {"csv", FLAG(csv), .meaning = "print tables as CSV"},
    {"version", .kind = COMMAND_ALONE, FIELD(command.version), .meaning = "print the version"},
    {"help", 'h', COMMAND_ALONE, FIELD(command.help), .meaning = "print help"},
};

const CommandLine bench_command_line = {
    .program = "vit_bench",
    .purpose = "Tells what this machine can do, and what the trainer makes of it.",
    .forms = forms,
    .form_count = BENCH_FORMS,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .notes = "Without JOB.ini: the defaults, which are the reference job. VIT_GEMM=blis and "
             "VIT_KERNELS=avx2 or portable in the environment choose other code.\n"
             "Exit codes: 0 done, 64 malformed command line, otherwise those of vit_mpi.",
};

/* --warm-up. */
static Status read_warm_up(Bench *bench) {
    const char *text = bench->warm_up ? bench->warm_up : "auto";
    char *end;
    bench->warm_up_auto = strcmp(text, "auto") == 0;
    if (bench->warm_up_auto)
        return STATUS_OK;
    const unsigned long long steps = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || steps > WARM_UP_MOST)
        return status_fail(STATUS_USAGE,
                           "--warm-up must be auto or a whole number from 0 to %d, "
                           "not '%s'",
                           (int)WARM_UP_MOST, text);
    bench->warm_up_steps = (size_t)steps;
    return STATUS_OK;
}

Status bench_command_parse(int argc, char **argv, Bench *bench, size_t *form) {
    STATUS_TRY(command_line_parse(&bench_command_line, argc, argv, bench, form));
    const int processors = omp_get_num_procs();
    if (bench->threads > (uint64_t)processors)
        return status_fail(STATUS_USAGE,
                           "--threads must be a whole number from 1 to %d, not '%llu'", processors,
                           (unsigned long long)bench->threads);
    if (bench->checkpoint && bench->denormals)
        return status_fail(STATUS_USAGE, "--denormals makes a state of its own: not with "
                                         "--checkpoint");
    return read_warm_up(bench);
}

void bench_command_free(Bench *bench) {
    command_line_free(&bench_command_line, bench);
}
