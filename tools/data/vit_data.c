#include "vit_data.h"

#include "vit/checkpoint.h"
#include "vit/file.h"
#include "vit/log.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* vit_data: makes and looks into data files. */

static const char usage[] =
    "vit_data import SOURCE OUT.h5         makes a data file from the CIFAR-100 or CIFAR-10 "
    "'binary\n"
    "                                      version': a folder, or its .tar.gz or .tar.xz\n"
    "vit_data synth OUT.h5 [--classes 100] [--train 20000] [--test 4000] [--seed 1]\n"
    "                                      draws pictures of coloured shapes in the same layout\n"
    "vit_data info FILE.h5                 counts, means, digests; verifies the whole file\n"
    "vit_data sheet FILE.h5 OUT.png [--patches]\n"
    "                                      contact sheet with class names; with --patches one "
    "image\n"
    "                                      as the grid of patches that the model sees\n"
    "vit_data digest CHECKPOINT.h5         SHA-256 of a checkpoint's weights\n"
    "\n"
    "Exit codes: 0 done, 64 malformed command line, 65 damaged or unfit data, 70 internal error,\n"
    "74 a file that cannot be read or written.\n";

/* ---- the unfinished output ---- */

/* What a signal handler removes; empty when there is nothing to remove. */
static char unfinished[FILE_PATH_MAX];

static void remove_unfinished(void) {
    if (unfinished[0])
        unlink(unfinished);
    unfinished[0] = '\0';
}

/* Ends the process the way the signal would have. The default comes back only when nothing is left
 * to remove: with SA_RESETHAND a second signal close to the first one (timeout and launchers send
 * two) ends the process before the handler has begun. */
static void on_signal(int number) {
    if (unfinished[0])
        unlink(unfinished);
    signal(number, SIG_DFL);
    raise(number);
}

/* What is ignored stays ignored: nohup, or a shell's background job. */
static void catch_signals(void) {
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action = {.sa_handler = on_signal}, old;
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

/* Makes the temporary file of an output, so that a place that cannot be written shows before the
 * work, and has it removed when the program ends before its time. */
static Status output_begin(const char *path) {
    struct stat found;
    char temporary[FILE_PATH_MAX];
    STATUS_TRY(file_temporary(path, temporary));
    if (stat(path, &found) == 0 && S_ISDIR(found.st_mode))
        return status_fail(STATUS_IO, "%s: is a folder", path);
    memcpy(unfinished, temporary, sizeof unfinished);
    catch_signals(); /* before there is anything to leave behind */
    int descriptor = open(temporary, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor >= 0) {
        close(descriptor);
        return STATUS_OK;
    }
    unfinished[0] = '\0';
    return status_fail(STATUS_IO, "%s: cannot be written: %s", path, strerror(errno));
}

/* ---- the command line ---- */

static Status check_arguments(int count, int wanted, const char *what) {
    if (count == wanted)
        return STATUS_OK;
    return status_fail(STATUS_USAGE, "%s arguments; wanted: %s",
                       count < wanted ? "too few" : "too many", what);
}

/* The next option's value, or -1 at the end; '?' with a message when there is no such option. */
static int next_option(int count, char **arguments, const struct option *options) {
    opterr = 0;
    int found = getopt_long(count, arguments, ":", options, NULL);
    if (found == ':')
        status_fail(STATUS_USAGE, "%s needs a value", arguments[optind - 1]);
    else if (found == '?')
        status_fail(STATUS_USAGE, "unknown option %s", arguments[optind - 1]);
    return found == ':' ? '?' : found;
}

static Status parse_count(const char *name, const char *text, uint64_t least, uint64_t most,
                          uint64_t *value) {
    char *end;
    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || number < least || number > most)
        return status_fail(STATUS_USAGE, "--%s %s: must be a whole number from %llu to %llu", name,
                           text, (unsigned long long)least, (unsigned long long)most);
    *value = number;
    return STATUS_OK;
}

/* A subcommand is given its own name as arguments[0]. */

