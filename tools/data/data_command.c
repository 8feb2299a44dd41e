#include "data_command.h"

#define FIELD(name) .offset = offsetof(DataCommand, name)
#define COUNT(name, low, high, usual)                                                              \
    .kind = COMMAND_COUNT, .value = "N", FIELD(name), .least = (low), .most = (high),              \
    .preset = (usual), .forms = 1u << DATA_SYNTH

static const CommandForm forms[DATA_FORMS] = {
    [DATA_IMPORT] = {"import",
                     NULL,
                     "make a data file from the CIFAR-100 or CIFAR-10 'binary version': a folder, "
                     "or its .tar.gz or .tar.xz",
                     {{"SOURCE", "folder or archive to import", offsetof(DataCommand, source),
                       false},
                      {"OUT.h5", "data file to write", offsetof(DataCommand, out), false}}},
    [DATA_SYNTH] = {"synth",
                    NULL,
                    "draw pictures of coloured shapes in the same layout",
                    {{"OUT.h5", "data file to write", offsetof(DataCommand, out), false}}},
    [DATA_INFO] = {"info",
                   NULL,
                   "print counts, means and digests, and verify the whole file",
                   {{"FILE.h5", "data file", offsetof(DataCommand, source), false}}},
    [DATA_SHEET] = {"sheet",
                    NULL,
                    "draw a contact sheet with class names",
                    {{"FILE.h5", "data file", offsetof(DataCommand, source), false},
                     {"OUT.png", "picture to write", offsetof(DataCommand, out), false}}},
    [DATA_DIGEST] = {"digest",
                     NULL,
                     "print the SHA-256 of a checkpoint's weights",
                     {{"CHECKPOINT.h5", "checkpoint", offsetof(DataCommand, source), false}}},
};

static const CommandOption options[] = {
    {"classes", COUNT(synth.classes, SYNTH_CLASSES_MIN, SYNTH_CLASSES_MAX, 100),
     .meaning = "number of classes"},
    {"train", COUNT(synth.train, 1, SYNTH_IMAGES_MAX, 20000), .meaning = "training images"},
    {"test", COUNT(synth.test, 0, SYNTH_IMAGES_MAX, 4000), .meaning = "test images"},
    {"seed", COUNT(synth.seed, 0, UINT64_MAX, 1), .meaning = "another one makes other pictures"},
    {"patches", .kind = COMMAND_FLAG, FIELD(patches), .forms = 1u << DATA_SHEET,
     .meaning = "one image instead, as the grid of patches that the model sees"},
    {"augmented", .kind = COMMAND_TEXT, .value = "JOB.ini", FIELD(augmented),
     .forms = 1u << DATA_SHEET,
     .meaning = "training images instead, as the model of that job sees them, epoch by epoch"},
    {"renew", .kind = COMMAND_FLAG, FIELD(renew), .forms = 1u << DATA_DIGEST,
     .meaning = "make it, and all other digests, anew: for weights that were changed on purpose"},
    {"version", .kind = COMMAND_ALONE, FIELD(version), .meaning = "print the version"},
    {"help", 'h', COMMAND_ALONE, FIELD(help), .meaning = "print help"},
};

const CommandLine data_command_line = {
    .program = "vit_data",
    .purpose = "Makes data files and looks into them.",
    .forms = forms,
    .form_count = DATA_FORMS,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .notes = "Exit codes: 0 done, 64 malformed command line, 65 damaged or unfit data, 70 internal "
             "error, 74 a file that cannot be read or written.",
};

Status data_command_parse(int argc, char **argv, DataCommand *command, size_t *form) {
    *command = (DataCommand){0};
    STATUS_TRY(command_line_parse(&data_command_line, argc, argv, command, form));
    if (command->patches && command->augmented)
        return status_fail(STATUS_USAGE, "sheet: takes --patches or --augmented, not both");
    return STATUS_OK;
}
