#include "export_command.h"

#include <string.h>

#define FIELD(name) .offset = offsetof(ExportCommand, name)

static const CommandForm forms[EXPORT_FORMS] = {
    {.meaning = "write OUT.safetensors, OUT.onnx, or else a folder that timm or Hugging Face's "
                "transformers "
                "load",
     .operands = {{"CHECKPOINT", "checkpoint", .offset = offsetof(ExportCommand, checkpoint)},
                  {"OUT", "file or folder to write", .offset = offsetof(ExportCommand, out)}}},
};

static const CommandOption options[] = {
    {"for", .kind = COMMAND_TEXT, .value = "LIBRARY", FIELD(target),
     .meaning = "timm or huggingface: whose names the tensors have; without, OUT.safetensors has "
                "our own and a folder timm's"},
    {"version", .kind = COMMAND_ALONE, FIELD(version), .meaning = "print the version"},
    {"help", 'h', COMMAND_ALONE, FIELD(help), .meaning = "print help"},
};

const CommandLine export_command_line = {
    .program = "vit_export",
    .purpose = "Writes the model of a checkpoint for other software.",
    .forms = forms,
    .form_count = EXPORT_FORMS,
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .notes = "Of last.h5 and best.h5 it takes the weights that are judged: averaged ones where the "
             "job averages. OUT.safetensors with our own names and OUT.onnx hold any model; which "
             "ones the libraries hold is in tools/README.md.\n"
             "Exit codes: 0 done, 64 malformed command line, 65 damaged checkpoint, or a model "
             "that does not fit, 70 internal error, 74 a file that cannot be read or written.",
};

static bool ends_with(const char *text, const char *end) {
    const size_t bytes = strlen(text), wanted = strlen(end);
    return bytes > wanted && strcmp(text + bytes - wanted, end) == 0;
}

static Status settle_names(const ExportCommand *command, ExportWish *wish) {
    const char *target = command->target;
    if (!target)
        wish->names = wish->form == EXPORT_FOLDER ? TENSOR_NAMES_TIMM : TENSOR_NAMES_OWN;
    else if (strcmp(target, "timm") == 0)
        wish->names = TENSOR_NAMES_TIMM;
    else if (strcmp(target, "huggingface") == 0)
        wish->names = TENSOR_NAMES_HUGGING_FACE;
    else
        return status_fail(STATUS_USAGE, "--for must be timm or huggingface, not '%s'", target);
    if (target && wish->form == EXPORT_ONNX)
        return status_fail(STATUS_USAGE,
                           "--for is not for ONNX, in which tensors are found by no name");
    return STATUS_OK;
}

Status export_command_parse(int argc, char **argv, ExportCommand *command, size_t *form) {
    *command = (ExportCommand){0};
    STATUS_TRY(command_line_parse(&export_command_line, argc, argv, command, form));
    if (*form == EXPORT_FORMS)
        return STATUS_OK;
    ExportWish *wish = &command->wish;
    wish->out = command->out;
    wish->form = ends_with(command->out, ".safetensors") ? EXPORT_SAFETENSORS
                 : ends_with(command->out, ".onnx")      ? EXPORT_ONNX
                                                         : EXPORT_FOLDER;
    return settle_names(command, wish);
}
