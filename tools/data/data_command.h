#ifndef TOOLS_DATA_COMMAND_H
#define TOOLS_DATA_COMMAND_H

#include "import/import_options.h"
#include "vit/command_line.h"
#include "vit_data.h"

/* The command line of vit_data. */

typedef enum DataForm {
    DATA_IMPORT,
    DATA_SYNTH,
    DATA_INFO,
    DATA_SHEET,
    DATA_DIGEST,
    DATA_FORMS
} DataForm;

typedef struct DataCommand {
    const char *source, *out;     /* to be read; to be written, or NULL */
    const char *augmented;        /* job file, or NULL */
    const char *size, *test_part; /* as they are given, or NULL */
    ImportOptions import;
    SynthOptions synth;
    bool patches, renew, version, help;
} DataCommand;

extern const CommandLine data_command_line;

/* STATUS_USAGE with a message for a malformed line; DATA_FORMS for --help and --version. Strings
 * belong to argv. */
Status data_command_parse(int argc, char **argv, DataCommand *command, size_t *form);

#endif
