#include "vit/command_line.h"

#include "check.h"

/* A program with two subcommands. */
typedef struct Fields {
    const char *from, *to, *note;
    size_t word_count;
    const char **words;
    uint64_t number;
    bool has_number, loud, help;
} Fields;

enum { COPY, LIST, FORMS };

static const CommandForm forms[FORMS] = {
    [COPY] = {.name = "copy",
              .launcher = "run",
              .meaning = "copy things",
              .operands = {{"FROM", "source", .offset = offsetof(Fields, from)},
                           {"TO", "target", .offset = offsetof(Fields, to), .optional = true}}},
    [LIST] = {.name = "list", .meaning = "list all that there is"},
};

static const CommandOption options[] = {
    {"word", 'w', COMMAND_TEXTS, "WORD", offsetof(Fields, words),
     .count_offset = offsetof(Fields, word_count), .meaning = "a word; repeatable"},
    {"note", .kind = COMMAND_TEXT, .value = "TEXT", .offset = offsetof(Fields, note),
     .forms = 1u << COPY, .meaning = "a note"},
    {"number", 'n', COMMAND_COUNT, "N", offsetof(Fields, number), .least = 2, .most = 10,
     .preset = 4, .given_offset = offsetof(Fields, has_number), .forms = 1u << COPY,
     .meaning = "how many"},
    {"loud", 'l', COMMAND_FLAG, .offset = offsetof(Fields, loud), .meaning = "say more"},
    {"help", 'h', COMMAND_ALONE, .offset = offsetof(Fields, help), .meaning = "print this"},
};

static const CommandLine line = {
    .program = "things",
    .purpose = "Does things.",
    .forms = forms,
    .form_count = FORMS,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .notes = "The end.",
};

/* A program without subcommands. */
static const CommandForm only_form[] = {
    {.meaning = "count", .operands = {{"FILE", "file", .offset = offsetof(Fields, from)}}},
};
static const CommandLine plain = {
    .program = "count",
    .purpose = "Counts.",
    .forms = only_form,
    .form_count = 1,
    .options = options + 3,
    .option_count = 2,
};

/* One whose last operand may be given several times. */
static const CommandForm joining_form[] = {
    {.meaning = "join",
     .operands = {{"TO", "target", .offset = offsetof(Fields, to)},
                  {"FILE", "file", offsetof(Fields, words),
                   .count_offset = offsetof(Fields, word_count)}}},
};
static const CommandLine joining = {
    .program = "join",
    .purpose = "Joins.",
    .forms = joining_form,
    .form_count = 1,
    .options = options + 3,
    .option_count = 2,
};

enum { WORDS_MOST = 16 };

