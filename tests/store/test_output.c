/* The output folder: one job at a time, nothing overwritten, nothing left lying about. */

#include "check.h"
#include "folder.h"
#include "vit/output.h"
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- helpers ---- */

static void put(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static bool holds(const char *path, const char *text) {
    char found[256] = "";
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    return strcmp(found, text) == 0;
}

static Status open_close(const char *path, bool fresh, char moved[static FILE_PATH_MAX]) {
    Output output;
    const Status status = output_open(&output, path, fresh, moved);
    output_close(&output);
    return status;
}

static void assert_opens(const char *path, bool fresh, const char *expected) {
    char moved[FILE_PATH_MAX];
    assert_ok(open_close(path, fresh, moved));
    assert_string_equal(moved, expected);
}

static void assert_refused(const char *path, bool fresh, const char *expected) {
    char moved[FILE_PATH_MAX];
    assert_int_equal(open_close(path, fresh, moved), STATUS_IO);
    if (!strstr(status_message(), expected))
        fail_msg("'%s' is not in '%s'", expected, status_message());
}

/* Another process that uses the folder until it is killed. */
static pid_t start_other(const char *path) {
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    const pid_t other = fork();
    assert_true(other >= 0);
    if (other == 0) {
        Output output;
        char moved[FILE_PATH_MAX];
        const char opened = output_open(&output, path, false, moved) == STATUS_OK;
        if (write(ready[1], &opened, 1) == 1)
            pause();
        _exit(0);
    }
    char opened = 0;
    assert_int_equal(read(ready[0], &opened, 1), 1);
    close(ready[0]);
    close(ready[1]);
    assert_true(opened);
    return other;
}

static void kill_other(pid_t other) {
    assert_int_equal(kill(other, SIGKILL), 0);
    assert_int_equal(waitpid(other, NULL, 0), other);
}

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
    /* One line, for people who look. */
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
    assert_ok(output_open(&output, "out", true, moved));
    const pid_t other = fork();
    assert_true(other >= 0);
    if (other == 0)
        _exit(open_close("out", false, moved) == STATUS_IO ? 0 : 1);
    int end;
    assert_int_equal(waitpid(other, &end, 0), other);
    assert_true(WIFEXITED(end) && WEXITSTATUS(end) == 0);
    output_close(&output);
}

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
    assert_int_equal(output.lock, -1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_have_their_names),
        test_in_folder(folders_are_made_with_their_parents),
        test_in_folder(a_folder_in_use_is_refused_and_its_user_named),
        test_in_folder(a_dead_users_lock_does_not_block),
        test_in_folder(a_new_user_signs_in_place_of_the_old_one),
        test_in_folder(fresh_moves_aside_and_never_overwrites),
        test_in_folder(a_fresh_folder_is_locked),
        test_in_folder(what_a_killed_run_left_goes_and_nothing_else),
        test_in_folder(a_folder_that_cannot_be_written_is_refused),
        test_in_folder(a_text_replaces_the_old_one_or_leaves_it),
        test_in_folder(closing_twice_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
