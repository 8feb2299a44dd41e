#include "vit/file.h"

#include "folder.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- lstat is wrapped by the linker (see tests.cmake) ---- */

static struct {
    int reason;    /* why it fails; 0: it does not */
    size_t failed; /* so often */
} lstat_fails;

int __real_lstat(const char *path, struct stat *found);
int __wrap_lstat(const char *path, struct stat *found);

int __wrap_lstat(const char *path, struct stat *found) {
    if (lstat_fails.reason == 0)
        return __real_lstat(path, found);
    assert_true(++lstat_fails.failed < 10000); /* who tries for ever */
    errno = lstat_fails.reason;
    return -1;
}

/* ---- helpers ---- */

static void write_text(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void expect_text(const char *path, const char *text) {
    char found[64] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t bytes = fread(found, 1, sizeof found - 1, file);
    fclose(file);
    assert_int_equal(bytes, strlen(text));
    assert_string_equal(found, text);
}

static void a_commit_replaces_the_file_as_a_whole(void **state) {
    (void)state;
    char temporary[FILE_PATH_MAX];
    const char *const paths[] = {"a.h5", "./a.h5", "sub/a.h5"};
    assert_int_equal(file_make_folder("sub"), STATUS_OK);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        write_text(paths[i], "old");
        assert_int_equal(file_temporary(paths[i], temporary), STATUS_OK);
        write_text(temporary, "new");
        expect_text(paths[i], "old");
        FILE *reader = fopen(paths[i], "r");
        assert_non_null(reader);
        assert_int_equal(file_commit(temporary, paths[i]), STATUS_OK);
        assert_int_equal(fgetc(reader), 'o'); /* a reader keeps the content it opened */
        fclose(reader);
        expect_text(paths[i], "new");
        assert_false(file_exists(temporary));
    }
}

static void a_failed_commit_leaves_the_old_file_and_no_temporary(void **state) {
    (void)state;
    write_text("a", "old");
    assert_int_equal(file_commit("missing", "a"), STATUS_IO);
    assert_string_equal(status_message(), "missing: cannot be opened: No such file or directory");
    expect_text("a", "old");

    assert_int_equal(file_make_folder("taken/inside"), STATUS_OK);
    write_text("taken.tmp", "new");
    assert_int_equal(file_commit("taken.tmp", "taken"), STATUS_IO);
    assert_string_equal(status_message(), "taken.tmp: cannot be renamed to taken: Is a directory");
    assert_false(file_exists("taken.tmp"));
    assert_true(file_exists("taken/inside"));

    write_text("b.tmp", "new");
    assert_int_equal(file_commit("b.tmp", "nowhere/b"), STATUS_IO);
    assert_string_equal(status_message(), "nowhere: cannot be opened: No such file or directory");
    assert_false(file_exists("b.tmp"));
}

static void the_temporary_name_stands_beside_the_file(void **state) {
    (void)state;
    char temporary[FILE_PATH_MAX], path[FILE_PATH_MAX + 1];
    assert_int_equal(file_temporary("runs/x/last.h5", temporary), STATUS_OK);
    assert_string_equal(temporary, "runs/x/last.h5.tmp");
    memset(path, 'x', sizeof path);
    path[FILE_PATH_MAX - 5] = '\0';
    assert_int_equal(file_temporary(path, temporary), STATUS_OK);
    assert_int_equal(strlen(temporary), FILE_PATH_MAX - 1);
    path[FILE_PATH_MAX - 5] = 'x';
    path[FILE_PATH_MAX - 4] = '\0';
    assert_int_equal(file_temporary(path, temporary), STATUS_IO);
    assert_non_null(strstr(status_message(), "longer than 1023 bytes"));
}

static void folders_are_made_with_their_parents(void **state) {
    (void)state;
    char path[FILE_PATH_MAX];
    snprintf(path, sizeof path, "%s/d/e", folder);
    assert_int_equal(mkdir("far", 0777), 0);
    assert_int_equal(symlink("far", "link"), 0);
    const char *const paths[] = {"a",  "a", "b/c/", "b//c/d", "./c",
                                 path, "/", ".",    "link",   "link/d"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct stat found;
        assert_int_equal(file_make_folder(paths[i]), STATUS_OK);
        assert_int_equal(stat(paths[i], &found), 0);
        assert_true(S_ISDIR(found.st_mode));
    }
}

