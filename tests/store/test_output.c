/* The output folder: one job at a time, nothing overwritten, nothing left lying about. */

#include "output_fixture.h"

/* ---- tests ---- */

static void files_have_their_names(void **state) {
    (void)state;
    char path[FILE_PATH_MAX], folder_name[FILE_PATH_MAX];
    assert_ok(output_file_path("runs/x", OUTPUT_TABLE, path));
    assert_string_equal(path, "runs/x/metrics.csv");
    assert_ok(output_file_last("runs/x", 0, path));
    assert_string_equal(path, "runs/x/last.h5");
    assert_ok(output_file_last("runs/x", 12, path));
    assert_string_equal(path, "runs/x/last.12.h5");
    memset(folder_name, 'x', sizeof folder_name);
    folder_name[FILE_PATH_MAX - strlen("/last.h5") - 1] = '\0';
    assert_ok(output_file_last(folder_name, 0, path));
    assert_int_equal(output_file_last(folder_name, 1, path), STATUS_IO);
    assert_int_equal(output_file_path(folder_name, OUTPUT_METRICS, path), STATUS_IO);
}

static void folders_are_made_with_their_parents(void **state) {
    (void)state;
    assert_opens("runs/of/today", false, "");
    assert_opens("runs/of/today", false, "");
    assert_int_equal(access("runs/of/today/.lock", F_OK), 0);
}

static void a_folder_in_use_is_refused_and_its_user_named(void **state) {
    (void)state;
    char owner[64];
    const pid_t other = start_other("out");
    put("out/last.h5.tmp", "half written");
    snprintf(owner, sizeof owner, "in use by another job (process %ld on ", (long)other);
    assert_refused("out", false, owner);
    assert_refused("out", true, owner);
    kill_other(other);
    /* Neither moved aside, nor cleared of what its user is writing. */
    assert_true(holds("out/last.h5.tmp", "half written"));
    assert_int_not_equal(access("out.1", F_OK), 0);
}

static void a_dead_users_lock_does_not_block(void **state) {
    (void)state;
    kill_other(start_other("out"));
    assert_int_equal(access("out/.lock", F_OK), 0);
    assert_opens("out", false, "");
}

static void a_new_user_signs_in_place_of_the_old_one(void **state) {
    (void)state;
    char owner[64];
    assert_opens("out", false, "");
    char old[512];
    memset(old, 'x', sizeof old - 1);
    old[sizeof old - 1] = '\0';
    put("out/.lock", old);
    setenv("SLURM_JOB_ID", "42", true);
    const pid_t other = start_other("out");
    unsetenv("SLURM_JOB_ID");
    snprintf(owner, sizeof owner, "(process %ld on ", (long)other);
    assert_refused("out", false, owner);
    assert_refused("out", false, ", Slurm job 42); wait for it");
    /* Nothing is left of the old one. */
    struct stat lock;
    assert_int_equal(stat("out/.lock", &lock), 0);
    assert_true(lock.st_size > 0 && lock.st_size < (off_t)sizeof old - 1);
    kill_other(other);
}

static void fresh_moves_aside_and_never_overwrites(void **state) {
    (void)state;
    assert_opens("out", true, ""); /* nothing to move */
    put("out/last.h5", "first");
    assert_int_equal(symlink("nowhere", "out.2"), 0); /* not to be replaced either */
    assert_opens("out", true, "out.1");
    assert_true(holds("out.1/last.h5", "first"));
    assert_int_not_equal(access("out/last.h5", F_OK), 0);
    put("out/last.h5", "second");
    assert_opens("out/", true, "out.3");
    assert_true(holds("out.1/last.h5", "first"));
    assert_true(holds("out.3/last.h5", "second"));
    assert_int_not_equal(access("out/last.h5", F_OK), 0);
}

static void a_fresh_folder_is_locked(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    assert_opens("out", false, "");
    put("out/last.h5", "first");
    assert_ok(output_open(&output, "out", true, moved));
    assert_false(other_opens("out", false));
    output_close(&output);
}

static void a_folder_that_holds_nothing_is_not_moved_aside(void **state) {
    (void)state;
    assert_int_equal(mkdir("out", 0777), 0);
    for (int times = 0; times < 3; times++)
        assert_opens("out", true, "");
    assert_int_equal(access("out/.lock", F_OK), 0);
    assert_int_not_equal(access("out.1", F_OK), 0);
    put("out/.hidden", "something");
    assert_opens("out", true, "out.1");
}

static void a_link_stays_and_what_it_leads_to_is_moved_aside(void **state) {
    (void)state;
    char moved[FILE_PATH_MAX];
    struct stat link;
    assert_int_equal(mkdir("scratch", 0777), 0);
    assert_int_equal(symlink("scratch/x", "out"), 0);
    assert_refused("out", true, "out: is a symbolic link to scratch/x, which does not exist");
    assert_int_equal(mkdir("scratch/x", 0777), 0);
    put("scratch/x/last.h5", "first");
    assert_ok(open_close("out", true, moved));
    assert_string_equal(moved + strlen(moved) - strlen("/scratch/x.1"), "/scratch/x.1");
    assert_true(holds("scratch/x.1/last.h5", "first"));
    assert_int_equal(lstat("out", &link), 0);
    assert_true(S_ISLNK(link.st_mode));
    assert_int_equal(access("scratch/x/.lock", F_OK), 0);
    assert_int_not_equal(access("out/last.h5", F_OK), 0);
    assert_int_not_equal(access("out.1", F_OK), 0);
}

