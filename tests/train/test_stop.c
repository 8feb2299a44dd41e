/* Signals, Slurm's end of a job, and when the time that is left is too short. */

#include "vit/stop.h"

#include "check.h"
#include "folder.h"
#include "vit/job.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

static void each_signal_is_remembered_by_name(void **state) {
    (void)state;
    signal(SIGHUP, SIG_DFL); /* whoever started this test */
    stop_install();
    assert_null(stop_requested());
    raise(SIGUSR1);
    assert_string_equal(stop_requested(), "SIGUSR1");
    raise(SIGUSR2);
    assert_string_equal(stop_requested(), "SIGUSR2");
    raise(SIGTERM);
    assert_string_equal(stop_requested(), "SIGTERM");
    raise(SIGINT);
    assert_string_equal(stop_requested(), "SIGINT");
    raise(SIGXCPU);
    assert_string_equal(stop_requested(), "SIGXCPU");
    raise(SIGHUP);
    assert_string_equal(stop_requested(), "SIGHUP");
}

static void nohup_stays_nohup_and_what_cannot_be_written_ends_nothing(void **state) {
    (void)state;
    signal(SIGHUP, SIG_IGN);
    stop_install();
    raise(SIGUSR1);
    raise(SIGHUP);
    raise(SIGPIPE);
    raise(SIGXFSZ);
    assert_string_equal(stop_requested(), "SIGUSR1");
}

/* ---- the time limit ---- */

static void the_deadline_follows_the_job(void **state) {
    (void)state;
    assert_true(stop_deadline(JOB_TIME_LIMIT_AUTO, 12345.0) == 12345.0);
    assert_true(isinf(stop_deadline(JOB_TIME_LIMIT_AUTO, INFINITY)));
    assert_true(stop_deadline(JOB_TIME_LIMIT_AUTO, NAN) == INFINITY);
    assert_true(stop_deadline(JOB_TIME_LIMIT_NONE, 12345.0) == INFINITY);
    const double before = (double)time(NULL), limit = stop_deadline(1.5, 12345.0);
    assert_true(limit >= before + 90.0 && limit <= (double)time(NULL) + 90.0);
}

/* The least number of seconds that still suffices. */
static double border(double step_s, double save_s, double evaluation_s) {
    double up = 0.0, enough = 1e6;
    assert_true(stop_time_is_up(up, step_s, save_s, evaluation_s));
    assert_false(stop_time_is_up(enough, step_s, save_s, evaluation_s));
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (up + enough);
        *(stop_time_is_up(middle, step_s, save_s, evaluation_s) ? &up : &enough) = middle;
    }
    return enough;
}

static void what_may_still_come_must_fit(void **state) {
    (void)state;
    const double reserve = border(0, 0, 0);
    assert_true(reserve > 1.0 && reserve < 60.0);
    /* Each is given more than it is known to take, and one does not stand for another. */
    const double step = border(100, 0, 0) - reserve, save = border(0, 100, 0) - reserve;
    const double evaluation = border(0, 0, 100) - reserve;
    assert_true(step > 100.0 && save > 100.0 && evaluation > 100.0);
    const double all = border(100, 100, 100) - reserve;
    assert_true(fabs(all - (step + save + evaluation)) < 1e-6);
}

static void without_a_limit_time_is_never_up(void **state) {
    (void)state;
    assert_false(stop_time_is_up(INFINITY, 1e9, 1e9, 1e9));
    assert_true(stop_time_is_up(-1.0, 0.0, 0.0, 0.0));
}

/* ---- Slurm, played by a script that notes what it was asked and gives `answer` ---- */

static const char *const told_by_launchers[] = {"SLURM_JOB_ID",        "SLURM_ARRAY_JOB_ID",
                                                "SLURM_ARRAY_TASK_ID", "SLURM_PROCID",
                                                "SLURM_JOB_END_TIME",  "OMPI_COMM_WORLD_RANK"};

static char *path_before;