static void a_folder_that_cannot_be_made_is_named(void **state) {
    (void)state;
    char path[FILE_PATH_MAX + 1];
    write_text("file", "");
    assert_int_equal(file_make_folder("file"), STATUS_IO);
    assert_string_equal(status_message(), "file: the folder cannot be made: a file has its name");
    assert_int_equal(file_make_folder("file/a"), STATUS_IO);
    assert_string_equal(status_message(), "file: the folder cannot be made: a file has its name");
    assert_int_equal(symlink("nowhere/x", "dangling"), 0);
    assert_int_equal(symlink("file", "to_file"), 0);
    assert_int_equal(symlink("circle", "circle"), 0);
    assert_int_equal(file_make_folder("dangling/a"), STATUS_IO);
    assert_string_equal(status_message(),
                        "dangling: is a symbolic link to nowhere/x, which does not exist");
    assert_int_equal(file_make_folder("to_file"), STATUS_IO);
    assert_string_equal(status_message(),
                        "to_file: is a symbolic link to file, which is no folder");
    assert_int_equal(file_make_folder("circle"), STATUS_IO);
    assert_non_null(strstr(status_message(), "which cannot be followed: Too many levels"));
    /* No file system takes a name of 300 bytes. */
    memset(path, 'x', 300);
    memcpy(path + 300, "/a", 3);
    assert_int_equal(file_make_folder(path), STATUS_IO);
    assert_non_null(strstr(status_message(), "xxx: the folder cannot be made: File name too long"));
    assert_int_equal(file_make_folder(""), STATUS_IO);
    memset(path, 'x', sizeof path);
    path[FILE_PATH_MAX] = '\0';
    assert_int_equal(file_make_folder(path), STATUS_IO);
    assert_non_null(strstr(status_message(), "longer than 1023 bytes"));
}

/* A file stands for a mount whose server is gone: its name is taken, and more cannot be learnt. */
static void a_folder_that_cannot_be_looked_at_is_given_up_for_that_reason(void **state) {
    (void)state;
    static const struct {
        int reason;
        const char *words;
    } cases[] = {{ENOTCONN, "dead: the folder cannot be made: Transport endpoint is not connected"},
                 {ESTALE, "dead: the folder cannot be made: Stale file handle"},
                 {ENOENT, "dead: the folder cannot be made: No such file or directory"}};
    write_text("dead", "");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lstat_fails.reason = cases[i].reason;
        const Status status = file_make_folder("dead/a");
        lstat_fails.reason = 0;
        assert_int_equal(status, STATUS_IO);
        assert_string_equal(status_message(), cases[i].words);
    }
}

static void existing_files_and_folders_are_seen(void **state) {
    (void)state;
    assert_false(file_exists("a"));
    write_text("a", "");
    assert_true(file_exists("a"));
    assert_true(file_exists("."));
    assert_false(file_exists("a/b"));
}

static void only_what_is_surely_not_there_is_missing(void **state) {
    (void)state;
    bool found;
    write_text("file", "");
    assert_int_equal(symlink("file", "to_file"), 0);
    assert_int_equal(symlink("unmounted/x", "dangling"), 0);
    assert_int_equal(symlink("file/x", "through_a_file"), 0);
    assert_int_equal(symlink("circle", "circle"), 0);
    assert_int_equal(file_find("to_file", &found), STATUS_OK);
    assert_true(found);
    assert_int_equal(file_find("none", &found), STATUS_OK);
    assert_false(found);
    assert_int_equal(file_find("file/none", &found), STATUS_OK);
    assert_false(found);
    assert_int_equal(file_find("dangling", &found), STATUS_IO);
    assert_string_equal(status_message(),
                        "dangling: is a symbolic link to unmounted/x, which does not exist");
    assert_int_equal(file_find("through_a_file", &found), STATUS_IO);
    assert_non_null(strstr(status_message(), "which cannot be followed: Not a directory"));
    assert_int_equal(file_find("circle", &found), STATUS_IO);
    assert_non_null(strstr(status_message(), "which cannot be followed: Too many levels"));
    assert_int_equal(file_find("circle/x", &found), STATUS_IO);
    assert_non_null(strstr(status_message(), "circle/x: cannot be looked for: Too many levels"));
}

static void a_stem_is_the_name_without_folders_and_last_extension(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"jobs/a.b.ini", "a.b"},
        {"a.ini", "a"},
        {"a", "a"},
        {"/x.d/a", "a"},
        {".hidden", ".hidden"},
        {"x/.ini", ".ini"},
        {"x/.a.ini", ".a"},
        {"x/", ""},
        {"", ""},
    };
    char stem[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        file_stem(cases[i][0], stem, sizeof stem);
        assert_string_equal(stem, cases[i][1]);
    }
    file_stem("jobs/long_name.ini", stem, 5);
    assert_string_equal(stem, "long");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(a_commit_replaces_the_file_as_a_whole),
        test_in_folder(a_failed_commit_leaves_the_old_file_and_no_temporary),
        test_in_folder(the_temporary_name_stands_beside_the_file),
        test_in_folder(folders_are_made_with_their_parents),
        test_in_folder(a_folder_that_cannot_be_made_is_named),
        test_in_folder(a_folder_that_cannot_be_looked_at_is_given_up_for_that_reason),
        test_in_folder(existing_files_and_folders_are_seen),
        test_in_folder(only_what_is_surely_not_there_is_missing),
        test_in_folder(a_stem_is_the_name_without_folders_and_last_extension),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
