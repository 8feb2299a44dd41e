/* What the environments of launchers say of the processes that they started. */

#define _GNU_SOURCE /* pseudo-terminals */

#include "check.h"
#include "vit/launcher.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE",
                                        "OMPI_COMM_WORLD_RANK",
                                        "OMPI_COMM_WORLD_LOCAL_SIZE",
                                        "MV2_COMM_WORLD_SIZE",
                                        "MV2_COMM_WORLD_RANK",
                                        "PMI_SIZE",
                                        "PMI_RANK",
                                        "PMI_FD",
                                        "PMIX_RANK",
                                        "PMIX_NAMESPACE",
                                        "SLURM_STEP_ID",
                                        "SLURM_STEP_NUM_TASKS",
                                        "SLURM_STEP_NUM_NODES",
                                        "SLURM_NTASKS",
                                        "SLURM_PROCID",
                                        "SLURM_PTY_PORT"};

static int forget_all(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    return 0;
}

static void set(const char *name, const char *value) {
    assert_int_equal(setenv(name, value, 1), 0);
}

static void refused(Status status, const char *found, const char *instead) {
    assert_int_equal(status, STATUS_USAGE);
    assert_non_null(strstr(status_message(), found));
    assert_non_null(strstr(status_message(), instead));
    assert_non_null(strstr(status_message(), "mpirun of Open MPI v"));
}

static void one_process_is_alone_by_right(void **state) {
    (void)state;
    assert_ok(launcher_prepare());
    assert_ok(launcher_check(1));
    assert_int_equal(launcher_rank(), 0);
    assert_int_equal(launcher_ranks(), 1);
    assert_true(launcher_is_one_host());
    set("PMI_SIZE", "1");
    set("PMI_RANK", "0");
    assert_ok(launcher_check(1));
}

static void mpirun_starts_ranks(void **state) {
    (void)state;
    set("OMPI_COMM_WORLD_SIZE", "4");
    set("OMPI_COMM_WORLD_RANK", "3");
    set("OMPI_COMM_WORLD_LOCAL_SIZE", "2");
    set("PMIX_RANK", "3");
    assert_ok(launcher_prepare());
    assert_ok(launcher_check(4));
    assert_int_equal(launcher_rank(), 3);
    assert_int_equal(launcher_ranks(), 4);
    assert_false(launcher_is_one_host());
    set("OMPI_COMM_WORLD_LOCAL_SIZE", "4");
    assert_true(launcher_is_one_host());
    refused(launcher_check(1),
            "mpirun of another Open MPI started 4 processes (OMPI_COMM_WORLD_SIZE=4)", "");
}

/* mpirun starts its daemons through srun, whose variables their ranks have too. */
static void mpirun_within_another_launcher_counts(void **state) {
    (void)state;
    set("SLURM_STEP_NUM_TASKS", "2");
    set("SLURM_PROCID", "1");
    set("PMI_SIZE", "3");
    set("PMI_RANK", "2");
    set("OMPI_COMM_WORLD_SIZE", "1");
    set("OMPI_COMM_WORLD_RANK", "0");
    assert_ok(launcher_prepare());
    assert_ok(launcher_check(1));
    assert_int_equal(launcher_rank(), 0);
}

static void launchers_of_other_mpis_are_refused(void **state) {
    (void)state;
    set("PMI_SIZE", "3");
    set("PMI_RANK", "2");
    assert_ok(launcher_prepare()); /* an MPI with PMI may join them */
    assert_ok(launcher_check(3));
    refused(launcher_check(1), "(PMI_SIZE=3)", "use mpirun");
    assert_int_equal(launcher_rank(), 2);
    set("MV2_COMM_WORLD_SIZE", "4");
    set("MV2_COMM_WORLD_RANK", "1");
    refused(launcher_check(1), "MVAPICH started 4 processes (MV2_COMM_WORLD_SIZE=4)", "use mpirun");
    assert_int_equal(launcher_rank(), 1);
}

static void srun_needs_pmix(void **state) {
    (void)state;
    set("SLURM_STEP_NUM_TASKS", "2");
    set("SLURM_PROCID", "1");
    set("SLURM_STEP_NUM_NODES", "1");
    refused(launcher_prepare(), "srun", "use srun --mpi=pmix");
    refused(launcher_check(1), "2 processes (SLURM_STEP_NUM_TASKS=2)", "use srun --mpi=pmix");
    assert_int_equal(launcher_rank(), 1);
    assert_true(launcher_is_one_host());
    set("PMIX_RANK", "1");
    assert_ok(launcher_prepare());
    assert_ok(launcher_check(2));
    refused(launcher_check(1), "SLURM_STEP_NUM_TASKS=2", "use srun --mpi=pmix");
}

/* All of Slurm's variables of a step, as Open MPI looks for them. */
static void enter_step(const char *tasks) {
    set("SLURM_STEP_ID", "0");
    set("SLURM_STEP_NUM_TASKS", tasks);
    set("SLURM_PROCID", "0");
}

