#include "vit/command.h"

#include "check.h"

/* The command line of vit_mpi. */

static Status parse(Command *command, int count, const char *const *words) {
    static char room[8][64];
    char *argv[9] = {0};
    for (int i = 0; i < count; i++) {
        snprintf(room[i], sizeof room[i], "%s", words[i]);
        argv[i] = room[i];
    }
    return command_parse(count, argv, command);
}

#define PARSE(command, ...)                                                                        \
    parse((command), (int)(sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)),                \
          (const char *[]){__VA_ARGS__})

static void a_job_file_alone_is_a_training(void **state) {
    (void)state;
    Command command;
    assert_ok(PARSE(&command, "vit_mpi", "job.ini"));
    assert_string_equal(command.job, "job.ini");
    assert_int_equal(command.override_count, 0);
    assert_null(command.evaluate);
    assert_false(command.check || command.fresh || command.digest || command.help ||
                 command.version);
    command_free(&command);
}

static void every_option_has_its_effect(void **state) {
    (void)state;
    Command command;
    assert_ok(PARSE(&command, "vit_mpi", "--check", "--fresh", "--digest", "--eval", "best.h5",
                    "job.ini"));
    assert_true(command.check && command.fresh && command.digest);
    assert_string_equal(command.evaluate, "best.h5");
    command_free(&command);
    assert_ok(PARSE(&command, "vit_mpi", "--version"));
    assert_true(command.version && !command.help);
    command_free(&command);
    assert_ok(PARSE(&command, "vit_mpi", "--help"));
    assert_true(command.help && !command.version);
    command_free(&command);
}

static void overrides_keep_their_order(void **state) {
    (void)state;
    Command command;
    assert_ok(
        PARSE(&command, "vit_mpi", "-s", "train.epochs=1", "job.ini", "--set=train.epochs=2"));
    assert_int_equal(command.override_count, 2);
    assert_string_equal(command.overrides[0], "train.epochs=1");
    assert_string_equal(command.overrides[1], "train.epochs=2");
    command_free(&command);
    assert_null(command.overrides);
}

static void a_malformed_line_is_refused_and_can_be_freed(void **state) {
    (void)state;
    Command command;
    assert_int_equal(PARSE(&command, "vit_mpi"), STATUS_USAGE);
    assert_non_null(strstr(status_message(), "no job file"));
    command_free(&command);
    assert_int_equal(PARSE(&command, "vit_mpi", "a.ini", "b.ini"), STATUS_USAGE);
    assert_non_null(strstr(status_message(), "more than one job file"));
    command_free(&command);
    assert_int_equal(PARSE(&command, "vit_mpi", "a.ini", "--frehs"), STATUS_USAGE);
    assert_non_null(strstr(status_message(), "did you mean --fresh?"));
    command_free(&command);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_file_alone_is_a_training),
        cmocka_unit_test(every_option_has_its_effect),
        cmocka_unit_test(overrides_keep_their_order),
        cmocka_unit_test(a_malformed_line_is_refused_and_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