static void write_file(const char *name, const char *text) {
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static int enter_slurm(void **state) {
    char path[4096];
    if (enter_folder(state) != 0)
        return -1;
    for (size_t i = 0; i < sizeof told_by_launchers / sizeof *told_by_launchers; i++)
        unsetenv(told_by_launchers[i]);
    write_file("squeue", "#!/bin/sh\necho \"$@\" >asked\ncat answer\n");
    write_file("answer", "2026-11-24T05:00:00\n");
    path_before = strdup(getenv("PATH"));
    snprintf(path, sizeof path, "%s:%s", folder, path_before);
    setenv("PATH", path, 1);
    setenv("TZ", "UTC", 1);
    setenv("SLURM_JOB_ID", "4711", 1);
    return chmod("squeue", 0700);
}

static int leave_slurm(void **state) {
    setenv("PATH", path_before, 1);
    free(path_before);
    return leave_folder(state);
}

#define test_in_slurm(name) cmocka_unit_test_setup_teardown(name, enter_slurm, leave_slurm)

static void assert_asked(const char *wanted) {
    char asked[256] = "";
    FILE *file = fopen("asked", "r");
    assert_non_null(file);
    assert_non_null(fgets(asked, sizeof asked, file));
    fclose(file);
    asked[strcspn(asked, "\n")] = '\0';
    assert_string_equal(asked, wanted);
}

static void assert_not_asked(void) {
    assert_true(isinf(stop_slurm_end()));
    assert_int_not_equal(access("asked", F_OK), 0);
}

/* date -u -d 2026-11-24T05:00:00 +%s */
static const double end_of_job = 1795496400.0;

static void slurm_tells_when_the_job_ends(void **state) {
    (void)state;
    assert_true(stop_slurm_end() == end_of_job);
    assert_asked("-h -j 4711 -o %e");
}

static void in_local_time(void **state) {
    (void)state;
    /* Two hours east of Greenwich. */
    setenv("TZ", "XYZ-2", 1);
    assert_true(stop_slurm_end() == end_of_job - 7200.0);
}

static void words_are_no_limit(void **state) {
    (void)state;
    setenv("SLURM_JOB_END_TIME", "12345", 1); /* not looked at */
    write_file("answer", "NONE\n");
    assert_true(stop_slurm_end() == INFINITY);
    write_file("answer", "N/A\n");
    assert_true(stop_slurm_end() == INFINITY);
}

/* What the environment tells, if it tells. */
static void assert_without_an_answer(void) {
    unsetenv("SLURM_JOB_END_TIME");
    assert_true(isnan(stop_slurm_end()));
    setenv("SLURM_JOB_END_TIME", "soon", 1);
    assert_true(isnan(stop_slurm_end()));
    setenv("SLURM_JOB_END_TIME", "0", 1); /* the job runs, and does not end in the past */
    assert_true(isnan(stop_slurm_end()));
    setenv("SLURM_JOB_END_TIME", "4102444800", 1);
    assert_true(stop_slurm_end() == 4102444800.0);
}

static void silence_leaves_the_environment_s_word(void **state) {
    (void)state;
    write_file("answer", "");
    assert_without_an_answer();
    write_file("answer", "\n");
    assert_without_an_answer();
    write_file("squeue", "#!/bin/sh\nexit 1\n");
    assert_without_an_answer();
    /* An answer that was cut off. */
    write_file("squeue", "#!/bin/sh\necho 2026-11-24T05:00:00\nexit 1\n");
    assert_without_an_answer();
    setenv("PATH", folder, 1);
    assert_int_equal(unlink("squeue"), 0);
    assert_without_an_answer();
}

static void a_member_of_an_array_asks_for_itself(void **state) {
    (void)state;
    setenv("SLURM_ARRAY_JOB_ID", "4700", 1);
    setenv("SLURM_ARRAY_TASK_ID", "11", 1);
    assert_true(stop_slurm_end() == end_of_job);
    assert_asked("-h -j 4700_11 -o %e");
}

static void only_the_first_rank_asks(void **state) {
    (void)state;
    setenv("SLURM_PROCID", "1", 1);
    assert_not_asked();
    /* mpirun's numbers count where it started the ranks. */
    setenv("OMPI_COMM_WORLD_RANK", "0", 1);
    assert_true(stop_slurm_end() == end_of_job);
    assert_int_equal(unlink("asked"), 0);
    setenv("SLURM_PROCID", "0", 1);
    setenv("OMPI_COMM_WORLD_RANK", "10", 1);
    assert_not_asked();
}

static void nobody_asks_outside_slurm(void **state) {
    (void)state;
    unsetenv("SLURM_JOB_ID");
    assert_not_asked();
    setenv("SLURM_JOB_ID", "1; touch asked", 1);
    assert_not_asked();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_signal_is_remembered_by_name),
        cmocka_unit_test(nohup_stays_nohup_and_what_cannot_be_written_ends_nothing),
        cmocka_unit_test(the_deadline_follows_the_job),
        cmocka_unit_test(what_may_still_come_must_fit),
        cmocka_unit_test(without_a_limit_time_is_never_up),
        test_in_slurm(slurm_tells_when_the_job_ends),
        test_in_slurm(in_local_time),
        test_in_slurm(words_are_no_limit),
        test_in_slurm(silence_leaves_the_environment_s_word),
        test_in_slurm(a_member_of_an_array_asks_for_itself),
        test_in_slurm(only_the_first_rank_asks),
        test_in_slurm(nobody_asks_outside_slurm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
