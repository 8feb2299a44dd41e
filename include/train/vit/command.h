#ifndef VIT_COMMAND_H
#define VIT_COMMAND_H

#include "vit/command_line.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>

/* The command line of vit_mpi. */
typedef struct Command {
    const char *job;       /* job file, or a checkpoint */
    size_t override_count; /* --set, in order */
    const char **overrides;
    const char *evaluate; /* checkpoint, or NULL */
    bool check, fresh, digest, help, version;
} Command;

/* What it may hold; the README's table is made of it. */
extern const CommandLine command_line;

/* STATUS_USAGE with a message for a malformed line. Strings belong to argv. Local; the same on all
 * ranks. */
Status command_parse(int argc, char **argv, Command *command);
void command_free(Command *command);
void command_print_help(void);

#endif
