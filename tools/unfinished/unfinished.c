#include "unfinished.h"

#include "vit/file.h"
#include <signal.h>
#include <unistd.h>

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
