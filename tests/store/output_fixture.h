#ifndef VIT_TEST_OUTPUT_FIXTURE_H
#define VIT_TEST_OUTPUT_FIXTURE_H

/* What the tests of the output folder share: others that use it, and a system that answers as it is
 * told to, in an empty folder of each test's own. */

#include "check.h"
#include "folder.h"
#include "vit/log.h"
#include "vit/output.h"
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

static inline int fail_with(int reason) {
    errno = reason;
    return -1;
}

/* The answer that is given once. */
static inline int take_once(int *reason) {
    const int once = *reason;
    *reason = 0;
    return once;
}

static inline void do_once(Meanwhile *what) {
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

static inline int lock_fails(void) {
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

/* ---- what the tests do ---- */

static inline void put(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static inline bool holds(const char *path, const char *text) {
    char found[256] = "";
    FILE *file = fopen(path, "r");
    if (!file)
        return false;
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    return strcmp(found, text) == 0;
}

static inline void start_log(void) {
    log_start(true, false);
    assert_ok(log_open("log.txt"));
}

/* How many of its lines have the words. */
static inline int end_log(const char *words) {
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

static inline Status open_close(const char *path, bool fresh, char moved[static FILE_PATH_MAX]) {
    Output output;
    const Status status = output_open(&output, path, fresh, moved);
    output_close(&output);
    return status;
}

static inline void assert_opens(const char *path, bool fresh, const char *expected) {
    char moved[FILE_PATH_MAX];
    assert_ok(open_close(path, fresh, moved));
    assert_string_equal(moved, expected);
}

static inline void assert_refused(const char *path, bool fresh, const char *expected) {
    char moved[FILE_PATH_MAX];
    assert_int_equal(open_close(path, fresh, moved), STATUS_IO);
    if (!strstr(status_message(), expected))
        fail_msg("'%s' is not in '%s'", expected, status_message());
}

/* Another process that uses the folder until it is killed. */
static inline pid_t start_other(const char *path) {
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

static inline void kill_other(pid_t other) {
    assert_int_equal(kill(other, SIGKILL), 0);
    assert_int_equal(waitpid(other, NULL, 0), other);
}

/* In another process. */
static inline bool other_opens(const char *path, bool fresh) {
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

/* ---- set-up ---- */

/* What a test that failed left must not fail the next ones. */
static inline int enter(void **state) {
    memset(&meanwhile, 0, sizeof meanwhile);
    memset(&system_says, 0, sizeof system_says);
    return enter_folder(state);
}

#define test_of_output(name) cmocka_unit_test_setup_teardown(name, enter, leave_folder)

#endif
