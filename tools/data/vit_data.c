#include "vit_data.h"

#include "data_command.h"
#include "unfinished.h"
#include "vit/checkpoint.h"
#include "vit/file.h"
#include "vit/kernels.h"
#include "vit/log.h"
#include "vit/threads.h"
#include "vit/version.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* vit_data: makes and looks into data files. */

/* ---- the output ---- */

/* Makes the temporary file of an output, so that a place that cannot be written shows before the
 * work, and has it removed when the program ends before its time. */
static Status output_begin(const char *path) {
    char temporary[FILE_PATH_MAX];
    STATUS_TRY(unfinished_check(NULL, path));
    STATUS_TRY(file_temporary(path, temporary));
    STATUS_TRY(unfinished_add(path));
    int descriptor = open(temporary, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor >= 0) {
        close(descriptor);
        return STATUS_OK;
    }
    unfinished_forget();
    return status_fail(STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
}

static Status print_digest(const char *path, bool renew) {
    char text[DIGEST_TEXT];
    if (renew)
        STATUS_TRY(output_begin(path));
    STATUS_TRY(renew ? checkpoint_renew(path, text) : checkpoint_digest(path, text));
    log_info("%s", text);
    return STATUS_OK;
}

static Status run(const DataCommand *command, DataForm form) {
    int level;
    if (command->out) {
        STATUS_TRY(unfinished_check(command->source, command->out));
        STATUS_TRY(unfinished_check(command->import.train_from, command->out));
        STATUS_TRY(output_begin(command->out));
    }
    switch (form) {
    case DATA_IMPORT:
        STATUS_TRY(threads_check_environment());
        STATUS_TRY(threads_start_own());
        return data_import(command->source, command->out, &command->import);
    case DATA_SYNTH:
        return data_synth(command->out, &command->synth);
    case DATA_INFO:
        return data_info(command->source);
    case DATA_SHEET:
        STATUS_TRY(kernels_wanted(&level));
        if (command->augmented)
            return data_augmented(command->augmented, command->source, command->out);
        return data_sheet(command->source, command->out, command->patches);
    case DATA_DIGEST:
        return print_digest(command->source, command->renew);
    case DATA_FORMS:
        break;
    }
    if (command->help)
        command_line_print_help(stdout, &data_command_line);
    else
        printf("vit_data %s\n", version_text);
    return STATUS_OK;
}

int main(int argc, char **argv) {
    DataCommand command;
    size_t form;
    log_start(true, isatty(STDOUT_FILENO));
    if (argc < 2) {
        command_line_print_help(stderr, &data_command_line);
        return STATUS_USAGE;
    }
    Status status = data_command_parse(argc, argv, &command, &form);
    if (status == STATUS_OK)
        status = run(&command, (DataForm)form);
    if (status == STATUS_OK)
        status = log_check_output();
    if (status != STATUS_OK)
        log_error("%s", status_message());
    unfinished_remove();
    return (int)status;
}
