#include "bench.h"

#include "vit/alike.h"
#include "vit/job.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/placement.h"
#include "vit/version.h"
#include "vit/watchdog.h"
#include "vit/world.h"
#include <mpi.h>
#include <stdio.h>

/* vit_bench: what this machine can do, and what the trainer makes of it. */

/* The model of the job, with CIFAR-100's colours and classes. */
static Status read_shape(const Bench *bench, ModelShape *shape) {
    enum { CHANNELS = 3, CLASSES = 100 };
    const Command *command = &bench->command;
    char *text = NULL;
    Job job;
    if (command->job)
        STATUS_TRY(job_read_text(command->job, &text));
    const Status status = job_parse(&job, command->job ? command->job : "defaults",
                                    text ? text : "", command->override_count, command->overrides);
    memory_free(text);
    if (status == STATUS_OK)
        *shape = model_shape(&job, CHANNELS, CLASSES);
    return status;
}

/* On one rank. */
static Status run_alone(const Bench *bench, BenchForm form) {
    ModelShape shape;
    STATUS_TRY(placement_check_environment());
    if (form == BENCH_PEAK)
        return bench_peak(bench);
    STATUS_TRY(read_shape(bench, &shape));
    return form == BENCH_GEMM ? bench_gemm(bench, &shape) : bench_kernels(bench, &shape);
}

static Status run(const Bench *bench, BenchForm form) {
    const bool first = bench->ranks->rank == 0;
    if (form == BENCH_STEP)
        return bench_step(bench);
    if (form != BENCH_FORMS)
        return ranks_agree(bench->ranks, first ? run_alone(bench, form) : STATUS_OK);
    if (first && bench->command.help)
        command_line_print_help(stdout, &bench_command_line);
    else if (first)
        printf("vit_bench %s\n", version_text);
    return STATUS_OK;
}

static Status run_command(int argc, char **argv, Bench *bench) {
    size_t form;
    STATUS_TRY(ranks_agree(bench->ranks, bench_command_parse(argc, argv, bench, &form)));
    /* What rank 0 measures alone may take any time. */
    if (form != BENCH_STEP)
        watchdog_stop();
    STATUS_TRY(run(bench, (BenchForm)form));
    return ranks_agree(bench->ranks, log_check_output());
}

/* Between the start and the end of MPI. */
static Status measure(int argc, char **argv, const Arithmetic *own) {
    Ranks ranks;
    ArithmeticChoice choice;
    Bench bench = {.ranks = &ranks};
    ranks_init(&ranks, MPI_COMM_WORLD);
    log_start(ranks.rank == 0, false);
    Status status = watchdog_meet(&ranks);
    if (status == STATUS_OK)
        status = alike_choose(&ranks, own, &choice);
    if (status == STATUS_OK)
        status = run_command(argc, argv, &bench);
    bench_command_free(&bench);
    return status;
}

int main(int argc, char **argv) {
    Arithmetic own;
    Status status = world_enter(&argc, &argv, &own);
    if (status == STATUS_OK)
        status = measure(argc, argv, &own);
    if (status != STATUS_OK)
        log_error("%s", status_message());
    log_close();
    return world_leave(status);
}
