#ifndef TOOLS_EXPORT_COMMAND_H
#define TOOLS_EXPORT_COMMAND_H

#include "export.h"
#include "vit/command_line.h"

/* The command line of vit_export. */

enum { EXPORT_FORMS = 1 };

typedef struct ExportCommand {
    const char *checkpoint, *out;
    const char *target; /* as it is given, or NULL */
    ExportWish wish;
    bool version, help;
} ExportCommand;

extern const CommandLine export_command_line;

/* STATUS_USAGE with a message for a malformed line; *form is EXPORT_FORMS for --help and --version.
 * Strings belong to argv. */
Status export_command_parse(int argc, char **argv, ExportCommand *command, size_t *form);

#endif
