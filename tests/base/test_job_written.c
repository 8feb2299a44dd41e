#include "vit/job.h"

#include "vit/memory.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Values as people write them, in files and on command lines: comments, quotes, home, variables. */

static int set_environment(void **state) {
    (void)state;
    setenv("HOME", "/home/me", 1);
    setenv("SCRATCH", "/scratch", 1);
    setenv("ODD", "a 'b' #c $HOME", 1);
    setenv("EMPTY", "", 1);
    unsetenv("ABSENT");
    return 0;
}

/* The job with one value of a file, or of --set. */
static Status read_value(Job *job, const char *key, const char *value, bool override) {
    char text[512];
    const char *dot = strchr(key, '.');
    if (override)
        snprintf(text, sizeof text, "%s=%s", key, value);
    else
        snprintf(text, sizeof text, "[%.*s]\n%s = %s\r\n", (int)(dot - key), key, dot + 1, value);
    const char *set = text;
    return job_parse(job, "x.ini", override ? "" : text, override, override ? &set : NULL);
}

static const char *path_of(const char *value, bool override) {
    static Job job;
    if (read_value(&job, "data.file", value, override) != STATUS_OK)
        fail_msg("%s", status_message());
    return job.data_file;
}

static void check_path(const char *value, const char *meant) {
    assert_string_equal(path_of(value, false), meant);
    assert_string_equal(path_of(value, true), meant);
}

static void check_refusal(const char *key, const char *value, Status code, const char *message) {
    for (int override = 0; override < 2; override++) {
        Job job;
        assert_int_equal(read_value(&job, key, value, override), code);
        if (!strstr(status_message(), message) || !strstr(status_message(), value) ||
            strncmp(status_message(), override ? "--set " : "x.ini:2: ", override ? 6 : 9) != 0)
            fail_msg("'%s' does not say '%s'", status_message(), message);
    }
}

static void home_and_variables_are_expanded_in_paths(void **state) {
    (void)state;
    check_path("~", "/home/me");
    check_path("~/x.h5", "/home/me/x.h5");
    check_path("a/~/~b", "a/~/~b");
    check_path("./~b", "./~b");
    check_path("$SCRATCH/x_$HOME", "/scratch/x_/home/me");
    check_path("${SCRATCH}x/${HOME}", "/scratchx//home/me");
    check_path("a$$b$$", "a$b$");
    check_path("$$SCRATCH", "$SCRATCH");
    check_path("$ODD", "a 'b' #c $HOME"); /* what a variable says is not read again */
    check_path("\"~/$SCRATCH ;\"", "/home/me//scratch ;");
    check_path("'~/$SCRATCH$$'", "~/$SCRATCH$$");
}

static void a_name_is_no_path(void **state) {
    (void)state;
    Job job;
    assert_int_equal(read_value(&job, "job.name", "~$ABSENT$$", false), STATUS_OK);
    assert_string_equal(job.name, "~$ABSENT$$");
    assert_string_equal(job.output, "runs/~$ABSENT$$");
}

