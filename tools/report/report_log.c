#include "report_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "2026-11-26 22:24:43 " */
enum { STAMP = REPORT_LOG_TIME };

static bool begins(const char *text, const char *with) {
    return strncmp(text, with, strlen(with)) == 0;
}

/* Digit for digit: the page shows it. */
static bool has_stamp(const char *line) {
    static const char form[] = "0000-00-00 00:00:00 ";
    size_t i = 0;
    while (form[i] && (form[i] == '0' ? line[i] >= '0' && line[i] <= '9' : line[i] == form[i]))
        i++;
    return i == STAMP;
}

/* Lines about single saves are some of all; the one at the end of a run's part has their number. */
static void count_saves(ReportLog *log, const char *text, size_t *told) {
    size_t count;
    if (begins(text, "Saved last.h5 after step ")) {
        ++*told;
    } else if (sscanf(text, "Saved last.h5 %zu time", &count) == 1) {
        log->saves += count;
        *told = 0;
    } else if (begins(text, "vit_mpi ")) {
        log->saves += *told;
        *told = 0;
    }
}

static void read_line(ReportLog *log, const char *line, size_t *told) {
    if (!has_stamp(line))
        return;
    const char *text = line + STAMP;
    if (!log->is_there)
        memcpy(log->begin, line, STAMP - 1);
    memcpy(log->end, line, STAMP - 1);
    log->is_there = true;
    log->starts += begins(text, "vit_mpi ") && strstr(text, ": job ");
    log->resumes += begins(text, "Resuming from ");
    log->stops += begins(text, "Stopped after step ");
    log->warnings += begins(text, "Warning: ");
    log->errors += begins(text, "Error: ");
    count_saves(log, text, told);
}

void report_log_read(ReportLog *log, const char *path) {
    char *line = NULL;
    size_t room = 0, told = 0;
    *log = (ReportLog){0};
    FILE *stream = fopen(path, "r");
    if (!stream)
        return;
    while (getline(&line, &room, stream) >= 0)
        read_line(log, line, &told);
    log->saves += told;
    free(line);
    fclose(stream);
}
