#include "matrix_file.h"

#include "csv.h"
#include "matrix_picture.h"
#include "vit/file.h"
#include "vit/log.h"
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static bool ends_with(const char *path, const char *suffix) {
    const char *dot = strrchr(path, '.');
    return dot && strcasecmp(dot, suffix) == 0;
}

Status matrix_file_check(const char *path) {
    if (ends_with(path, ".csv") || ends_with(path, ".png"))
        return STATUS_OK;
    return status_fail(STATUS_USAGE, "--matrix must end with .csv or .png, not '%s'", path);
}

/* A folder would be noticed only when the file is to take its place. */
static Status check_place(const char *path) {
    struct stat found;
    if (stat(path, &found) == 0 && S_ISDIR(found.st_mode))
        return status_fail(STATUS_IO, "%s: is a folder", path);
    return STATUS_OK;
}

static Status create(const char *temporary, FILE **stream) {
    *stream = fopen(temporary, "w");
    return *stream
               ? STATUS_OK
               : status_fail(STATUS_IO, "%s: cannot be created: %s", temporary, strerror(errno));
}

Status matrix_file_try(const char *path, size_t classes) {
    char temporary[FILE_PATH_MAX];
    FILE *stream;
    if (ends_with(path, ".png"))
        STATUS_TRY(matrix_picture_check(path, classes));
    STATUS_TRY(check_place(path));
    STATUS_TRY(file_temporary(path, temporary));
    STATUS_TRY(create(temporary, &stream));
    fclose(stream);
    unlink(temporary);
    return STATUS_OK;
}

static void print_matrix(FILE *stream, const ClassResults *results, const ClassNames *names) {
    char number[CLASS_NUMBER_TEXT];
    fputs("label", stream);
    for (size_t c = 0; c < results->classes; c++) {
        fputc(',', stream);
        csv_text(stream, class_name(names, c, number));
    }
    for (size_t label = 0; label < results->classes; label++) {
        fputc('\n', stream);
        csv_text(stream, class_name(names, label, number));
        for (size_t answer = 0; answer < results->classes; answer++)
            fprintf(stream, ",%" PRIu32, class_results_count(results, label, answer));
    }
    fputc('\n', stream);
}

static Status write_table(const char *temporary, const ClassResults *results,
                          const ClassNames *names) {
    FILE *stream;
    STATUS_TRY(create(temporary, &stream));
    errno = 0;
    print_matrix(stream, results, names);
    const bool written = !ferror(stream);
    if (fclose(stream) == 0 && written)
        return STATUS_OK;
    const int reason = errno;
    unlink(temporary);
    return status_fail(STATUS_IO, "%s: cannot be written: %s", temporary,
                       reason ? strerror(reason) : "an earlier write failed");
}

Status matrix_file_write(const char *path, const ClassResults *results, const ClassNames *names) {
    char temporary[FILE_PATH_MAX];
    if (ends_with(path, ".png"))
        return matrix_picture_write(path, results, names);
    STATUS_TRY(file_temporary(path, temporary));
    STATUS_TRY(write_table(temporary, results, names));
    STATUS_TRY(file_commit(temporary, path));
    log_info("%s: %zu x %zu classes.", path, results->classes, results->classes);
    return STATUS_OK;
}