static void what_the_environment_lacks_is_refused(void **state) {
    (void)state;
    check_refusal("data.file", "$ABSENT/x", STATUS_USAGE, "the environment has no ABSENT;");
    check_refusal("job.output", "a/${ABSENT}", STATUS_USAGE, "the environment has no ABSENT;");
    check_refusal("job.output", "$EMPTY/x", STATUS_USAGE, "has no EMPTY, it is empty;");
    check_refusal("job.output", "~root/x", STATUS_USAGE, "not another user's home");
    check_refusal("job.output", "~+", STATUS_USAGE, "not another user's home");
    static const char *const odd[] = {"a$",  "$",      "$1",           "$(pwd)/x",
                                      "${}", "${HOME", "${HOME:-x}/y", "a$/b"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        check_refusal("data.file", odd[i], STATUS_USAGE, "must be $NAME or ${NAME}");
    unsetenv("HOME");
    check_refusal("job.output", "~/x", STATUS_USAGE, "the environment has no HOME;");
    set_environment(NULL);
}

static void what_comes_of_a_path_is_told(void **state) {
    (void)state;
    char longer[256];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    setenv("LONGER", longer, 1);
    check_refusal("data.file", "/$LONGER", STATUS_CONFIG, "means '/xxxx");
    check_refusal("data.file", "/$LONGER/$LONGER/$LONGER/$LONGER/$LONGER", STATUS_CONFIG,
                  "is too long with LONGER = xxxx");
    setenv("LONGER", "~it's", 1); /* quotes that leave ~ alone would end at the other one */
    check_refusal("data.file", "$LONGER", STATUS_CONFIG,
                  "holds control characters, or both kinds of quotes");
    setenv("LONGER", "a\rb", 1);
    check_refusal("data.file", "/$LONGER", STATUS_CONFIG, "means '/a\\rb': must be a path");
    check_refusal("job.name", "it's \"x\"", STATUS_CONFIG, "both kinds cannot stand together");
}

/* After a blank, and not within quotes; there are none on a command line. */
static void comments_begin_after_a_blank(void **state) {
    (void)state;
    static const struct {
        const char *value, *meant;
    } wanted[] = {{"a#b ; c", "a#b"},
                  {"a;b # c", "a;b"},
                  {"a # b ; c", "a"},
                  {"a\t#b", "a"},
                  {"a #", "a"},
                  {"\"a # b\" # c", "a # b"},
                  {"'a ; b'\t;c", "a ; b"},
                  {"\"it's # a\" ; it's b", "it's # a"},
                  {"it's # it's", "it's"}};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        assert_string_equal(path_of(wanted[i].value, false), wanted[i].meant);
    assert_string_equal(path_of("a # b ; c", true), "a # b ; c");
    Job job;
    assert_int_equal(
        job_parse(&job, "x.ini", "[train] # a\nepochs = 7 # b\nmax_steps=3\t; c", 0, NULL),
        STATUS_OK);
    assert_int_equal(job.epochs, 7);
    assert_int_equal(job.max_steps, 3);
    assert_int_equal(job_parse(&job, "x.ini", "[data]\nfile = # x", 0, NULL), STATUS_CONFIG);
    assert_non_null(strstr(status_message(), "what follows is a comment"));
    assert_int_equal(job_parse(&job, "x.ini", "[train]\nepochs # = 7", 0, NULL), STATUS_CONFIG);
    assert_non_null(strstr(status_message(), "x.ini:2: neither a [section]"));
}

static void quotes_are_taken_off_any_value(void **state) {
    (void)state;
    Job job;
    check_path("\"my data.h5\"", "my data.h5");
    check_path("' a '", " a ");
    check_path("\"it's\"", "it's");
    check_path("a\"b\"c", "a\"b\"c");
    assert_int_equal(read_value(&job, "train.epochs", "\"5\"", false), STATUS_OK);
    assert_int_equal(job.epochs, 5);
    assert_int_equal(read_value(&job, "model.pool", "'mean'", true), STATUS_OK);
    assert_int_equal(job.pool, POOL_MEAN);
    check_refusal("train.epochs", "'five'", STATUS_CONFIG, "means 'five': must be a whole number");
}

static void a_quote_without_partner_is_refused(void **state) {
    (void)state;
    static const char *const odd[] = {"\"a", "a\"",      "'a",   "dogs'",   "\"a'",   "\"",
                                      "'",   "\"a\"b\"", "'a'b", "\"a\"#b", "\"\"\"", "''a''"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
        check_refusal("data.file", odd[i], STATUS_CONFIG, "a quote has no partner");
}

/* Whatever the environment is by then. */
static void the_resolved_text_means_the_same_everywhere(void **state) {
    (void)state;
    static const char *const values[] = {"~/x.h5",     "$SCRATCH",     "'~/$HOME'",
                                         "$$x",        "' a ; b # c'", "\"it's $$5\"",
                                         "\"~/it's\"", "'\"x\"'",      "$ODD"};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        Job job, back;
        char *text;
        assert_int_equal(read_value(&job, "data.file", values[i], false), STATUS_OK);
        assert_int_equal(job_to_text(&job, &text), STATUS_OK);
        setenv("HOME", "/elsewhere", 1);
        unsetenv("SCRATCH");
        assert_int_equal(job_parse(&back, "y.ini", text, 0, NULL), STATUS_OK);
        assert_string_equal(back.data_file, job.data_file);
        assert_int_equal(job_parse_resolved(&back, "y.h5", text, 0, NULL), STATUS_OK);
        assert_string_equal(back.data_file, job.data_file);
        set_environment(NULL);
        memory_free(text);
    }
}

/* Releases up to 0.3.0 knew neither quotes nor variables nor '#' after values. */
static void the_job_of_an_old_checkpoint_is_read_as_it_was_meant(void **state) {
    (void)state;
    static const char *const values[] = {
        "run #5 of dogs'", "~/$ABSENT", "${x",      "it's \"x\"", "say \"it's\"",
        "~/it's",          "$\"it's",   "\"a'b\"c", "a$$b",       "\"runs/x\"",
        "\"my run\"",      "'my run'",  "\"a$b\"",  "a;b",        "it's #1 'x'"};
    static const char *const set = "data.file=$SCRATCH/x";
    Job job;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char old[1024];
        snprintf(old, sizeof old, "[job]\nname = %s\noutput = %s\n[data]\nfile = %s\n", values[i],
                 values[i], values[i]);
        assert_int_equal(job_parse_resolved(&job, "last.h5", old, 0, NULL), STATUS_OK);
        assert_string_equal(job.name, values[i]);
        assert_string_equal(job.output, values[i]);
        assert_string_equal(job.data_file, values[i]);
        assert_int_equal(job_parse_resolved(&job, "last.h5", old, 1, &set), STATUS_OK);
        assert_string_equal(job.data_file, "/scratch/x");
    }
}

/* 192 bytes were allowed, whatever they are. */
static void so_is_a_path_that_had_the_most_bytes(void **state) {
    (void)state;
    char path[193], old[256];
    Job job;
    memset(path, '$', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    snprintf(old, sizeof old, "[data]\nfile = %s\n", path);
    assert_int_equal(job_parse_resolved(&job, "last.h5", old, 0, NULL), STATUS_OK);
    assert_string_equal(job.data_file, path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(home_and_variables_are_expanded_in_paths),
        cmocka_unit_test(a_name_is_no_path),
        cmocka_unit_test(what_the_environment_lacks_is_refused),
        cmocka_unit_test(what_comes_of_a_path_is_told),
        cmocka_unit_test(comments_begin_after_a_blank),
        cmocka_unit_test(quotes_are_taken_off_any_value),
        cmocka_unit_test(a_quote_without_partner_is_refused),
        cmocka_unit_test(the_resolved_text_means_the_same_everywhere),
        cmocka_unit_test(the_job_of_an_old_checkpoint_is_read_as_it_was_meant),
        cmocka_unit_test(so_is_a_path_that_had_the_most_bytes),
    };
    return cmocka_run_group_tests(tests, set_environment, NULL);
}
