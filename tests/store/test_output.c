/* The output folder: one job at a time, nothing overwritten, nothing left lying about. */

#include "check.h"
#include "folder.h"
#include "vit/log.h"
#include "vit/output.h"
#include "vit/path_name.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* ---- what others do meanwhile: calls are wrapped by the linker (see tests.cmake) ---- */

typedef void (*Meanwhile)(void);

/* Done once, at the first such call. */
static struct {
    Meanwhile before_rename, after_rename, after_mkdir, before_lock;
    bool no_proc;
} meanwhile;

/* What the system answers; errno's number, 0 where nothing is wrong. */
static struct {
    int lock_once, lock, open_once, stat, stat_folder;
    bool locks_are_of_no_effect;
} system_says;

static int fail_with(int reason) {
    errno = reason;
    return -1;
}

/* The answer that is given once. */
static int take_once(int *reason) {
    const int once = *reason;
    *reason = 0;
    return once;
}

static void do_once(Meanwhile *what) {
    const Meanwhile act = *what;
    *what = NULL;
    if (act)
        act();
}

int __real_rename(const char *from, const char *to);
int __real_mkdir(const char *path, mode_t mode);
int __real_fcntl(int descriptor, int command, void *argument);
int __real_stat(const char *path, struct stat *found);
int __real_fstat(int descriptor, struct stat *found);
int __real_openat(int at, const char *path, int flags, ...);
int __wrap_rename(const char *from, const char *to);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_fcntl(int descriptor, int command, void *argument);
int __wrap_stat(const char *path, struct stat *found);
int __wrap_fstat(int descriptor, struct stat *found);
int __wrap_openat(int at, const char *path, int flags, mode_t mode);

int __wrap_rename(const char *from, const char *to) {
    do_once(&meanwhile.before_rename);
    const int result = __real_rename(from, to);
    do_once(&meanwhile.after_rename);
    return result;
}

int __wrap_mkdir(const char *path, mode_t mode) {
    const int result = __real_mkdir(path, mode), reason = errno;
    do_once(&meanwhile.after_mkdir);
    errno = reason;
    return result;
}

static int lock_fails(void) {
    const int once = take_once(&system_says.lock_once);
    return once ? once : system_says.lock;
}

int __wrap_fcntl(int descriptor, int command, void *argument) {
    if (command != F_SETLK)
        return __real_fcntl(descriptor, command, argument);
    do_once(&meanwhile.before_lock);
    const int reason = lock_fails();
    if (reason)
        return fail_with(reason);
    return system_says.locks_are_of_no_effect ? 0 : __real_fcntl(descriptor, command, argument);
}

int __wrap_stat(const char *path, struct stat *found) {
    const bool in_proc = strncmp(path, "/proc/", 6) == 0;
    if (meanwhile.no_proc && in_proc)
        return fail_with(ENOENT);
    if (system_says.stat && !in_proc)
        return fail_with(system_says.stat);
    return __real_stat(path, found);
}

int __wrap_fstat(int descriptor, struct stat *found) {
    const int result = __real_fstat(descriptor, found);
    return result == 0 && system_says.stat_folder && S_ISDIR(found->st_mode)
               ? fail_with(system_says.stat_folder)
               : result;
}

int __wrap_openat(int at, const char *path, int flags, mode_t mode) {
    const int reason = take_once(&system_says.open_once);
    return reason ? fail_with(reason) : __real_openat(at, path, flags, mode);
}

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

static void start_log(void) {
    log_start(true, false);
    assert_ok(log_open("log.txt"));
}

/* How many of its lines have the words. */
static int end_log(const char *words) {
    char line[FILE_PATH_MAX];
    int lines = 0;
    log_close();
    log_start(false, false);
    FILE *file = fopen("log.txt", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        lines += strstr(line, words) != NULL;
    fclose(file);
    return lines;
}

static void assert_check_fails(Output *output, const char *expected) {
    assert_int_equal(output_check(output), STATUS_IO);
    if (!strstr(status_message(), expected))
        fail_msg("'%s' is not in '%s'", expected, status_message());
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
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* so that it does not outlive a test that fails */
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

/* In another process. */
static bool other_opens(const char *path, bool fresh) {
    const pid_t other = fork();
    assert_true(other >= 0);
    if (other == 0) {
        char moved[FILE_PATH_MAX];
        Output output;
        const bool opened = output_open(&output, path, fresh, moved) == STATUS_OK;
        _exit(opened && output_write_text(&output, OUTPUT_JOB, "other") == STATUS_OK ? 0 : 1);
    }
    int end;
    assert_int_equal(waitpid(other, &end, 0), other);
    assert_true(WIFEXITED(end));
    return WEXITSTATUS(end) == 0;
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

/* ---- while the run lives ---- */

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
    strcpy(signature, output.lock.signature);
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
    strcpy(signature, output.lock.signature);
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
        test_in_folder(folders_are_made_with_their_parents),
        test_in_folder(a_folder_in_use_is_refused_and_its_user_named),
        test_in_folder(a_dead_users_lock_does_not_block),
        test_in_folder(a_new_user_signs_in_place_of_the_old_one),
        test_in_folder(fresh_moves_aside_and_never_overwrites),
        test_in_folder(a_fresh_folder_is_locked),
        test_in_folder(a_folder_that_holds_nothing_is_not_moved_aside),
        test_in_folder(a_link_stays_and_what_it_leads_to_is_moved_aside),
        test_in_folder(a_folder_that_cannot_be_renamed_is_told),
        test_in_folder(a_lock_that_is_interrupted_is_tried_again),
        test_in_folder(a_lock_that_fails_is_not_taken_for_a_file_system_without_locks),
        test_in_folder(a_file_system_without_locks_is_told_once),
        test_in_folder(a_folder_that_becomes_stale_while_it_is_opened_is_opened_again),
        test_in_folder(a_folder_in_which_no_file_can_be_is_not_called_moved),
        test_in_folder(nobody_begins_in_a_folder_that_is_being_moved_aside),
        test_in_folder(who_is_faster_than_a_fresh_start_is_not_mixed_with_it),
        test_in_folder(who_is_faster_than_a_fresh_start_keeps_the_folder),
        test_in_folder(who_is_overtaken_by_a_fresh_start_takes_the_new_folder),
        test_in_folder(a_folder_that_goes_away_while_it_is_opened_is_made),
        test_in_folder(two_may_make_the_folder),
        test_in_folder(a_run_goes_on_in_its_folder_wherever_that_is_moved),
        test_in_folder(a_run_that_cannot_follow_its_folder_writes_into_no_other),
        test_in_folder(a_removed_folder_is_told),
        test_in_folder(a_lock_that_somebody_removed_is_made_anew),
        test_in_folder(a_lock_in_whose_place_its_copy_is_put_is_taken_over),
        test_in_folder(a_copy_of_the_lock_that_another_has_locked_is_his),
        test_in_folder(a_lock_that_the_file_system_lost_is_taken_again),
        test_in_folder(where_locks_hold_on_one_host_only_the_signature_tells_of_another),
        test_in_folder(a_name_that_cannot_be_followed_now_is_no_move),
        test_in_folder(a_run_that_has_only_the_name_does_not_write_where_it_cannot_be_followed),
        test_in_folder(a_folder_that_is_lost_from_sight_is_told_once_until_it_is_back),
        test_in_folder(a_stale_folder_is_a_removed_one),
        test_in_folder(what_a_killed_run_left_goes_and_nothing_else),
        test_in_folder(a_folder_that_cannot_be_written_is_refused),
        test_in_folder(a_text_replaces_the_old_one_or_leaves_it),
        test_in_folder(closing_twice_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