/* Of Open MPI, as distributions have it: it has components for PMIx only. */
static void pmi_within_a_step_helps_only_an_mpi_that_knows_it(void **state) {
    (void)state;
    enter_step("2");
    set("PMI_SIZE", "2");
    set("PMI_RANK", "0");
    set("PMI_FD", "9");
    refused(launcher_prepare(), "(PMI_SIZE=2)", "use mpirun");
    assert_non_null(getenv("SLURM_STEP_ID"));
}

static void prepared_without_a_step(void) {
    assert_ok(launcher_prepare());
    assert_null(getenv("SLURM_STEP_ID"));
    assert_ok(launcher_check(1));
}

static void a_step_of_one_is_no_step_for_mpi(void **state) {
    (void)state;
    set("SLURM_NTASKS", "8"); /* also in a batch script, which is in no step */
    assert_ok(launcher_check(1));
    enter_step("1");
    prepared_without_a_step();
    assert_string_equal(getenv("SLURM_STEP_ID"), "0");
    set("PMIX_RANK", "0");
    set("PMIX_NAMESPACE", "slurm.pmix.7.0"); /* lets only the first of a shell's programs in */
    prepared_without_a_step();
    assert_string_equal(getenv("SLURM_STEP_ID"), "0");
    set("PMIX_NAMESPACE", "prterun-n1-42@1");
    assert_ok(launcher_prepare());
    assert_non_null(getenv("SLURM_STEP_ID"));
}

/* Flux and PRRTE start processes within a step of several; Slurm's PMIx names itself. */
static void another_pmix_within_a_step_counts(void **state) {
    (void)state;
    enter_step("2");
    set("PMIX_RANK", "0");
    set("PMIX_NAMESPACE", "prterun-n1-42@1");
    assert_ok(launcher_prepare());
    assert_ok(launcher_check(1));
    set("PMIX_NAMESPACE", "slurm.pmix.7.0");
    assert_ok(launcher_prepare());
    refused(launcher_check(1), "SLURM_STEP_NUM_TASKS=2", "use srun --mpi=pmix");
}

/* srun hands on what the shell of another step has, where it has no such thing for the new one. */
static void what_a_shell_of_another_step_had_does_not_count(void **state) {
    (void)state;
    enter_step("2");
    set("SLURM_STEP_ID", "1");
    set("PMIX_RANK", "0");
    set("PMIX_NAMESPACE", "slurm.pmix.7.0");
    refused(launcher_prepare(), "SLURM_STEP_NUM_TASKS=2", "use srun --mpi=pmix");
    set("PMIX_NAMESPACE", "slurm.pmix.7.1");
    assert_ok(launcher_prepare());
    unsetenv("PMIX_RANK");
    set("PMI_SIZE", "1");
    set("PMI_RANK", "0");
    refused(launcher_prepare(), "SLURM_STEP_NUM_TASKS=2", "use srun --mpi=pmix");
}

/* Within a step of two: how the checks end in a process of its own session, with a terminal or
 * without; 0 where both are content and there is no step left for MPI. */
static int check_in_session(bool with_terminal) {
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const bool ready = setsid() > 0 && (!with_terminal || open(ptsname(master), O_RDWR) >= 0);
        const bool content = launcher_prepare() == STATUS_OK && launcher_check(1) == STATUS_OK;
        _exit(!ready ? 99 : !content ? STATUS_USAGE : getenv("SLURM_STEP_ID") != NULL);
    }
    int ended = 0;
    assert_int_equal(waitpid(child, &ended, 0), child);
    close(master);
    assert_true(WIFEXITED(ended));
    return WEXITSTATUS(ended);
}

/* Tasks of a step that was started from an interactive one inherit SLURM_PTY_PORT. */
static void a_person_at_a_terminal_may_start_one(void **state) {
    (void)state;
    enter_step("2");
    set("SLURM_PTY_PORT", "40000");
    assert_int_equal(check_in_session(true), 0);
    assert_int_equal(check_in_session(false), STATUS_USAGE);
}

/* Where these tests are run from a terminal. */
static void leave_terminal(void) {
    const int terminal = open("/dev/tty", O_RDWR | O_NOCTTY);
    if (terminal < 0)
        return;
    ioctl(terminal, TIOCNOTTY);
    close(terminal);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_process_is_alone_by_right, forget_all),
        cmocka_unit_test_setup(mpirun_starts_ranks, forget_all),
        cmocka_unit_test_setup(mpirun_within_another_launcher_counts, forget_all),
        cmocka_unit_test_setup(launchers_of_other_mpis_are_refused, forget_all),
        cmocka_unit_test_setup(srun_needs_pmix, forget_all),
        cmocka_unit_test_setup(pmi_within_a_step_helps_only_an_mpi_that_knows_it, forget_all),
        cmocka_unit_test_setup(a_step_of_one_is_no_step_for_mpi, forget_all),
        cmocka_unit_test_setup(another_pmix_within_a_step_counts, forget_all),
        cmocka_unit_test_setup(what_a_shell_of_another_step_had_does_not_count, forget_all),
        cmocka_unit_test_setup(a_person_at_a_terminal_may_start_one, forget_all),
    };
    leave_terminal();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
