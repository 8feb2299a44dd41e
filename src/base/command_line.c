#include "vit/command_line.h"

#include "nearest.h"
#include "text.h"
#include "vit/memory.h"
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { HINT_BYTES = 256 };

/* What is known of the line so far. */
typedef struct Reading {
    const CommandLine *line;
    char *fields;
    uint32_t given; /* bit i: option i */
    bool alone;
} Reading;

static void *field(const Reading *reading, size_t offset) {
    return reading->fields + offset;
}

/* ---- values ---- */

static Status start_options(const Reading *reading, size_t words) {
    for (size_t i = 0; i < reading->line->option_count; i++) {
        const CommandOption *option = &reading->line->options[i];
        if (option->kind == COMMAND_COUNT)
            *(uint64_t *)field(reading, option->offset) = option->preset;
        else if (option->kind == COMMAND_TEXTS)
            STATUS_TRY(memory_allocate(field(reading, option->offset), words, sizeof(char *),
                                       "the command line"));
    }
    return STATUS_OK;
}

static Status set_count(const CommandOption *option, const char *text, uint64_t *count) {
    char *end;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < option->least ||
        value > option->most)
        return status_fail(STATUS_USAGE, "--%s must be a whole number from %llu to %llu, not '%s'",
                           option->name, (unsigned long long)option->least,
                           (unsigned long long)option->most, text);
    *count = value;
    return STATUS_OK;
}

static Status set_option(Reading *reading, const CommandOption *option, const char *text) {
    void *at = field(reading, option->offset);
    reading->given |= 1u << (option - reading->line->options);
    if (option->given_offset)
        *(bool *)field(reading, option->given_offset) = true;
    switch (option->kind) {
    case COMMAND_ALONE:
        reading->alone = true;
        *(bool *)at = true;
        return STATUS_OK;
    case COMMAND_FLAG:
        *(bool *)at = true;
        return STATUS_OK;
    case COMMAND_TEXT:
        *(const char **)at = text;
        return STATUS_OK;
    case COMMAND_TEXTS:
        (*(const char ***)at)[(*(size_t *)field(reading, option->count_offset))++] = text;
        return STATUS_OK;
    case COMMAND_COUNT:
        return set_count(option, text, at);
    }
    return status_fail(STATUS_INTERNAL, "--%s: an option of unknown kind", option->name);
}

/* ---- options ---- */

/* What getopt_long returns for an option: its letter, or this and its number in the table. */
enum { FIRST_WITHOUT_LETTER = 256 };

typedef struct GetoptTables {
    struct option options[COMMAND_OPTIONS_MOST + 1];
    char letters[2 * COMMAND_OPTIONS_MOST + 2];
} GetoptTables;

static void make_tables(const CommandLine *line, GetoptTables *tables) {
    *tables = (GetoptTables){.letters = ":"}; /* which tells missing values from unknown options */
    char *letter = tables->letters + 1;
    for (size_t i = 0; i < line->option_count; i++) {
        const CommandOption *option = &line->options[i];
        const int value = option->letter ? option->letter : FIRST_WITHOUT_LETTER + (int)i;
        tables->options[i] = (struct option){
            option->name, option->value ? required_argument : no_argument, NULL, value};
        if (option->letter)
            *letter++ = option->letter;
        if (option->letter && option->value)
            *letter++ = ':';
    }
}

static const CommandOption *find_option(const CommandLine *line, int found) {
    if (found >= FIRST_WITHOUT_LETTER)
        return &line->options[found - FIRST_WITHOUT_LETTER];
    for (size_t i = 0; i < line->option_count; i++)
        if (found && line->options[i].letter == found)
            return &line->options[i];
    return NULL;
}

