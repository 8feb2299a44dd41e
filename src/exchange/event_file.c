#include "vit/event_file.h"

#include "record.h"
#include "vit/file.h"
#include "vit/memory.h"
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EVENT_TIME = 1, EVENT_STEP = 2, EVENT_VERSION = 3, EVENT_SUMMARY = 5, EVENT_SESSION = 7 };
enum { SESSION_STATUS = 1, SESSION_START = 1 };
enum { SUMMARY_VALUE = 1, VALUE_TAG = 1, VALUE_SIMPLE = 2 };

/* ---- records ---- */

/* Frees the event. */
static void add_record(EventFile *file, Wire *event) {
    uint8_t before[RECORD_BEFORE], after[RECORD_AFTER];
    record_frame(event->bytes, event->count, before, after);
    wire_append(&file->pending, before, sizeof before);
    wire_append_message(&file->pending, event);
    wire_append(&file->pending, after, sizeof after);
}

static void add_begin(EventFile *file, double time, uint64_t step) {
    Wire version = {0}, start = {0}, session = {0};
    wire_add_double(&version, EVENT_TIME, time);
    wire_add_text(&version, EVENT_VERSION, "brain.Event:2");
    add_record(file, &version);
    wire_add_double(&start, EVENT_TIME, time);
    wire_add_integer(&start, EVENT_STEP, step);
    wire_add_integer(&session, SESSION_STATUS, SESSION_START);
    wire_add_message(&start, EVENT_SESSION, &session);
    add_record(file, &start);
}

void event_file_add(EventFile *file, double time, uint64_t step, const EventScalar *scalar,
                    size_t scalars) {
    Wire event = {0}, summary = {0};
    for (size_t i = 0; i < scalars; i++) {
        Wire value = {0};
        if (!isfinite(scalar[i].value))
            continue;
        wire_add_text(&value, VALUE_TAG, scalar[i].tag);
        wire_add_float(&value, VALUE_SIMPLE, (float)scalar[i].value);
        wire_add_message(&summary, SUMMARY_VALUE, &value);
    }
    wire_add_double(&event, EVENT_TIME, time);
    wire_add_integer(&event, EVENT_STEP, step);
    wire_add_message(&event, EVENT_SUMMARY, &summary);
    add_record(file, &event);
}

/* ---- the file ---- */

/* This host's as a part of a file's name: Linux takes any bytes for one. */
static void put_host(char host[static HOST_NAME_MAX + 1]) {
    host[0] = host[HOST_NAME_MAX] = '\0';
    gethostname(host, HOST_NAME_MAX);
    for (char *at = host; *at; at++)
        if (!isalnum((unsigned char)*at) && *at != '-' && *at != '_' && *at != '.')
            *at = '_';
}

/* Of several files of a second and a process each has a number of its own. */
static Status make_file(EventFile *file, const char *folder, double time) {
    char host[HOST_NAME_MAX + 1];
    put_host(host);
    for (unsigned number = 0;; number++) {
        const int length =
            snprintf(file->path, FILE_PATH_MAX, "%s/events.out.tfevents.%010lld.%s.%ld.%u", folder,
                     (long long)time, host, (long)getpid(), number);
        if (length >= FILE_PATH_MAX)
            return status_fail(STATUS_IO, "%s: the path is longer than %d bytes", folder,
                               FILE_PATH_MAX - 1);
        file->descriptor =
            open(file->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
        if (file->descriptor >= 0)
            return STATUS_OK;
        if (errno != EEXIST)
            return status_fail(STATUS_IO, "%s: cannot be written: %s", file->path, strerror(errno));
    }
}

Status event_file_create(EventFile *file, const char *folder, uint64_t step, double time) {
    *file = EVENT_FILE_NONE;
    STATUS_TRY(memory_allocate(&file->path, FILE_PATH_MAX, 1, "a path"));
    const Status status = make_file(file, folder, time);
    if (status != STATUS_OK)
        event_file_close(file);
    else
        add_begin(file, time, step);
    return status;
}

static Status write_pending(EventFile *file) {
    const uint8_t *at = file->pending.bytes;
    STATUS_TRY(wire_status(&file->pending));
    for (size_t left = file->pending.count; left > 0;) {
        const ssize_t written = write(file->descriptor, at, left);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return status_fail(STATUS_IO, "%s: cannot be written: %s", file->path, strerror(errno));
        at += written;
        left -= (size_t)written;
    }
    return STATUS_OK;
}

Status event_file_flush(EventFile *file) {
    struct stat about;
    const Status status = write_pending(file);
    wire_free(&file->pending);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (fstat(file->descriptor, &about) == 0 && about.st_size == 0)
        unlink(file->path);
    event_file_close(file);
    return status;
}

void event_file_close(EventFile *file) {
    if (file->descriptor >= 0)
        close(file->descriptor);
    wire_free(&file->pending);
    memory_free(file->path);
    *file = EVENT_FILE_NONE;
}