static Status run_import(int count, char **arguments) {
    static const struct option none[] = {{0}};
    if (next_option(count, arguments, none) != -1)
        return STATUS_USAGE;
    STATUS_TRY(check_arguments(count - optind, 2, "SOURCE OUT.h5"));
    STATUS_TRY(output_begin(arguments[optind + 1]));
    return data_import(arguments[optind], arguments[optind + 1]);
}

static Status run_synth(int count, char **arguments) {
    static const struct option options[] = {{"classes", required_argument, NULL, 0},
                                            {"train", required_argument, NULL, 1},
                                            {"test", required_argument, NULL, 2},
                                            {"seed", required_argument, NULL, 3},
                                            {0}};
    static const uint64_t least[] = {SYNTH_CLASSES_MIN, 1, 0, 0};
    static const uint64_t most[] = {SYNTH_CLASSES_MAX, SYNTH_IMAGES_MAX, SYNTH_IMAGES_MAX,
                                    UINT64_MAX};
    SynthOptions synth = {.classes = 100, .train = 20000, .test = 4000, .seed = 1};
    uint64_t *const values[] = {&synth.classes, &synth.train, &synth.test, &synth.seed};
    for (int found; (found = next_option(count, arguments, options)) != -1;) {
        if (found == '?')
            return STATUS_USAGE;
        STATUS_TRY(
            parse_count(options[found].name, optarg, least[found], most[found], values[found]));
    }
    STATUS_TRY(check_arguments(count - optind, 1, "OUT.h5"));
    STATUS_TRY(output_begin(arguments[optind]));
    return data_synth(arguments[optind], &synth);
}

static Status run_info(int count, char **arguments) {
    static const struct option none[] = {{0}};
    if (next_option(count, arguments, none) != -1)
        return STATUS_USAGE;
    STATUS_TRY(check_arguments(count - optind, 1, "FILE.h5"));
    return data_info(arguments[optind]);
}

static Status run_sheet(int count, char **arguments) {
    static const struct option options[] = {{"patches", no_argument, NULL, 'p'}, {0}};
    bool patches = false;
    for (int found; (found = next_option(count, arguments, options)) != -1;) {
        if (found == '?')
            return STATUS_USAGE;
        patches = true;
    }
    STATUS_TRY(check_arguments(count - optind, 2, "FILE.h5 OUT.png"));
    STATUS_TRY(output_begin(arguments[optind + 1]));
    return data_sheet(arguments[optind], arguments[optind + 1], patches);
}

static Status run_digest(int count, char **arguments) {
    static const struct option none[] = {{0}};
    char text[DIGEST_TEXT];
    if (next_option(count, arguments, none) != -1)
        return STATUS_USAGE;
    STATUS_TRY(check_arguments(count - optind, 1, "CHECKPOINT.h5"));
    STATUS_TRY(checkpoint_digest(arguments[optind], text));
    log_info("%s", text);
    return STATUS_OK;
}

static Status run(int count, char **arguments) {
    static const struct {
        const char *name;
        Status (*run)(int count, char **arguments);
    } commands[] = {{"import", run_import},
                    {"synth", run_synth},
                    {"info", run_info},
                    {"sheet", run_sheet},
                    {"digest", run_digest}};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(arguments[1], commands[i].name) == 0)
            return commands[i].run(count - 1, arguments + 1);
    return status_fail(STATUS_USAGE, "unknown subcommand %s", arguments[1]);
}

int main(int count, char **arguments) {
    log_start(true, false);
    if (count < 2) {
        fputs(usage, stderr);
        return STATUS_USAGE;
    }
    if (strcmp(arguments[1], "--help") == 0 || strcmp(arguments[1], "-h") == 0) {
        fputs(usage, stdout);
        return (int)log_check_output();
    }
    Status status = run(count, arguments);
    if (status == STATUS_OK)
        status = log_check_output();
    if (status != STATUS_OK)
        log_error("%s", status_message());
    if (status == STATUS_USAGE)
        fputs("See vit_data --help.\n", stderr);
    remove_unfinished();
    return (int)status;
}