static void a_folder_that_cannot_be_renamed_is_told(void **state) {
    (void)state;
    put("something", "");
    assert_refused(".", true, "has no name to change (Device or resource busy); choose a folder");
    assert_opens(".", false, "");
}

/* ---- what the system says while it is taken ---- */

static void a_lock_that_is_interrupted_is_tried_again(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    system_says.lock_once = EINTR;
    assert_ok(output_open(&output, "out", false, moved));
    assert_false(other_opens("out", false));
    output_close(&output);
}

static void a_lock_that_fails_is_not_taken_for_a_file_system_without_locks(void **state) {
    (void)state;
    system_says.lock_once = EIO;
    assert_refused("out", false, "out/.lock: cannot be locked: Input/output error");
}

static void a_file_system_without_locks_is_told_once(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    assert_int_equal(mkdir("out", 0777), 0);
    put("out/last.h5", "first");
    start_log();
    system_says.lock = ENOLCK;
    assert_ok(output_open(&output, "out", true, moved));
    assert_int_equal(unlink("out/.lock"), 0);
    assert_ok(output_check(&output));
    assert_ok(output_check(&output));
    system_says.lock = 0;
    output_close(&output);
    assert_int_equal(end_log("this file system has no locks"), 1);
}

/* On a network file system, by another host. */
static void a_folder_that_becomes_stale_while_it_is_opened_is_opened_again(void **state) {
    (void)state;
    system_says.open_once = ESTALE;
    assert_opens("out", false, "");
}

static void a_folder_in_which_no_file_can_be_is_not_called_moved(void **state) {
    (void)state;
    assert_refused("/proc/self", false,
                   "/proc/self: the output folder is not writable: No such file or directory");
}

/* ---- several at once ---- */

static void others_are_refused(void) {
    assert_false(other_opens("out", false));
    assert_false(other_opens("out", true));
}

static void nobody_begins_in_a_folder_that_is_being_moved_aside(void **state) {
    (void)state;
    assert_opens("out", false, "");
    put("out/job.ini", "first");
    meanwhile.before_rename = others_are_refused;
    assert_opens("out", true, "out.1");
    assert_true(holds("out.1/job.ini", "first"));
    assert_int_not_equal(access("out/job.ini", F_OK), 0);
}

static void another_begins(void) {
    assert_true(other_opens("out", false));
}

/* Whoever begins in the gap has ended by then, and is moved aside as well. */
static void who_is_faster_than_a_fresh_start_is_not_mixed_with_it(void **state) {
    (void)state;
    assert_opens("out", false, "");
    put("out/job.ini", "first");
    meanwhile.after_rename = another_begins;
    assert_opens("out", true, "out.2");
    assert_true(holds("out.1/job.ini", "first"));
    assert_true(holds("out.2/job.ini", "other"));
    assert_int_not_equal(access("out/job.ini", F_OK), 0);
}

static pid_t faster;

static void another_begins_and_stays(void) {
    faster = start_other("out");
}

static void who_is_faster_than_a_fresh_start_keeps_the_folder(void **state) {
    (void)state;
    assert_opens("out", false, "");
    put("out/job.ini", "first");
    meanwhile.after_rename = another_begins_and_stays;
    assert_refused("out", true, "in use by another job");
    assert_non_null(strstr(status_message(), "(the earlier run is now in out.1)"));
    kill_other(faster);
    assert_true(holds("out.1/job.ini", "first"));
}

static void another_starts_over(void) {
    assert_true(other_opens("out", true));
}

/* The lock that it waited for is by then the one of a folder with another name. */
static void who_is_overtaken_by_a_fresh_start_takes_the_new_folder(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    assert_opens("out", false, "");
    put("out/job.ini", "first");
    meanwhile.before_lock = another_starts_over;
    assert_ok(output_open(&output, "out", false, moved));
    assert_ok(output_write_text(&output, OUTPUT_JOB, "mine"));
    assert_true(holds("out.1/job.ini", "first"));
    assert_true(holds("out/job.ini", "mine"));
    output_close(&output);
}

static void it_is_moved_away(void) {
    assert_int_equal(__real_rename("out", "away"), 0);
}

static void a_folder_that_goes_away_while_it_is_opened_is_made(void **state) {
    (void)state;
    assert_opens("out", false, "");
    put("out/job.ini", "first");
    meanwhile.after_mkdir = it_is_moved_away;
    assert_opens("out", false, "");
    assert_true(holds("away/job.ini", "first"));
    assert_int_equal(access("out/.lock", F_OK), 0);
}

static void another_makes_it(void) {
    assert_true(other_opens("out", true));
}

