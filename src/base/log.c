#include "vit/log.h"

#include "visible.h"
#include "vit/path_name.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    bool speaks, terminal, transient_shown, output_kept;
    FILE *file;
    pthread_mutex_t mutex; /* of all that is written */
} sink = {.mutex = PTHREAD_MUTEX_INITIALIZER};

enum { LINE_MAX_BYTES = 8192 };

/* What people get to see of it. */
__attribute__((format(printf, 1, 0))) static void compose(const char *format, va_list arguments,
                                                          char text[static LINE_MAX_BYTES]) {
    char raw[LINE_MAX_BYTES];
    vsnprintf(raw, sizeof raw, format, arguments);
    path_name_apply(raw, sizeof raw);
    visible_text(raw, text, LINE_MAX_BYTES);
}

void log_start(bool speaks, bool terminal) {
    sink.speaks = speaks;
    sink.terminal = terminal;
    sink.output_kept = false;
}

void log_keep_output(void) {
    sink.output_kept = true;
    sink.terminal = false;
}

bool log_on_terminal(void) {
    return sink.terminal;
}

Status log_open(const char *path) {
    log_close();
    sink.file = fopen(path, "a");
    if (!sink.file)
        return status_fail(STATUS_IO, "%s: cannot be opened for writing: %s", path,
                           strerror(errno));
    setvbuf(sink.file, NULL, _IOLBF, 0);
    return STATUS_OK;
}

void log_close(void) {
    pthread_mutex_lock(&sink.mutex);
    if (sink.file)
        fclose(sink.file);
    sink.file = NULL;
    pthread_mutex_unlock(&sink.mutex);
}

static void erase_transient(void) {
    if (sink.transient_shown)
        fputs("\r\033[K", stdout);
    sink.transient_shown = false;
}

static void write_to_file(const char *label, const char *text) {
    char stamp[32];
    time_t now = time(NULL);
    struct tm local;
    localtime_r(&now, &local);
    strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &local);
    fprintf(sink.file, "%s %s%s\n", stamp, label, text);
}

static void show_line(FILE *stream, const char *label, const char *text) {
    erase_transient();
    fflush(stdout);
    fprintf(stream, "%s%s\n", label, text);
    fflush(stream);
    if (sink.file)
        write_to_file(label, text);
}

__attribute__((format(printf, 3, 0))) static void
write_line(FILE *stream, const char *label, const char *format, va_list arguments) {
    if (!sink.speaks)
        return;
    char text[LINE_MAX_BYTES];
    compose(format, arguments, text);
    pthread_mutex_lock(&sink.mutex);
    show_line(stream, label, text);
    pthread_mutex_unlock(&sink.mutex);
}

void log_info(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_line(sink.output_kept ? stderr : stdout, "", format, arguments);
    va_end(arguments);
}

void log_warning(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_line(stderr, "Warning: ", format, arguments);
    va_end(arguments);
}

void log_error(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    write_line(stderr, "Error: ", format, arguments);
    va_end(arguments);
}

void log_note(const char *format, ...) {
    if (!sink.speaks)
        return;
    char text[LINE_MAX_BYTES];
    va_list arguments;
    va_start(arguments, format);
    compose(format, arguments, text);
    va_end(arguments);
    /* Who holds it may be stuck, writing to a terminal that nobody reads. */
    struct timespec patience;
    clock_gettime(CLOCK_REALTIME, &patience);
    patience.tv_sec++;
    if (pthread_mutex_timedlock(&sink.mutex, &patience) != 0)
        return;
    if (sink.file)
        write_to_file("", text);
    pthread_mutex_unlock(&sink.mutex);
}

void log_transient(const char *format, ...) {
    if (!sink.speaks || !sink.terminal)
        return;
    char text[LINE_MAX_BYTES];
    va_list arguments;
    va_start(arguments, format);
    compose(format, arguments, text);
    va_end(arguments);
    pthread_mutex_lock(&sink.mutex);
    fputs("\r\033[K", stdout);
    fputs(text, stdout);
    fflush(stdout);
    sink.transient_shown = true;
    pthread_mutex_unlock(&sink.mutex);
}

/* Who reads may have seen enough ("| head"). */
static bool nobody_reads(void) {
    struct pollfd output = {.fd = STDOUT_FILENO};
    return poll(&output, 1, 0) == 1 && (output.revents & POLLERR);
}

Status log_check_output(void) {
    const int failed = fflush(stdout) != 0 ? errno : 0;
    if ((failed || ferror(stdout)) && !nobody_reads())
        return status_fail(STATUS_IO, "standard output: cannot be written: %s",
                           failed ? strerror(failed) : "an earlier write failed");
    return STATUS_OK;
}
