/* The output folder while its run lives: it stays this run's, wherever it is moved and whatever is
 * done to its lock, or the run writes no more into it. */

#include "output_fixture.h"
#include "vit/path_name.h"

static void assert_check_fails(Output *output, const char *expected) {
    assert_int_equal(output_check(output), STATUS_IO);
    if (!strstr(status_message(), expected))
        fail_msg("'%s' is not in '%s'", expected, status_message());
}

/* ---- where it is ---- */

static void a_run_goes_on_in_its_folder_wherever_that_is_moved(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX], text[FILE_PATH_MAX];
    assert_ok(output_open(&output, "out", false, moved));
    assert_ok(output_check(&output));
    assert_int_equal(rename("out", "away"), 0);
    assert_true(other_opens("out", false));
    assert_ok(output_write_text(&output, OUTPUT_JOB, "mine"));
    assert_true(holds("away/job.ini", "mine"));
    assert_true(holds("out/job.ini", "other"));
    /* And is called by its new name from then on. */
    snprintf(text, sizeof text, "%s", output.folder);
    path_name_apply(text, sizeof text);
    assert_string_equal(text, "out");
    assert_ok(output_check(&output));
    snprintf(text, sizeof text, "%s", output.folder);
    path_name_apply(text, sizeof text);
    assert_string_equal(text + strlen(text) - strlen("/away"), "/away");
    assert_false(other_opens("away", false));
    output_close(&output);
}

static void a_run_that_cannot_follow_its_folder_writes_into_no_other(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    meanwhile.no_proc = true;
    assert_ok(output_open(&output, "out", false, moved));
    assert_string_equal(output.folder, "out");
    assert_ok(output_check(&output));
    assert_int_equal(rename("out", "away"), 0);
    assert_true(other_opens("out", false));
    assert_int_equal(output_check(&output), STATUS_IO);
    assert_non_null(strstr(status_message(), "out: the output folder was moved away"));
    output_close(&output);
    meanwhile.no_proc = false;
}

static void a_removed_folder_is_told(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    assert_ok(output_open(&output, "out", false, moved));
    assert_int_equal(unlink("out/.lock"), 0);
    assert_int_equal(rmdir("out"), 0);
    assert_int_equal(output_check(&output), STATUS_IO);
    assert_non_null(strstr(status_message(), "out: the output folder was removed"));
    output_close(&output);
}

static void a_lock_that_somebody_removed_is_made_anew(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    assert_ok(output_open(&output, "out", false, moved));
    assert_int_equal(unlink("out/.lock"), 0);
    assert_ok(output_check(&output));
    assert_false(other_opens("out", false));
    assert_int_equal(unlink("out/.lock"), 0);
    assert_true(other_opens("out", false));
    assert_int_equal(output_check(&output), STATUS_IO);
    assert_non_null(strstr(status_message(), "out: another job (process "));
    assert_non_null(strstr(status_message(), ") has taken the output folder"));
    output_close(&output);
}

static void put_in_place_of_the_lock(const char *text) {
    put("out/copy", text);
    assert_int_equal(__real_rename("out/copy", "out/.lock"), 0);
}

/* As rsync and a restore from a backup do. */
static void a_lock_in_whose_place_its_copy_is_put_is_taken_over(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    assert_ok(output_open(&output, "out", false, moved));
    put_in_place_of_the_lock(output.lock.signature);
    assert_ok(output_check(&output));
    assert_false(other_opens("out", false));
    put_in_place_of_the_lock("process 1 on elsewhere\n");
    assert_check_fails(&output, "out: another job (process 1 on elsewhere) has taken");
    output_close(&output);
}

static void a_copy_of_the_lock_that_another_has_locked_is_his(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX], signature[OUTPUT_SIGNATURE_MAX];
    assert_ok(output_open(&output, "out", false, moved));
    memcpy(signature, output.lock.signature, sizeof signature);
    assert_int_equal(unlink("out/.lock"), 0);
    const pid_t other = start_other("out");
    put("out/.lock", signature);
    assert_check_fails(&output, ") has taken the output folder");
    kill_other(other);
    output_close(&output);
}

