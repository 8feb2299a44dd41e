#include "vit/output_file.h"

#include <stdio.h>

static const struct {
    const char *name;
    bool replaced;
} files[OUTPUT_FILES] = {
    [OUTPUT_LAST] = {"last.h5", true},       [OUTPUT_BEST] = {"best.h5", true},
    [OUTPUT_METRICS] = {"metrics.h5", true}, [OUTPUT_TABLE] = {"metrics.csv", true},
    [OUTPUT_JOB] = {"job.ini", true},        [OUTPUT_LOG] = {"log.txt", false},
    [OUTPUT_LOCK] = {".lock", false},
};

#define OLDER_NAME "last.%zu.h5"

const char *output_file_name(OutputFile file) {
    return files[file].name;
}

bool output_file_is_replaced(OutputFile file) {
    return files[file].replaced;
}

static Status check_length(int length, const char *folder) {
    if (length >= FILE_PATH_MAX)
        return status_fail(STATUS_IO, "%s: the path is longer than %d bytes", folder,
                           FILE_PATH_MAX - 1);
    return STATUS_OK;
}

Status output_file_path(const char *folder, OutputFile file, char path[static FILE_PATH_MAX]) {
    return check_length(snprintf(path, FILE_PATH_MAX, "%s/%s", folder, files[file].name), folder);
}

Status output_file_last(const char *folder, size_t index, char path[static FILE_PATH_MAX]) {
    if (index == 0)
        return output_file_path(folder, OUTPUT_LAST, path);
    return check_length(snprintf(path, FILE_PATH_MAX, "%s/" OLDER_NAME, folder, index), folder);
}
