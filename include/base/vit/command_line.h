#ifndef VIT_COMMAND_LINE_H
#define VIT_COMMAND_LINE_H

#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Command lines by tables: what a program takes is a CommandLine, which drives the parser, --help
 * and the table in the README. Values go into a structure of the program's own, by offset. */

typedef enum CommandKind {
    COMMAND_FLAG,  /* bool: whether it is given */
    COMMAND_ALONE, /* bool; beside it the rest of the line does not matter (--help) */
    COMMAND_TEXT,  /* const char *: the last one given, or NULL */
    COMMAND_TEXTS, /* const char **: all that are given, in order; a size_t counts them. The array
                    * has room for as many as the line has words, its program's name included */
    COMMAND_COUNT, /* uint64_t, from least to most; preset when it is not given */
} CommandKind;

typedef struct CommandOption {
    const char *name; /* given as --name, --name VALUE, --name=VALUE or shortened */
    char letter;      /* given as -letter as well; 0: none */
    CommandKind kind;
    const char *value;   /* what the value is called; NULL when there is none */
    size_t offset;       /* of the field */
    size_t count_offset; /* of the number of texts */
    uint64_t least, most, preset;
    size_t given_offset; /* of a bool: whether it is given, where a preset hides that; 0: none */
    uint32_t forms;      /* bit f: form f takes it; 0: all do */
    const char *meaning;
} CommandOption;

/* A word that is no option. */
typedef struct CommandOperand {
    const char *name; /* "JOB.ini"; NULL after a form's last one */
    const char *noun; /* what it is, for messages: "job file" */
    size_t offset;    /* of a const char *, NULL where it is left out */
    bool optional;    /* only after those that are not */
    /* Where not 0 it takes all words that are left, one at least: offset is then that of a const
     * char **, and this that of a size_t that counts them. */
    size_t count_offset;
} CommandOperand;

enum { COMMAND_OPERANDS_MOST = 2, COMMAND_OPTIONS_MOST = 31, COMMAND_FORMS_MOST = 31 };

/* A way to call the program: a subcommand, or the only one. */
typedef struct CommandForm {
    const char *name;     /* of the subcommand; NULL: the program has none */
    const char *launcher; /* what stands before the program's name, or NULL */
    const char *meaning;
    CommandOperand operands[COMMAND_OPERANDS_MOST + 1];
} CommandForm;

typedef struct CommandLine {
    const char *program;
    const char *purpose; /* a sentence */
    const CommandForm *forms;
    size_t form_count;
    const CommandOption *options;
    size_t option_count;
    const char *notes; /* paragraphs for --help, separated by line feeds; or NULL */
} CommandLine;

/* Reads the words of argv (which it may put into another order, as getopt_long does) into *fields,
 * which is zero before, and sets *form, to form_count when an option of COMMAND_ALONE is given.
 * Texts are argv's own. STATUS_USAGE tells what is wrong, and what is nearest to an unknown word.
 * Whatever the outcome, command_line_free releases what was allocated. Not from several threads at
 * once. Local; the same on all ranks. */
Status command_line_parse(const CommandLine *line, int argc, char **argv, void *fields,
                          size_t *form);
void command_line_free(const CommandLine *line, void *fields);

/* "mpirun -np RANKS vit_bench step [OPTION...] JOB.ini": how a form is called. Returns text. */
enum { COMMAND_USAGE_TEXT = 160 };
const char *command_line_usage(const CommandLine *line, size_t form,
                               char text[static COMMAND_USAGE_TEXT]);

/* Everything, for --help. */
void command_line_print_help(FILE *stream, const CommandLine *line);
/* Forms and options as tables in Markdown, for a README. */
void command_line_print_markdown(FILE *stream, const CommandLine *line);

#endif
