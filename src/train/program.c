#include "vit/program.h"

#include "run.h"
#include "vit/log.h"
#include "vit/version.h"
#include "vit/watchdog.h"
#include <stdio.h>

/* Of the watchdog, until the job says [run] stall_timeout. */
static const double default_limit_minutes = 10.0;

/* Prints the resolved job and the plan. */
static Status check(const Run *run) {
    if (run->ranks->rank == 0) {
        fputs(run->job_text, stdout);
        fputs("\n", stdout);
    }
    display_plan(run);
    return ranks_agree(run->ranks, log_check_output());
}

/* The test split with a checkpoint's weights. */
static Status evaluate(Run *run) {
    STATUS_TRY(run_allocate(run));
    STATUS_TRY(run_read_weights(run, run->command->evaluate, run->weights));
    const Evaluation test = run_evaluate(run, run->weights, &run->test);
    display_test(&test);
    return ranks_agree(run->ranks, log_check_output());
}

static Status open_output(Run *run) {
    char moved[FILE_PATH_MAX], path[FILE_PATH_MAX];
    STATUS_TRY(output_open(&run->output, run->job.output, run->command->fresh, moved));
    STATUS_TRY(output_path(&run->output, "log.txt", path));
    STATUS_TRY(log_open(path));
    if (moved[0])
        log_info("Starting over; the earlier run is now in %s", moved);
    return STATUS_OK;
}

static Status write_job(const Run *run) {
    return output_write_text(&run->output, "job.ini", run->job_text);
}

static Status train(Run *run) {
    const bool first = run->ranks->rank == 0;
    /* A job that cannot run leaves no output folder, and moves none aside. */
    STATUS_TRY(run_allocate(run));
    run_own_work(run, "opening the output folder");
    const Status opened = first ? open_output(run) : STATUS_OK;
    watchdog_phase("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(run->ranks, opened));
    display_plan(run);
    STATUS_TRY(run_start_or_resume(run));
    STATUS_TRY(ranks_agree(run->ranks, first ? write_job(run) : STATUS_OK));
    return run_train(run);
}

static Status run_command(Run *run, double slurm_end) {
    STATUS_TRY(run_read_job(run, slurm_end));
    display_start(run);
    if (run->command->check)
        return check(run);
    watchdog_set_limit(run->job.stall_timeout);
    return run->command->evaluate ? evaluate(run) : train(run);
}

static void say_outcome(Status status) {
    if (status == STATUS_STOPPED)
        log_info("%s", status_message());
    else if (status != STATUS_OK)
        log_error("%s", status_message());
}

Status program_run(int argc, char **argv, MPI_Comm comm, double slurm_end) {
    Ranks ranks;
    Command command = {0};
    ranks_init(&ranks, comm);
    log_start(ranks.rank == 0, false);
    Status status = watchdog_start(&ranks, default_limit_minutes);
    if (status == STATUS_OK)
        status = ranks_agree(&ranks, command_parse(argc, argv, &command));
    if (status == STATUS_OK && (command.help || command.version)) {
        if (ranks.rank == 0 && command.help)
            command_print_help();
        else if (ranks.rank == 0)
            printf("vit_mpi %s\n", version_text);
        status = ranks_agree(&ranks, log_check_output());
        say_outcome(status);
    } else if (status == STATUS_OK) {
        Run run = {.ranks = &ranks,
                   .command = &command,
                   .output = {.lock = -1},
                   .writer = {.enter = placement_free_thread}};
        status = run_command(&run, slurm_end);
        say_outcome(status);
        run_free(&run);
    } else {
        say_outcome(status);
    }
    log_close();
    command_free(&command);
    return status;
}
