#include "vit/command_line.h"

#include "text.h"
#include <string.h>

/* The tables of command lines for people. */

enum { ENTRY_BYTES = 1024, HELP_COLUMN = 31, HELP_WIDTH = 80 };

static bool takes(const CommandOption *option, size_t form) {
    return !option->forms || option->forms >> form & 1u;
}

/* Whether a form takes options that are not for all programs alike. */
static bool takes_options(const CommandLine *line, size_t form) {
    for (size_t i = 0; i < line->option_count; i++)
        if (line->options[i].kind != COMMAND_ALONE && takes(&line->options[i], form))
            return true;
    return false;
}

const char *command_line_usage(const CommandLine *line, size_t form,
                               char text[static COMMAND_USAGE_TEXT]) {
    const CommandForm *as = &line->forms[form];
    snprintf(text, COMMAND_USAGE_TEXT, "%s%s%s%s%s%s", as->launcher ? as->launcher : "",
             as->launcher ? " " : "", line->program, as->name ? " " : "", as->name ? as->name : "",
             takes_options(line, form) ? " [OPTION...]" : "");
    for (const CommandOperand *operand = as->operands; operand->name; operand++) {
        text_append(text, COMMAND_USAGE_TEXT, operand->optional ? " [" : " ");
        text_append(text, COMMAND_USAGE_TEXT, operand->name);
        text_append(text, COMMAND_USAGE_TEXT, operand->count_offset ? "..." : "");
        text_append(text, COMMAND_USAGE_TEXT, operand->optional ? "]" : "");
    }
    return text;
}

/* The meaning, with a count's bounds and what it is when it is not given. */
static void describe(const CommandOption *option, char text[static ENTRY_BYTES]) {
    char preset[40] = "";
    if (option->preset >= option->least)
        snprintf(preset, sizeof preset, "; default %llu", (unsigned long long)option->preset);
    if (option->kind == COMMAND_COUNT)
        snprintf(text, ENTRY_BYTES, "%s (%llu to %llu%s)", option->meaning,
                 (unsigned long long)option->least, (unsigned long long)option->most, preset);
    else
        snprintf(text, ENTRY_BYTES, "%s", option->meaning);
}

/* The names of the forms that take an option, when not all do, with `mark` around each. */
static void list_forms(const CommandLine *line, const CommandOption *option, const char *mark,
                       char text[static ENTRY_BYTES]) {
    *text = '\0';
    for (size_t f = 0; option->forms && f < line->form_count; f++) {
        if (!takes(option, f))
            continue;
        text_append(text, ENTRY_BYTES, *text ? ", " : "");
        text_append(text, ENTRY_BYTES, mark);
        text_append(text, ENTRY_BYTES, line->forms[f].name);
        text_append(text, ENTRY_BYTES, mark);
    }
}

/* ---- --help ---- */

/* Prints text from `column` on, where the stream stands, in lines of HELP_WIDTH characters. */
static void print_wrapped(FILE *stream, size_t column, const char *text) {
    size_t at = column;
    for (const char *word = text; *word;) {
        const size_t length = strcspn(word, " ");
        if (at > column && at + 1 + length > HELP_WIDTH) {
            fprintf(stream, "\n%*s", (int)column, "");
            at = column;
        }
        at += (size_t)fprintf(stream, "%s%.*s", at > column ? " " : "", (int)length, word);
        word += length;
        word += strspn(word, " ");
    }
    fputc('\n', stream);
}

static void print_entry(FILE *stream, const char *left, const char *text) {
    if (strlen(left) + 4 > HELP_COLUMN)
        fprintf(stream, "  %s\n%*s", left, HELP_COLUMN, "");
    else
        fprintf(stream, "  %-*s", HELP_COLUMN - 2, left);
    print_wrapped(stream, HELP_COLUMN, text);
}

static void print_option(FILE *stream, const CommandLine *line, const CommandOption *option) {
    char left[80], forms[ENTRY_BYTES], meaning[ENTRY_BYTES], text[2 * ENTRY_BYTES + 2];
    const char letter[] = {'-', option->letter, ',', '\0'};
    snprintf(left, sizeof left, "%-3s --%s%s%s", option->letter ? letter : "", option->name,
             option->value ? " " : "", option->value ? option->value : "");
    list_forms(line, option, "", forms);
    describe(option, meaning);
    snprintf(text, sizeof text, "%s%s%s", forms, *forms ? ": " : "", meaning);
    print_entry(stream, left, text);
}

static void print_notes(FILE *stream, const char *notes) {
    for (const char *note = notes; *note;) {
        char text[ENTRY_BYTES];
        const size_t length = strcspn(note, "\n");
        snprintf(text, sizeof text, "%.*s", (int)length, note);
        fputc('\n', stream);
        print_wrapped(stream, 0, text);
        note += length + (note[length] == '\n');
    }
}

void command_line_print_help(FILE *stream, const CommandLine *line) {
    char usage[COMMAND_USAGE_TEXT];
    fprintf(stream, "%s\n\n", line->purpose);
    for (size_t f = 0; f < line->form_count; f++)
        print_entry(stream, command_line_usage(line, f, usage), line->forms[f].meaning);
    fputs("\nOptions:\n", stream);
    for (size_t i = 0; i < line->option_count; i++)
        print_option(stream, line, &line->options[i]);
    if (line->notes)
        print_notes(stream, line->notes);
}

/* ---- Markdown ---- */

static void print_forms_table(FILE *stream, const CommandLine *line) {
    char usage[COMMAND_USAGE_TEXT];
    fputs("| command | does |\n| --- | --- |\n", stream);
    for (size_t f = 0; f < line->form_count; f++)
        fprintf(stream, "| `%s` | %s |\n", command_line_usage(line, f, usage),
                line->forms[f].meaning);
    fputc('\n', stream);
}

static void print_options_table(FILE *stream, const CommandLine *line, bool forms) {
    fputs(forms ? "| option | of | does |\n| --- | --- | --- |\n"
                : "| option | does |\n| --- | --- |\n",
          stream);
    for (size_t i = 0; i < line->option_count; i++) {
        const CommandOption *option = &line->options[i];
        char names[ENTRY_BYTES], meaning[ENTRY_BYTES];
        describe(option, meaning);
        fputs("| ", stream);
        if (option->letter)
            fprintf(stream, "`-%c`, ", option->letter);
        fprintf(stream, "`--%s%s%s` | ", option->name, option->value ? " " : "",
                option->value ? option->value : "");
        list_forms(line, option, "`", names);
        if (forms)
            fprintf(stream, "%s | ", *names ? names : "all");
        fprintf(stream, "%s |\n", meaning);
    }
}

void command_line_print_markdown(FILE *stream, const CommandLine *line) {
    const bool forms = line->forms[0].name;
    if (forms)
        print_forms_table(stream, line);
    print_options_table(stream, line, forms);
}
