#include "vit/log.h"

#include "folder.h"
#include "vit/path_name.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What is said meanwhile on standard output and standard error. */
typedef struct Said {
    char output[16384], error[16384];
} Said;

static void read_and_remove(const char *path, char *text, size_t bytes) {
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, bytes - 1, file)] = '\0';
    fclose(file);
    unlink(path);
}

/* Sends a stream to a new file at path; returns the descriptor it had. */
static int divert(FILE *stream, char *path) {
    fflush(stream);
    int kept = dup(fileno(stream));
    int file = mkstemp(path);
    assert_true(kept >= 0 && file >= 0);
    assert_true(dup2(file, fileno(stream)) >= 0);
    close(file);
    return kept;
}

static void restore(FILE *stream, int kept) {
    fflush(stream);
    dup2(kept, fileno(stream));
    close(kept);
}

static Said listen_to(void (*speak)(void)) {
    Said said;
    char output[] = "output_XXXXXX", error[] = "error_XXXXXX";
    int kept_output = divert(stdout, output), kept_error = divert(stderr, error);
    speak();
    restore(stdout, kept_output);
    restore(stderr, kept_error);
    read_and_remove(output, said.output, sizeof said.output);
    read_and_remove(error, said.error, sizeof said.error);
    return said;
}

static void say_everything(void) {
    log_info("loss %.2f", 1.5);
    log_info("class %s", "\r\033[2Kcat");
    log_warning("disk %d %% full", 99);
    log_error("no data");
    log_transient("bar");
    log_info("done");
}

static void each_kind_of_line_has_its_stream(void **state) {
    (void)state;
    log_start(true, false);
    Said said = listen_to(say_everything);
    assert_string_equal(said.output, "loss 1.50\nclass \\r\\x1b[2Kcat\ndone\n");
    assert_string_equal(said.error, "Warning: disk 99 % full\nError: no data\n");
}

static void standard_output_can_be_kept_for_other_programs(void **state) {
    (void)state;
    log_start(true, true);
    log_keep_output();
    Said said = listen_to(say_everything);
    assert_string_equal(said.output, "");
    assert_string_equal(said.error, "loss 1.50\nclass \\r\\x1b[2Kcat\nWarning: disk 99 % full\n"
                                    "Error: no data\ndone\n");
}

static void say_paths(void) {
    log_info("in %s", "/proc/self/fd/7");
    log_warning("%s/a: disk full", "/proc/self/fd/7");
}

static void paths_are_called_by_their_names(void **state) {
    (void)state;
    log_start(true, false);
    path_name_set("/proc/self/fd/7", "runs/x");
    Said said = listen_to(say_paths);
    path_name_set("", "");
    assert_string_equal(said.output, "in runs/x\n");
    assert_string_equal(said.error, "Warning: runs/x/a: disk full\n");
}

static void other_ranks_are_silent(void **state) {
    (void)state;
    log_start(false, true);
    Said said = listen_to(say_everything);
    assert_string_equal(said.output, "");
    assert_string_equal(said.error, "");
}

static void say_bars(void) {
    log_transient("bar %d", 1);
    log_transient("bar %d", 2);
    log_info("line");
    log_info("line");
}

static void a_line_takes_the_place_of_the_bar_on_a_terminal(void **state) {
    (void)state;
    log_start(true, true);
    Said said = listen_to(say_bars);
    assert_string_equal(said.output, "\r\033[Kbar 1\r\033[Kbar 2\r\033[Kline\nline\n");
}

static void say_into_the_file(void) {
    assert_int_equal(log_open("log.txt"), STATUS_OK);
    say_everything();
    log_close();
    log_info("to the screen alone");
}

static void lines_go_to_the_file_as_well_with_their_time(void **state) {
    (void)state;
    char text[1024] = "";
    log_start(true, true);
    listen_to(say_into_the_file);
    listen_to(say_into_the_file); /* is added at the end */
    read_and_remove("log.txt", text, sizeof text);
    static const char *const expected[] = {"loss 1.50", "class \\r\\x1b[2Kcat",
                                           "Warning: disk 99 % full", "Error: no data", "done"};
    enum { LINES = sizeof expected / sizeof *expected };
    char *line = strtok(text, "\n");
    for (size_t i = 0; i < 2 * LINES; i++, line = strtok(NULL, "\n")) {
        int year, month, day, hour, minute, second, end = 0;
        assert_non_null(line);
        assert_int_equal(sscanf(line, "%4d-%2d-%2d %2d:%2d:%2d %n", &year, &month, &day, &hour,
                                &minute, &second, &end),
                         6);
        assert_string_equal(line + end, expected[i % LINES]);
    }
    assert_null(line);
}

static void say_without_a_file(void) {
    assert_int_equal(log_open("missing/log.txt"), STATUS_IO);
    log_info("goes on");
    assert_int_equal(log_open("/dev/full"), STATUS_OK);
    log_info("and on");
    log_close();
}

static void logging_goes_on_without_its_file(void **state) {
    (void)state;
    log_start(true, false);
    Said said = listen_to(say_without_a_file);
    assert_string_equal(said.output, "goes on\nand on\n");
    assert_string_equal(status_message(),
                        "missing/log.txt: cannot be opened for writing: No such file or directory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(each_kind_of_line_has_its_stream),
        test_in_folder(standard_output_can_be_kept_for_other_programs),
        test_in_folder(paths_are_called_by_their_names),
        test_in_folder(other_ranks_are_silent),
        test_in_folder(a_line_takes_the_place_of_the_bar_on_a_terminal),
        test_in_folder(lines_go_to_the_file_as_well_with_their_time),
        test_in_folder(logging_goes_on_without_its_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