static void two_may_make_the_folder(void **state) {
    (void)state;
    meanwhile.after_mkdir = another_makes_it;
    assert_opens("out", false, "");
    assert_true(holds("out/job.ini", "other"));
}

/* ---- what is in it ---- */

static void what_a_killed_run_left_goes_and_nothing_else(void **state) {
    (void)state;
    static const char *const left[] = {"out/last.h5.tmp",     "out/last.1.h5.tmp",
                                       "out/best.h5.tmp",     "out/metrics.h5.tmp",
                                       "out/metrics.csv.tmp", "out/job.ini.tmp"};
    static const char *const kept[] = {"out/last.h5", "out/last.1.h5", "out/log.txt",
                                       "out/mine.tmp"};
    const size_t lefts = sizeof left / sizeof *left, kepts = sizeof kept / sizeof *kept;
    assert_opens("out", false, "");
    for (size_t i = 0; i < lefts; i++)
        put(left[i], "half");
    for (size_t i = 0; i < kepts; i++)
        put(kept[i], "whole");
    assert_opens("out", false, "");
    for (size_t i = 0; i < lefts; i++)
        assert_int_not_equal(access(left[i], F_OK), 0);
    for (size_t i = 0; i < kepts; i++)
        assert_true(holds(kept[i], "whole"));
}

/* In a process of its own, since root may write everywhere. */
static void a_folder_that_cannot_be_written_is_refused(void **state) {
    (void)state;
    char moved[FILE_PATH_MAX];
    put("file", "");
    assert_refused("file/out", false, "cannot be made");
    assert_int_equal(mkdir("out", 0555), 0);
    assert_int_equal(chmod(".", 0755), 0);
    const pid_t other = fork();
    assert_true(other >= 0);
    if (other == 0) {
        if (geteuid() == 0 && setuid(65534) != 0)
            _exit(2);
        const bool refused = open_close("out", false, moved) == STATUS_IO;
        _exit(refused && strstr(status_message(), "out: the output folder is not writable") ? 0
                                                                                            : 1);
    }
    int end;
    assert_int_equal(waitpid(other, &end, 0), other);
    assert_true(WIFEXITED(end));
    assert_int_equal(WEXITSTATUS(end), 0);
}

static void a_text_replaces_the_old_one_or_leaves_it(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    assert_ok(output_open(&output, "out", false, moved));
    assert_ok(output_write_text(&output, OUTPUT_JOB, "seed = 1\n"));
    assert_ok(output_write_text(&output, OUTPUT_JOB, "seed = 2\n"));
    assert_true(holds("out/job.ini", "seed = 2\n"));
    assert_int_not_equal(access("out/job.ini.tmp", F_OK), 0);
    assert_int_equal(mkdir("out/job.ini.tmp", 0777), 0);
    assert_int_equal(output_write_text(&output, OUTPUT_JOB, "seed = 3\n"), STATUS_IO);
    assert_non_null(strstr(status_message(), "out/job.ini.tmp"));
    assert_true(holds("out/job.ini", "seed = 2\n"));
    output_close(&output);
}

static void closing_twice_is_harmless(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    assert_ok(output_open(&output, "out", false, moved));
    output_close(&output);
    output_close(&output);
    assert_int_equal(output.lock.file, -1);
    assert_int_equal(output.lock.folder, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_have_their_names),
        test_of_output(folders_are_made_with_their_parents),
        test_of_output(a_folder_in_use_is_refused_and_its_user_named),
        test_of_output(a_dead_users_lock_does_not_block),
        test_of_output(a_new_user_signs_in_place_of_the_old_one),
        test_of_output(fresh_moves_aside_and_never_overwrites),
        test_of_output(a_fresh_folder_is_locked),
        test_of_output(a_folder_that_holds_nothing_is_not_moved_aside),
        test_of_output(a_link_stays_and_what_it_leads_to_is_moved_aside),
        test_of_output(a_folder_that_cannot_be_renamed_is_told),
        test_of_output(a_lock_that_is_interrupted_is_tried_again),
        test_of_output(a_lock_that_fails_is_not_taken_for_a_file_system_without_locks),
        test_of_output(a_file_system_without_locks_is_told_once),
        test_of_output(a_folder_that_becomes_stale_while_it_is_opened_is_opened_again),
        test_of_output(a_folder_in_which_no_file_can_be_is_not_called_moved),
        test_of_output(nobody_begins_in_a_folder_that_is_being_moved_aside),
        test_of_output(who_is_faster_than_a_fresh_start_is_not_mixed_with_it),
        test_of_output(who_is_faster_than_a_fresh_start_keeps_the_folder),
        test_of_output(who_is_overtaken_by_a_fresh_start_takes_the_new_folder),
        test_of_output(a_folder_that_goes_away_while_it_is_opened_is_made),
        test_of_output(two_may_make_the_folder),
        test_of_output(what_a_killed_run_left_goes_and_nothing_else),
        test_of_output(a_folder_that_cannot_be_written_is_refused),
        test_of_output(a_text_replaces_the_old_one_or_leaves_it),
        test_of_output(closing_twice_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
