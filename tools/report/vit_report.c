#include "vit_report.h"

#include "report_command.h"
#include "unfinished.h"
#include "vit/alike.h"
#include "vit/file.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/threads.h"
#include "vit/version.h"
#include "vit/watchdog.h"
#include "vit/world.h"
#include <errno.h>
#include <mpi.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* vit_report: a page about what came of training. One process, on all threads. */

typedef struct Report {
    size_t count;
    ReportRun run[REPORT_RUNS_MOST];   /* [count] */
    ReportData data[REPORT_RUNS_MOST]; /* of each run */
    AnswersFrom from;                  /* but for the checkpoint */
    Html html;
} Report;

/* ---- the page ---- */

/* Answers of the trainer's evaluation; what it does not give is told on the page. */
static Status write_answers(Html *html, const ReportRun *run, const ReportData *data,
                            AnswersFrom from) {
    char checkpoint[FILE_PATH_MAX];
    Answers answers = {0};
    STATUS_TRY(output_file_path(run->folder, run->weights, checkpoint));
    from.checkpoint = checkpoint;
    Status status = answers_of_data(&from, data->path, &answers);
    if (status == STATUS_OK)
        status = report_results(html, run, data, &answers);
    else if (status != STATUS_INTERNAL) {
        report_no_results(html, status_message());
        status = STATUS_OK;
    }
    answers_free(&answers);
    return status;
}

static Status write_results(Html *html, const Report *report) {
    report_section(html, "results", "Results on the test split");
    for (size_t i = 0; i < report->count; i++) {
        report_subsection(html, &report->run[i], report->count);
        if (report->data[i].missing[0])
            report_no_results(html, report->data[i].missing);
        else
            STATUS_TRY(write_answers(html, &report->run[i], &report->data[i], report->from));
    }
    return STATUS_OK;
}

static Status write_sight(Html *html, const Report *report) {
    report_section(html, "sight", "What the model looks at");
    for (size_t i = 0; i < report->count; i++) {
        report_subsection(html, &report->run[i], report->count);
        STATUS_TRY(report_sight(html, &report->run[i], &report->data[i]));
        STATUS_TRY(report_weights(html, &report->run[i]));
    }
    return STATUS_OK;
}

static Status write_page(Html *html, const Report *report) {
    report_begin(html, report->run, report->count);
    report_summary(html, report->run, report->count);
    STATUS_TRY(report_curves(html, report->run, report->count));
    report_settings(html, report->run, report->count);
    STATUS_TRY(write_results(html, report));
    STATUS_TRY(write_sight(html, report));
    report_end(html);
    return html->status;
}

/* ---- files ---- */

/* On error what there is of it is left to its caller. */
static Status write_temporary(const Html *html, const char *path) {
    FILE *stream = fopen(path, "wb");
    if (!stream)
        return status_fail(STATUS_IO, "%s: cannot be created: %s", path, strerror(errno));
    const bool written =
        html->length == 0 || fwrite(html->text, 1, html->length, stream) == html->length;
    const int reason = errno;
    if (fclose(stream) == 0 && written)
        return STATUS_OK;
    return status_fail(STATUS_IO, "%s: cannot be written: %s", path,
                       strerror(written ? errno : reason));
}

/* What would keep a page from its place is told before it is made, which may take hours. */
static Status check_place(const char *path) {
    char temporary[FILE_PATH_MAX];
    struct stat there;
    if (stat(path, &there) == 0 && !S_ISREG(there.st_mode))
        return status_fail(STATUS_IO, "%s: is not a file that a page can replace", path);
    STATUS_TRY(file_temporary(path, temporary));
    STATUS_TRY(unfinished_add(path));
    const Html none = {0};
    const Status status = write_temporary(&none, temporary);
    unfinished_remove();
    return status;
}

static Status write_file(const Html *html, const char *path) {
    char temporary[FILE_PATH_MAX];
    STATUS_TRY(file_temporary(path, temporary));
    STATUS_TRY(unfinished_add(path));
    Status status = write_temporary(html, temporary);
    if (status == STATUS_OK)
        status = file_commit(temporary, path);
    unfinished_remove();
    if (status != STATUS_OK)
        return status;
    log_info("%s: %.2f MB", path, 1e-6 * (double)html->length);
    return STATUS_OK;
}

/* ---- the program ---- */

static Status read_all(Report *report, const ReportCommand *command) {
    for (size_t i = 0; i < command->count; i++) {
        report->count = i + 1;
        STATUS_TRY(report_run_read(&report->run[i], command->folders[i]));
        STATUS_TRY(report_data_open(&report->data[i], &report->run[i].model, command->data));
    }
    report_run_name(report->run, report->count);
    return STATUS_OK;
}

static void report_free(Report *report) {
    for (size_t i = 0; i < report->count; i++) {
        report_run_free(&report->run[i]);
        report_data_free(&report->data[i]);
    }
    html_free(&report->html);
}

static Status make(Report *report, const ReportCommand *command) {
    char path[FILE_PATH_MAX];
    STATUS_TRY(report_command_out(command, path));
    STATUS_TRY(check_place(path));
    STATUS_TRY(threads_check_environment());
    STATUS_TRY(threads_start_own());
    STATUS_TRY(read_all(report, command));
    STATUS_TRY(write_page(&report->html, report));
    return write_file(&report->html, path);
}

static Status run(const ReportCommand *command, const Ranks *ranks,
                  const ArithmeticChoice *choice) {
    Report *report = NULL;
    if (command->help)
        command_line_print_help(stdout, &report_command_line);
    else if (command->version)
        printf("vit_report %s\n", version_text);
    if (command->help || command->version)
        return STATUS_OK;
    STATUS_TRY(memory_allocate(&report, 1, sizeof *report, "the report"));
    report->from = (AnswersFrom){.ranks = ranks, .arithmetic = choice};
    const Status status = make(report, command);
    report_free(report);
    memory_free(report);
    return status;
}

/* Between the start and the end of MPI. */
static Status tell(int argc, char **argv, const Arithmetic *own) {
    Ranks ranks;
    ArithmeticChoice choice;
    ReportCommand command = {0};
    ranks_init(&ranks, MPI_COMM_WORLD);
    log_start(ranks.rank == 0, isatty(STDOUT_FILENO));
    Status status = watchdog_meet(&ranks);
    if (status == STATUS_OK)
        status = alike_choose(&ranks, own, &choice);
    if (status == STATUS_OK)
        status = report_command_parse(argc, argv, &command);
    if (status == STATUS_OK && ranks.size > 1)
        status =
            status_fail(STATUS_USAGE, "vit_report is one process: start it without a launcher");
    watchdog_stop();
    if (status == STATUS_OK)
        status = run(&command, &ranks, &choice);
    if (status == STATUS_OK)
        status = log_check_output();
    report_command_free(&command);
    return status;
}

int main(int argc, char **argv) {
    Arithmetic own;
    Status status = world_enter(&argc, &argv, &own);
    if (status == STATUS_OK)
        status = tell(argc, argv, &own);
    if (status != STATUS_OK)
        log_error("%s", status_message());
    log_close();
    return world_leave(status);
}
