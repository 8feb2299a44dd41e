#include "data_command.h"

#include "vit/picture.h"
#include <stdlib.h>

#define FIELD(name) .offset = offsetof(DataCommand, name)
#define IMPORT .forms = 1u << DATA_IMPORT
#define COUNT(name, low, high, usual)                                                              \
    .kind = COMMAND_COUNT, .value = "N", FIELD(name), .least = (low), .most = (high),              \
    .preset = (usual), .forms = 1u << DATA_SYNTH

static const CommandForm forms[DATA_FORMS] = {
    [DATA_IMPORT] = {"import",
                     NULL,
                     "make a data file from a folder or archive of pictures, or from one of the "
                     "data sets that tools/README.md lists",
                     {{"SOURCE", "folder or archive to import",
                       .offset = offsetof(DataCommand, source)},
                      {"OUT.h5", "data file to write", .offset = offsetof(DataCommand, out)}}},
    [DATA_SYNTH] = {"synth",
                    NULL,
                    "draw pictures of coloured shapes in the same layout",
                    {{"OUT.h5", "data file to write", .offset = offsetof(DataCommand, out)}}},
    [DATA_INFO] = {"info",
                   NULL,
                   "print counts, means and digests, and verify the whole file",
                   {{"FILE.h5", "data file", .offset = offsetof(DataCommand, source)}}},
    [DATA_SHEET] = {"sheet",
                    NULL,
                    "draw a contact sheet with class names",
                    {{"FILE.h5", "data file", .offset = offsetof(DataCommand, source)},
                     {"OUT.png", "picture to write", .offset = offsetof(DataCommand, out)}}},
    [DATA_DIGEST] = {"digest",
                     NULL,
                     "print the SHA-256 of a checkpoint's weights",
                     {{"CHECKPOINT.h5", "checkpoint", .offset = offsetof(DataCommand, source)}}},
};

static const CommandOption options[] = {
    {"classes", COUNT(synth.classes, SYNTH_CLASSES_MIN, SYNTH_CLASSES_MAX, 100),
     .meaning = "number of classes"},
    {"train", COUNT(synth.train, 1, SYNTH_IMAGES_MAX, 20000), .meaning = "training images"},
    {"test", COUNT(synth.test, 0, SYNTH_IMAGES_MAX, 4000), .meaning = "test images"},
    {"seed", .kind = COMMAND_COUNT, .value = "N", FIELD(synth.seed), .most = UINT64_MAX,
     .preset = 1, .given_offset = offsetof(DataCommand, import.has_seed),
     .forms = 1u << DATA_SYNTH | 1u << DATA_IMPORT,
     .meaning = "another one draws other pictures, or shuffles otherwise"},
    {"size", .kind = COMMAND_TEXT, .value = "HxW", FIELD(size), IMPORT,
     .meaning = "resize all pictures to so many rows and columns, or N for both"},
    {"grey", .kind = COMMAND_FLAG, FIELD(import.grey), IMPORT,
     .meaning = "one channel instead of red, green and blue"},
    {"as-stored", .kind = COMMAND_FLAG, FIELD(import.as_stored), IMPORT,
     .meaning = "do not turn pictures as their EXIF data say"},
    {"test-part", .kind = COMMAND_TEXT, .value = "PART", FIELD(test_part), IMPORT,
     .meaning = "take so much of each class for testing, as 0.2, where nothing else is"},
    {"train-from", .kind = COMMAND_TEXT, .value = "FILE.h5", FIELD(import.train_from), IMPORT,
     .meaning = "take the training images of that data file, and all of SOURCE for testing"},
    {"keep-order", .kind = COMMAND_FLAG, FIELD(import.keeps_order), IMPORT,
     .meaning = "do not shuffle: by path, or as arrays have them"},
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

/* ---- values ---- */

/* A number of rows or columns that ends with `end`; *rest is what comes behind. */
static bool read_side(const char *text, char end, size_t *side, const char **rest) {
    char *after;
    const unsigned long value = *text >= '1' && *text <= '9' ? strtoul(text, &after, 10) : 0;
    if (value < 1 || value > PICTURE_SIDE_MAX || *after != end)
        return false;
    *side = value;
    *rest = after + (end != '\0');
    return true;
}

static Status set_size(const char *text, ImportOptions *import) {
    const char *rest = text;
    if (read_side(text, '\0', &import->height, &rest)) {
        import->width = import->height;
        return STATUS_OK;
    }
    if (read_side(text, 'x', &import->height, &rest) &&
        read_side(rest, '\0', &import->width, &rest))
        return STATUS_OK;
    return status_fail(STATUS_USAGE,
                       "--size must be HxW, or N for both, whole numbers from 1 to %d, not '%s'",
                       PICTURE_SIDE_MAX, text);
}

static Status set_test_part(const char *text, ImportOptions *import) {
    char *end;
    import->has_test_part = true;
    import->test_part = strtod(text, &end);
    /* Also refuses NaN. */
    if (end != text && !*end && import->test_part >= 0 && import->test_part < 1)
        return STATUS_OK;
    return status_fail(STATUS_USAGE, "--test-part must be from 0 to less than 1, not '%s'", text);
}

static Status settle_import(DataCommand *command) {
    ImportOptions *import = &command->import;
    import->seed = command->synth.seed;
    if (command->size)
        STATUS_TRY(set_size(command->size, import));
    if (command->test_part)
        STATUS_TRY(set_test_part(command->test_part, import));
    if (import->has_test_part && import->train_from)
        return status_fail(STATUS_USAGE, "import: takes --test-part or --train-from, not both");
    if (import->keeps_order && import->has_seed && !import->has_test_part)
        return status_fail(STATUS_USAGE, "import: takes --seed or --keep-order, not both (but for "
                                         "a --test-part)");
    return STATUS_OK;
}

Status data_command_parse(int argc, char **argv, DataCommand *command, size_t *form) {
    *command = (DataCommand){0};
    STATUS_TRY(command_line_parse(&data_command_line, argc, argv, command, form));
    if (command->patches && command->augmented)
        return status_fail(STATUS_USAGE, "sheet: takes --patches or --augmented, not both");
    return *form == DATA_IMPORT ? settle_import(command) : STATUS_OK;
}