static Status fail_unknown(const CommandLine *line, const char *word) {
    char name[64], hint[HINT_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    Nearest nearest = nearest_to(name + strspn(name, "-"));
    for (size_t i = 0; i < line->option_count; i++)
        nearest_offer(&nearest, line->options[i].name);
    if (nearest.name)
        snprintf(hint, sizeof hint, "did you mean --%s?", nearest.name);
    else
        snprintf(hint, sizeof hint, "see %s --help", line->program);
    return status_fail(STATUS_USAGE, "unknown option %s; %s", name, hint);
}

/* word: where getopt_long stands. */
static Status fail_option(const CommandLine *line, int found, const char *word) {
    const CommandOption *option = find_option(line, optopt);
    if (option && found == ':')
        return status_fail(STATUS_USAGE, "--%s needs a value, %s; see %s --help", option->name,
                           option->value, line->program);
    if (option)
        return status_fail(STATUS_USAGE, "--%s takes no value; see %s --help", option->name,
                           line->program);
    /* A letter may stand inside a cluster, of which word tells nothing. */
    if (optopt)
        return status_fail(STATUS_USAGE, "unknown option -%c; see %s --help", optopt,
                           line->program);
    return fail_unknown(line, word);
}

static Status read_options(Reading *reading, int argc, char **argv) {
    GetoptTables tables;
    make_tables(reading->line, &tables);
    opterr = 0;
    optind = 0; /* from the beginning, whatever was read before */
    for (;;) {
        const int found = getopt_long(argc, argv, tables.letters, tables.options, NULL);
        if (found == -1)
            return STATUS_OK;
        if (found == ':' || found == '?')
            return fail_option(reading->line, found, argv[optind - 1]);
        STATUS_TRY(set_option(reading, find_option(reading->line, found), optarg));
    }
}

/* ---- forms and operands ---- */

/* "import, synth or info" of the forms in a mask. */
static void form_words(const CommandLine *line, uint32_t mask, char words[static HINT_BYTES]) {
    *words = '\0';
    for (size_t f = 0; f < line->form_count; f++) {
        if (!(mask >> f & 1u))
            continue;
        if (*words)
            text_append(words, HINT_BYTES, mask >> f == 1u ? " or " : ", ");
        text_append(words, HINT_BYTES, line->forms[f].name);
    }
}

static Status find_form(const CommandLine *line, const char *word, size_t *form) {
    char words[HINT_BYTES];
    form_words(line, (1u << line->form_count) - 1u, words);
    if (!word)
        return status_fail(STATUS_USAGE, "no subcommand is given: %s; see %s --help", words,
                           line->program);
    Nearest nearest = nearest_to(word);
    for (size_t f = 0; f < line->form_count; f++) {
        nearest_offer(&nearest, line->forms[f].name);
        if (strcmp(word, line->forms[f].name) == 0) {
            *form = f;
            return STATUS_OK;
        }
    }
    if (nearest.name)
        return status_fail(STATUS_USAGE, "unknown subcommand %s; did you mean %s?", word,
                           nearest.name);
    return status_fail(STATUS_USAGE, "unknown subcommand %s; it must be %s", word, words);
}

/* Whether the form takes all options that are given. */
static Status check_given(const Reading *reading, size_t form) {
    const CommandLine *line = reading->line;
    for (size_t i = 0; i < line->option_count; i++) {
        const uint32_t forms = line->options[i].forms;
        char words[HINT_BYTES];
        if (!(reading->given >> i & 1u) || !forms || forms >> form & 1u)
            continue;
        form_words(line, forms, words);
        return status_fail(STATUS_USAGE, "%s: does not take --%s, an option of %s",
                           line->forms[form].name, line->options[i].name, words);
    }
    return STATUS_OK;
}

static Status fail_operand(const CommandLine *line, size_t form, const char *problem,
                           const char *noun) {
    const char *name = line->forms[form].name;
    char usage[COMMAND_USAGE_TEXT];
    return status_fail(STATUS_USAGE, "%s%s%s%s; usage: %s, see --help", name ? name : "",
                       name ? ": " : "", problem, noun, command_line_usage(line, form, usage));
}

static Status keep_words(const Reading *reading, const CommandOperand *operand, size_t count,
                         char **words) {
    const char ***texts = field(reading, operand->offset);
    STATUS_TRY(memory_allocate(texts, count, sizeof **texts, "the command line"));
    for (size_t i = 0; i < count; i++)
        (*texts)[i] = words[i];
    *(size_t *)field(reading, operand->count_offset) = count;
    return STATUS_OK;
}

static Status read_operands(const Reading *reading, size_t form, int count, char **words) {
    const CommandOperand *operand = reading->line->forms[form].operands;
    int i = 0;
    for (; operand->name; operand++) {
        if (i < count && operand->count_offset)
            return keep_words(reading, operand, (size_t)(count - i), words + i);
        if (i < count)
            *(const char **)field(reading, operand->offset) = words[i++];
        else if (!operand->optional)
            return fail_operand(reading->line, form, "no ", operand->noun);
    }
    if (i == count)
        return STATUS_OK;
    if (i == 1)
        return fail_operand(reading->line, form, "more than one ", operand[-1].noun);
    return fail_operand(reading->line, form, "one word too many: ", words[i]);
}

Status command_line_parse(const CommandLine *line, int argc, char **argv, void *fields,
                          size_t *form) {
    Reading reading = {.line = line, .fields = fields};
    *form = line->form_count;
    STATUS_TRY(start_options(&reading, (size_t)argc));
    STATUS_TRY(read_options(&reading, argc, argv));
    if (reading.alone)
        return STATUS_OK;
    size_t found = 0;
    if (line->forms[0].name) {
        STATUS_TRY(find_form(line, optind < argc ? argv[optind] : NULL, &found));
        optind++;
        STATUS_TRY(check_given(&reading, found));
    }
    STATUS_TRY(read_operands(&reading, found, argc - optind, argv + optind));
    *form = found;
    return STATUS_OK;
}

static void free_texts(const Reading *reading, size_t offset, size_t count_offset) {
    void **texts = field(reading, offset);
    memory_free(*texts);
    *texts = NULL;
    *(size_t *)field(reading, count_offset) = 0;
}

void command_line_free(const CommandLine *line, void *fields) {
    const Reading reading = {.line = line, .fields = fields};
    for (size_t i = 0; i < line->option_count; i++)
        if (line->options[i].kind == COMMAND_TEXTS)
            free_texts(&reading, line->options[i].offset, line->options[i].count_offset);
    for (size_t f = 0; f < line->form_count; f++)
        for (const CommandOperand *operand = line->forms[f].operands; operand->name; operand++)
            if (operand->count_offset)
                free_texts(&reading, operand->offset, operand->count_offset);
}