/* Parses the words of `text`, which blanks divide; they stay valid until the next call. */
static Status parse(const CommandLine *which, const char *text, Fields *fields, size_t *form) {
    static char copy[256];
    char *argv[WORDS_MOST + 2] = {(char[]){"program"}};
    int argc = 1;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok(copy, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    *fields = (Fields){0};
    return command_line_parse(which, argc, argv, fields, form);
}

static void assert_refused(const CommandLine *which, const char *text, const char *message) {
    Fields fields;
    size_t form;
    assert_int_equal(parse(which, text, &fields, &form), STATUS_USAGE);
    assert_string_equal(status_message(), message);
    command_line_free(which, &fields);
}

static void each_kind_of_option_reaches_its_field(void **state) {
    (void)state;
    Fields fields;
    size_t form;
    assert_ok(parse(&line, "copy a -w one --note x b --word=two --note y -ln 10", &fields, &form));
    assert_int_equal(form, COPY);
    assert_string_equal(fields.from, "a");
    assert_string_equal(fields.to, "b");
    assert_int_equal(fields.word_count, 2);
    assert_string_equal(fields.words[0], "one");
    assert_string_equal(fields.words[1], "two");
    assert_string_equal(fields.note, "y"); /* the last one given */
    assert_int_equal(fields.number, 10);
    assert_true(fields.loud);
    assert_false(fields.help);
    command_line_free(&line, &fields);
    assert_null(fields.words);
}

static void what_is_not_given_has_its_preset(void **state) {
    (void)state;
    Fields fields;
    size_t form;
    assert_ok(parse(&line, "copy a", &fields, &form));
    assert_int_equal(fields.number, 4);
    assert_false(fields.has_number);
    assert_int_equal(fields.word_count, 0);
    assert_null(fields.note);
    assert_null(fields.to);
    assert_false(fields.loud);
    command_line_free(&line, &fields);
}

static void a_preset_that_is_given_is_told_from_one_that_is_not(void **state) {
    (void)state;
    Fields fields;
    size_t form;
    assert_ok(parse(&line, "copy a --number 4", &fields, &form));
    assert_int_equal(fields.number, 4);
    assert_true(fields.has_number);
    command_line_free(&line, &fields);
}

static void options_may_be_shortened_and_stand_before_the_subcommand(void **state) {
    (void)state;
    Fields fields;
    size_t form;
    assert_ok(parse(&line, "--lo list", &fields, &form));
    assert_int_equal(form, LIST);
    assert_true(fields.loud);
    command_line_free(&line, &fields);
}

static void two_dashes_end_the_options(void **state) {
    (void)state;
    Fields fields;
    size_t form;
    assert_ok(parse(&line, "copy -- --loud", &fields, &form));
    assert_string_equal(fields.from, "--loud");
    assert_false(fields.loud);
    command_line_free(&line, &fields);
}

static void help_needs_nothing_beside_it(void **state) {
    (void)state;
    Fields fields;
    size_t form;
    assert_ok(parse(&line, "-h", &fields, &form));
    assert_int_equal(form, FORMS);
    assert_true(fields.help);
    command_line_free(&line, &fields);
    assert_ok(parse(&plain, "a b c --help", &fields, &form));
    assert_int_equal(form, 1);
    command_line_free(&plain, &fields);
}

static void counts_have_bounds(void **state) {
    (void)state;
    static const char *const bad[] = {"1",  "11",  "-2",  "+2",
                                      "2x", "0x4", "1e1", "18446744073709551620"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[64], message[128];
        snprintf(text, sizeof text, "copy a --number=%s", bad[i]);
        snprintf(message, sizeof message, "--number must be a whole number from 2 to 10, not '%s'",
                 bad[i]);
        assert_refused(&line, text, message);
    }
    assert_refused(&line,
                   "copy a --number=", "--number must be a whole number from 2 to 10, not ''");
}

static void unknown_words_are_named_with_the_nearest_known_one(void **state) {
    (void)state;
    assert_refused(&line, "copy a --lowd", "unknown option --lowd; did you mean --loud?");
    assert_refused(&line, "copy a --numbre=3", "unknown option --numbre; did you mean --number?");
    assert_refused(&line, "copy a --nonsense", "unknown option --nonsense; see things --help");
    assert_refused(&line, "copy a -lqw x", "unknown option -q; see things --help");
    assert_refused(&line, "cpoy a", "unknown subcommand cpoy; did you mean copy?");
    assert_refused(&line, "remove", "unknown subcommand remove; it must be copy or list");
}

static void values_are_there_where_they_belong_and_nowhere_else(void **state) {
    (void)state;
    assert_refused(&line, "copy a --note", "--note needs a value, TEXT; see things --help");
    assert_refused(&line, "copy a -w", "--word needs a value, WORD; see things --help");
    assert_refused(&line, "list --loud=yes", "--loud takes no value; see things --help");
}

static void a_subcommand_takes_its_own_options_only(void **state) {
    (void)state;
    assert_refused(&line, "list --note x", "list: does not take --note, an option of copy");
    assert_refused(&line, "-n 3 list", "list: does not take --number, an option of copy");
}

static void operands_are_counted(void **state) {
    (void)state;
    assert_refused(&line, "", "no subcommand is given: copy or list; see things --help");
    assert_refused(&line, "copy",
                   "copy: no source; usage: run things copy [OPTION...] FROM [TO], see --help");
    assert_refused(&line, "copy a b c",
                   "copy: one word too many: c; usage: run things copy [OPTION...] FROM [TO], see "
                   "--help");
    assert_refused(&line, "list a",
                   "list: one word too many: a; usage: things list [OPTION...], see --help");
    assert_refused(&plain, "", "no file; usage: count [OPTION...] FILE, see --help");
    assert_refused(&plain, "a b", "more than one file; usage: count [OPTION...] FILE, see --help");
}

static void the_last_operand_may_take_all_words_that_are_left(void **state) {
    (void)state;
    Fields fields;
    size_t form;
    char usage[COMMAND_USAGE_TEXT];
    assert_ok(parse(&joining, "all one --loud two -- --three", &fields, &form));
    assert_string_equal(fields.to, "all");
    assert_int_equal(fields.word_count, 3);
    assert_string_equal(fields.words[0], "one");
    assert_string_equal(fields.words[1], "two");
    assert_string_equal(fields.words[2], "--three");
    assert_true(fields.loud);
    command_line_free(&joining, &fields);
    assert_null(fields.words);
    assert_int_equal(fields.word_count, 0);
    assert_refused(&joining, "all", "no file; usage: join [OPTION...] TO FILE..., see --help");
    assert_string_equal(command_line_usage(&joining, 0, usage), "join [OPTION...] TO FILE...");
}

/* ---- what is printed ---- */

static void print(void (*printer)(FILE *, const CommandLine *), const CommandLine *which,
                  char *text, size_t bytes) {
    FILE *stream = fmemopen(text, bytes, "w");
    assert_non_null(stream);
    printer(stream, which);
    fclose(stream);
}

static void help_is_aligned(void **state) {
    (void)state;
    char text[4096];
    print(command_line_print_help, &line, text, sizeof text);
    assert_string_equal(text, "Does things.\n"
                              "\n"
                              "  run things copy [OPTION...] FROM [TO]\n"
                              "                               copy things\n"
                              "  things list [OPTION...]      list all that there is\n"
                              "\n"
                              "Options:\n"
                              "  -w, --word WORD              a word; repeatable\n"
                              "      --note TEXT              copy: a note\n"
                              "  -n, --number N               copy: how many (2 to 10; default 4)\n"
                              "  -l, --loud                   say more\n"
                              "  -h, --help                   print this\n"
                              "\n"
                              "The end.\n");
}

static void help_is_wrapped_between_words(void **state) {
    (void)state;
    static const CommandForm wordy[] = {
        {.meaning = "one two three four five six seven eight nine ten eleven twelve thirteen"}};
    const CommandLine long_line = {
        .program = "p", .purpose = "P.", .forms = wordy, .form_count = 1};
    char text[1024];
    print(command_line_print_help, &long_line, text, sizeof text);
    assert_non_null(strstr(text, "  p                            one two three four five six seven "
                                 "eight nine ten\n"
                                 "                               eleven twelve thirteen\n"));
}

static void the_readmes_tables_have_a_row_for_everything(void **state) {
    (void)state;
    char text[4096];
    print(command_line_print_markdown, &line, text, sizeof text);
    assert_string_equal(text, "| command | does |\n"
                              "| --- | --- |\n"
                              "| `run things copy [OPTION...] FROM [TO]` | copy things |\n"
                              "| `things list [OPTION...]` | list all that there is |\n"
                              "\n"
                              "| option | of | does |\n"
                              "| --- | --- | --- |\n"
                              "| `-w`, `--word WORD` | all | a word; repeatable |\n"
                              "| `--note TEXT` | `copy` | a note |\n"
                              "| `-n`, `--number N` | `copy` | how many (2 to 10; default 4) |\n"
                              "| `-l`, `--loud` | all | say more |\n"
                              "| `-h`, `--help` | all | print this |\n");
    print(command_line_print_markdown, &plain, text, sizeof text);
    assert_string_equal(text, "| option | does |\n"
                              "| --- | --- |\n"
                              "| `-l`, `--loud` | say more |\n"
                              "| `-h`, `--help` | print this |\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_option_reaches_its_field),
        cmocka_unit_test(what_is_not_given_has_its_preset),
        cmocka_unit_test(a_preset_that_is_given_is_told_from_one_that_is_not),
        cmocka_unit_test(options_may_be_shortened_and_stand_before_the_subcommand),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(help_needs_nothing_beside_it),
        cmocka_unit_test(counts_have_bounds),
        cmocka_unit_test(unknown_words_are_named_with_the_nearest_known_one),
        cmocka_unit_test(values_are_there_where_they_belong_and_nowhere_else),
        cmocka_unit_test(a_subcommand_takes_its_own_options_only),
        cmocka_unit_test(operands_are_counted),
        cmocka_unit_test(the_last_operand_may_take_all_words_that_are_left),
        cmocka_unit_test(help_is_aligned),
        cmocka_unit_test(help_is_wrapped_between_words),
        cmocka_unit_test(the_readmes_tables_have_a_row_for_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
