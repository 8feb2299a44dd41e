#include "unfinished.h"

#include "vit/file.h"
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static Status check_apart(const char *in, const char *out) {
    struct stat one, other;
    if (!in || stat(in, &one) != 0 || stat(out, &other) != 0 || one.st_dev != other.st_dev ||
        one.st_ino != other.st_ino)
        return STATUS_OK;
    return status_fail(STATUS_USAGE, "%s: would be overwritten, and is what is read", out);
}

Status unfinished_check(const char *in, const char *output) {
    char temporary[FILE_PATH_MAX];
    struct stat found;
    STATUS_TRY(file_temporary(output, temporary));
    if (stat(output, &found) == 0 && S_ISDIR(found.st_mode))
        return status_fail(STATUS_IO, "%s: is a folder", output);
    STATUS_TRY(check_apart(in, output));
    return check_apart(in, temporary);
}

/* What the handler of signals removes: the first `files`. */
static char unfinished[UNFINISHED_MOST][FILE_PATH_MAX];
static volatile sig_atomic_t files;

/* Ends the process the way the signal would have. The default comes back only when nothing is left
 * to remove: with SA_RESETHAND a second signal close to the first one (timeout and launchers send
 * two) ends the process before the handler has begun. */
static void on_signal(int number) {
    for (int i = 0; i < files; i++)
        unlink(unfinished[i]);
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_signals(void) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGBUS};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action = {.sa_handler = on_signal}, old;
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
    signal(SIGXFSZ, SIG_IGN);
}

Status unfinished_add(const char *output) {
    STATUS_TRY(file_temporary(output, unfinished[files]));
    files = files + 1;
    catch_signals(); /* before there is anything to leave behind */
    return STATUS_OK;
}

void unfinished_remove(void) {
    for (int i = 0; i < files; i++)
        unlink(unfinished[i]);
    files = 0;
}

void unfinished_forget(void) {
    files = 0;
}