static void lose_lock(const Output *output) {
    struct flock none = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    assert_int_equal(__real_fcntl(output->lock.file, F_SETLK, &none), 0);
}

/* As a server does that has not heard of its client for a while. */
static void a_lock_that_the_file_system_lost_is_taken_again(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX], signature[OUTPUT_SIGNATURE_MAX];
    assert_ok(output_open(&output, "out", false, moved));
    lose_lock(&output);
    assert_ok(output_check(&output));
    assert_false(other_opens("out", false));
    lose_lock(&output);
    memcpy(signature, output.lock.signature, sizeof signature);
    const pid_t other = start_other("out");
    put("out/.lock", signature);
    assert_check_fails(&output, ") has taken the output folder");
    kill_other(other);
    output_close(&output);
}

static void where_locks_hold_on_one_host_only_the_signature_tells_of_another(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX], owner[64];
    system_says.locks_are_of_no_effect = true;
    assert_ok(output_open(&output, "out", false, moved));
    assert_ok(output_check(&output));
    const pid_t other = start_other("out");
    snprintf(owner, sizeof owner, "out: another job (process %ld on ", (long)other);
    assert_check_fails(&output, owner);
    kill_other(other);
    assert_check_fails(&output, owner);
    output_close(&output);
    system_says.locks_are_of_no_effect = false;
}

static void a_name_that_cannot_be_followed_now_is_no_move(void **state) {
    (void)state;
    static const int reasons[] = {ESTALE, EACCES, EIO};
    Output output;
    char moved[FILE_PATH_MAX];
    assert_ok(output_open(&output, "out", false, moved));
    start_log();
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        system_says.stat = reasons[i];
        assert_ok(output_check(&output));
        system_says.stat = 0;
    }
    output_close(&output);
    assert_int_equal(end_log("moved"), 0);
}

/* Without another way to its folder, who cannot see where the name leads writes nothing there. */
static void a_run_that_has_only_the_name_does_not_write_where_it_cannot_be_followed(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    meanwhile.no_proc = true;
    assert_ok(output_open(&output, "out", false, moved));
    system_says.stat = EIO;
    assert_check_fails(&output, "out: the output folder cannot be looked for: Input/output error");
    system_says.stat = 0;
    assert_ok(output_check(&output));
    output_close(&output);
    meanwhile.no_proc = false;
}

static void a_folder_that_is_lost_from_sight_is_told_once_until_it_is_back(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    assert_ok(output_open(&output, "out", false, moved));
    start_log();
    for (int times = 0; times < 2; times++) {
        system_says.stat = ENOENT;
        assert_ok(output_check(&output));
        assert_ok(output_check(&output));
        system_says.stat = 0;
        assert_ok(output_check(&output));
    }
    output_close(&output);
    assert_int_equal(end_log("was moved away; the run goes on in it"), 2);
}

static void a_stale_folder_is_a_removed_one(void **state) {
    (void)state;
    Output output;
    char moved[FILE_PATH_MAX];
    assert_ok(output_open(&output, "out", false, moved));
    system_says.stat_folder = ESTALE;
    assert_check_fails(&output, "out: the output folder was removed");
    system_says.stat_folder = 0;
    output_close(&output);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_of_output(a_run_goes_on_in_its_folder_wherever_that_is_moved),
        test_of_output(a_run_that_cannot_follow_its_folder_writes_into_no_other),
        test_of_output(a_removed_folder_is_told),
        test_of_output(a_lock_that_somebody_removed_is_made_anew),
        test_of_output(a_lock_in_whose_place_its_copy_is_put_is_taken_over),
        test_of_output(a_copy_of_the_lock_that_another_has_locked_is_his),
        test_of_output(a_lock_that_the_file_system_lost_is_taken_again),
        test_of_output(where_locks_hold_on_one_host_only_the_signature_tells_of_another),
        test_of_output(a_name_that_cannot_be_followed_now_is_no_move),
        test_of_output(a_run_that_has_only_the_name_does_not_write_where_it_cannot_be_followed),
        test_of_output(a_folder_that_is_lost_from_sight_is_told_once_until_it_is_back),
        test_of_output(a_stale_folder_is_a_removed_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
