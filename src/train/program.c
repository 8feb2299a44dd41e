#include "vit/program.h"

#include "evaluation.h"
#include "known_data.h"
#include "loop.h"
#include "overview.h"
#include "resume.h"
#include "start.h"
#include "vit/alike.h"
#include "vit/log.h"
#include "vit/version.h"
#include "vit/watchdog.h"
#include <stdio.h>

/* Prints the resolved job, the plan, and what it may take. */
static Status check(const Plan *plan) {
    if (plan->ranks->rank == 0) {
        fputs(plan->job_text, stdout);
        fputs("\n", stdout);
    }
    overview_show(plan);
    STATUS_TRY(start_check(plan));
    overview_show_time(plan);
    return ranks_agree(plan->ranks, log_check_output());
}

/* The test split with a checkpoint's weights. */
static Status evaluate_with(Trainer *trainer, Plan *plan) {
    STATUS_TRY(known_data_adopt(plan, plan->command->evaluate));
    STATUS_TRY(trainer_init(trainer, plan, false));
    STATUS_TRY(resume_weights(plan, plan->command->evaluate, trainer->weights));
    const Evaluation test = evaluation_run(trainer, trainer->weights, &trainer->input.test);
    display_test(test.loss, test.accuracy, test.top5_accuracy);
    return ranks_agree(plan->ranks, log_check_output());
}

static Status evaluate(Plan *plan) {
    Trainer trainer = {0};
    const Status status = evaluate_with(&trainer, plan);
    trainer_free(&trainer);
    return status;
}

/* The state that the run begins or goes on with, and what that says of its job. */
static Status settle(Training *training, Plan *plan) {
    Job begun;
    STATUS_TRY(resume_run(training, &begun));
    return ranks_agree(plan->ranks, plan_fix_schedule(plan, &begun));
}

/* What a process begins with, and what outlives its training. */
typedef struct Start {
    double slurm_end;
    const Arithmetic *own;
    Output *output; /* rank 0: the run's, locked until the last line is in its log */
} Start;

static Status train_with(Training *training, Plan *plan, Output *output) {
    Saver *saver = &training->saver;
    const bool first = plan->ranks->rank == 0;
    /* A job that cannot run leaves no output folder, and moves none aside. */
    STATUS_TRY(training_init(training, plan, true));
    STATUS_TRY(start_check_new(plan));
    watchdog_first_works("opening the output folder");
    const Status opened = first ? saver_open(saver, output, plan->command->fresh) : STATUS_OK;
    watchdog_work("start", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(plan->ranks, opened));
    overview_show(plan);
    STATUS_TRY(settle(training, plan));
    const Status written =
        first ? output_write_text(output, OUTPUT_JOB, plan->job_text) : STATUS_OK;
    STATUS_TRY(ranks_agree(plan->ranks, written));
    return loop_run(training);
}

static Status train(Plan *plan, Output *output) {
    Training training;
    const Status status = train_with(&training, plan, output);
    training_free(&training);
    return status;
}

static Status run(Plan *plan, const Ranks *ranks, const Command *command, const Start *start) {
    ArithmeticChoice choice;
    STATUS_TRY(alike_choose(ranks, start->own, &choice));
    STATUS_TRY(plan_read(plan, ranks, command, start->slurm_end));
    plan->arithmetic = choice;
    display_start(plan);
    if (command->check)
        return check(plan);
    return command->evaluate ? evaluate(plan) : train(plan, start->output);
}

static Status run_command(const Ranks *ranks, const Command *command, const Start *start) {
    if (command->help || command->version) {
        if (ranks->rank == 0 && command->help)
            command_print_help();
        else if (ranks->rank == 0)
            printf("vit_mpi %s\n", version_text);
        return ranks_agree(ranks, log_check_output());
    }
    Plan plan = {0};
    const Status status = run(&plan, ranks, command, start);
    plan_free(&plan);
    return status;
}

static void say_outcome(Status status) {
    if (status == STATUS_STOPPED)
        log_info("%s", status_message());
    else if (status != STATUS_OK)
        log_error("%s", status_message());
}

Status program_run(int argc, char **argv, MPI_Comm comm, double slurm_end, const Arithmetic *own) {
    Output output = OUTPUT_NONE;
    const Start start = {slurm_end, own, &output};
    Ranks ranks;
    Command command = {0};
    ranks_init(&ranks, comm);
    log_start(ranks.rank == 0, false);
    Status status = watchdog_meet(&ranks);
    if (status == STATUS_OK)
        status = ranks_agree(&ranks, command_parse(argc, argv, &command));
    if (status == STATUS_OK)
        status = run_command(&ranks, &command, &start);
    say_outcome(status);
    log_close();
    output_close(&output);
    command_free(&command);
    return status;
}
