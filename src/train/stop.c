#define _XOPEN_SOURCE 700 /* strptime */
#include "vit/stop.h"

#include "vit/job.h"
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static volatile sig_atomic_t caught;

static void remember(int signal_number) {
    caught = signal_number;
}

static const struct {
    int number;
    const char *name;
} wishes[] = {{SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"}, {SIGTERM, "SIGTERM"},
              {SIGINT, "SIGINT"},   {SIGXCPU, "SIGXCPU"}, {SIGHUP, "SIGHUP"}};
enum { WISHES = sizeof wishes / sizeof *wishes };

void stop_install(void) {
    struct sigaction action = {.sa_handler = remember, .sa_flags = SA_RESTART}, before;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < WISHES; i++) {
        /* nohup: what is ignored stays ignored. */
        const bool ignored = wishes[i].number == SIGHUP && sigaction(SIGHUP, NULL, &before) == 0 &&
                             before.sa_handler == SIG_IGN;
        if (!ignored)
            sigaction(wishes[i].number, &action, NULL);
    }
    /* Nobody may be left who reads what is said ("| head"), or a file may become larger than the
     * user's limit: write says so, and the run is saved, or goes on without that file. */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
}

const char *stop_requested(void) {
    for (size_t i = 0; i < WISHES; i++)
        if (caught == wishes[i].number)
            return wishes[i].name;
    return NULL;
}

static bool first_rank(void) {
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    if (!rank)
        rank = getenv("SLURM_PROCID");
    return !rank || strcmp(rank, "0") == 0;
}

static bool is_number(const char *text) {
    return text && *text && strspn(text, "0123456789") == strlen(text);
}

/* squeue's %e: local time, "2026-11-24T05:00:00", or a word when there is no limit. A member of an
 * array is asked for by its place there: the job number of one member is that of the whole array.
 * False when there is no answer: no squeue, as in a container, or no controller. */
static bool ask_squeue(const char *job, double *end) {
    const char *array = getenv("SLURM_ARRAY_JOB_ID"), *member = getenv("SLURM_ARRAY_TASK_ID");
    char command[128], answer[64] = "", place[32] = "";
    if (is_number(array) && is_number(member)) {
        job = array;
        snprintf(place, sizeof place, "_%.20s", member);
    }
    snprintf(command, sizeof command, "timeout 10 squeue -h -j %.20s%s -o %%e 2>/dev/null", job,
             place);
    FILE *pipe = popen(command, "r");
    if (!pipe)
        return false;
    const bool answered = fgets(answer, sizeof answer, pipe) && answer[0] != '\n';
    if (pclose(pipe) != 0 || !answered)
        return false;
    struct tm time = {.tm_isdst = -1};
    *end = strptime(answer, "%Y-%m-%dT%H:%M:%S", &time) ? (double)mktime(&time) : INFINITY;
    return true;
}

/* squeue first: a limit may have been changed since the job was started. */
double stop_slurm_end(void) {
    const char *job = getenv("SLURM_JOB_ID"), *told = getenv("SLURM_JOB_END_TIME");
    double end = INFINITY;
    if (!is_number(job) || !first_rank() || ask_squeue(job, &end))
        return end;
    end = is_number(told) ? strtod(told, NULL) : NAN;
    return end > (double)time(NULL) ? end : NAN;
}

double stop_deadline(double limit_minutes, double slurm_end) {
    if (limit_minutes == JOB_TIME_LIMIT_AUTO)
        return isnan(slurm_end) ? INFINITY : slurm_end;
    if (limit_minutes == JOB_TIME_LIMIT_NONE)
        return INFINITY;
    return (double)time(NULL) + 60.0 * limit_minutes;
}

/* Seconds before the time limit in which everything should have been written. Slurm's clock is
 * coarse. */
static const double reserve_s = 10.0;

bool stop_time_is_up(double left_s, double step_s, double save_s, double evaluation_s) {
    return left_s < 2.0 * step_s + 3.0 * save_s + 1.5 * evaluation_s + reserve_s;
}
