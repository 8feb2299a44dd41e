/* What the environments of launchers say of the processes that they started. */

#include "check.h"
#include "vit/launcher.h"
#include <stdlib.h>

static const char *const variables[] = {"OMPI_COMM_WORLD_SIZE",
                                        "OMPI_COMM_WORLD_RANK",
                                        "OMPI_COMM_WORLD_LOCAL_SIZE",
                                        "MV2_COMM_WORLD_SIZE",
                                        "MV2_COMM_WORLD_RANK",
                                        "PMI_SIZE",
                                        "PMI_RANK",
                                        "PMI_FD",
                                        "PMIX_RANK",
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

static void refused(int ranks, const char *found, const char *instead) {
    assert_int_equal(launcher_check(ranks), STATUS_USAGE);
    assert_non_null(strstr(status_message(), found));
    assert_non_null(strstr(status_message(), instead));
    assert_non_null(strstr(status_message(), "mpirun of Open MPI v"));
}

static void one_process_is_alone_by_right(void **state) {
    (void)state;
    assert_ok(launcher_check(0));
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
    assert_ok(launcher_check(0));
    assert_ok(launcher_check(4));
    assert_int_equal(launcher_rank(), 3);
    assert_int_equal(launcher_ranks(), 4);
    assert_false(launcher_is_one_host());
    set("OMPI_COMM_WORLD_LOCAL_SIZE", "4");
    assert_true(launcher_is_one_host());
    refused(1, "mpirun of another Open MPI started 4 processes (OMPI_COMM_WORLD_SIZE=4)", "");
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
    assert_ok(launcher_check(0));
    assert_ok(launcher_check(1));
    assert_int_equal(launcher_rank(), 0);
}

static void launchers_of_other_mpis_are_refused(void **state) {
    (void)state;
    set("PMI_SIZE", "3");
    set("PMI_RANK", "2");
    assert_ok(launcher_check(0)); /* an MPI with PMI may join them */
    assert_ok(launcher_check(3));
    refused(1, "(PMI_SIZE=3)", "use mpirun");
    assert_int_equal(launcher_rank(), 2);
    set("MV2_COMM_WORLD_SIZE", "4");
    set("MV2_COMM_WORLD_RANK", "1");
    refused(1, "MVAPICH started 4 processes (MV2_COMM_WORLD_SIZE=4)", "use mpirun");
    assert_int_equal(launcher_rank(), 1);
}

static void srun_needs_pmix(void **state) {
    (void)state;
    set("SLURM_STEP_NUM_TASKS", "2");
    set("SLURM_PROCID", "1");
    set("SLURM_STEP_NUM_NODES", "1");
    refused(0, "srun", "use srun --mpi=pmix");
    refused(1, "2 processes (SLURM_STEP_NUM_TASKS=2)", "use srun --mpi=pmix");
    assert_int_equal(launcher_rank(), 1);
    assert_true(launcher_is_one_host());
    set("PMIX_RANK", "1");
    assert_ok(launcher_check(0));
    assert_ok(launcher_check(2));
    refused(1, "SLURM_STEP_NUM_TASKS=2", "use srun --mpi=pmix");
}

static void a_shell_of_slurms_may_start_one(void **state) {
    (void)state;
    set("SLURM_NTASKS", "8"); /* also in a batch script, which is in no step */
    assert_ok(launcher_check(1));
    set("SLURM_STEP_NUM_TASKS", "8");
    set("SLURM_PROCID", "0");
    set("SLURM_PTY_PORT", "40000");
    assert_ok(launcher_check(0));
    assert_ok(launcher_check(1));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_process_is_alone_by_right, forget_all),
        cmocka_unit_test_setup(mpirun_starts_ranks, forget_all),
        cmocka_unit_test_setup(mpirun_within_another_launcher_counts, forget_all),
        cmocka_unit_test_setup(launchers_of_other_mpis_are_refused, forget_all),
        cmocka_unit_test_setup(srun_needs_pmix, forget_all),
        cmocka_unit_test_setup(a_shell_of_slurms_may_start_one, forget_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
