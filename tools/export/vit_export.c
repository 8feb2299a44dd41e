#include "export.h"
#include "export_advice.h"
#include "export_command.h"
#include "unfinished.h"
#include "vit/log.h"
#include "vit/version.h"
#include <stdio.h>
#include <unistd.h>

/* vit_export: the model of a checkpoint for other software. */

static Status export_model(const ExportCommand *command) {
    TrainedModel model;
    if (command->wish.form != EXPORT_FOLDER)
        STATUS_TRY(unfinished_check(command->checkpoint, command->out));
    Status status = trained_model_read(&model, command->checkpoint);
    if (status == STATUS_OK)
        status = export_write(&model, &command->wish);
    if (status == STATUS_OK)
        export_advice_show(&model, &command->wish);
    trained_model_free(&model);
    return status;
}

static Status run(const ExportCommand *command, size_t form) {
    if (form != EXPORT_FORMS)
        return export_model(command);
    if (command->help)
        command_line_print_help(stdout, &export_command_line);
    else
        printf("vit_export %s\n", version_text);
    return STATUS_OK;
}

int main(int argc, char **argv) {
    ExportCommand command;
    size_t form;
    log_start(true, isatty(STDOUT_FILENO));
    if (argc < 2) {
        command_line_print_help(stderr, &export_command_line);
        return STATUS_USAGE;
    }
    Status status = export_command_parse(argc, argv, &command, &form);
    if (status == STATUS_OK)
        status = run(&command, form);
    if (status == STATUS_OK)
        status = log_check_output();
    if (status != STATUS_OK)
        log_error("%s", status_message());
    return (int)status;
}
