#include "vit/watchdog.h"

#include "neighbours.h"
#include "vit/clock.h"
#include "vit/interfaces.h"
#include "vit/launcher.h"
#include "vit/log.h"
#include "vit/stop.h"
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Seconds of standing still after which a rank of this host that is gone ends the job: launchers do
 * it after one or two, if they are alive themselves. And seconds for MPI_Abort. */
static const double lost_peer_s = 5.0, gone_s = 2.0;
enum { abort_s = 2 };

static struct {
    /* Whom this rank knows; the thread's while it has the mutex. Until the ranks have met it is
     * what the launcher's environment tells, without a communicator. */
    Ranks ranks;
    Neighbours near;
    bool one_host; /* all ranks are on it */
    bool running;
    int error; /* the system's, when the thread could not be started */
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t end;
    bool ending;
    double gone_at; /* the thread's: when a lost rank was first seen; 0: there is none */
    _Atomic double limit_s;
    atomic_ulong beats;
    _Atomic(const char *) work;
    atomic_int kind;
    bool placed; /* the run has said where it begins: */
    unsigned long long first_step;
    atomic_bool stepped; /* beyond which it has come */
    atomic_ullong step, saved;
} dog = {.mutex = PTHREAD_MUTEX_INITIALIZER, .work = "start"};

/* ---- the end ---- */

/* Before the ranks have met every other one may be on another host, which a launcher needs seconds
 * to end: ranks 1, 2, 4, 8, ... take turns, so that one of them lives wherever the culprits are,
 * and the others come last, silently. */
enum { LAST_TURN = 16 };
static int early_turn(void) {
    const int rank = dog.ranks.rank;
    int turn = 0;
    while (turn < LAST_TURN && rank >> turn > 0)
        turn++;
    return (rank & (rank - 1)) == 0 ? turn : LAST_TURN;
}

static bool has_met(void) {
    return dog.near.count > 0;
}

/* Seconds beyond the limit after which this rank speaks: the host's first one at once when it knows
 * what is wrong, the others when they still live then, since the first one to speak ends all. */
static double patience(bool knows) {
    const bool first = has_met() ? dog.near.first_host : dog.ranks.rank == 0;
    const double mine = (double)dog.near.mine, turn = mine > 0.0 ? 2.0 + 0.25 * mine : 0.0;
    const double own = !has_met() ? 3.0 * early_turn() : turn < 6.0 ? turn : 6.0;
    return own + (knows ? 0.0 : first ? 1.0 : 6.0);
}

static void last_save(char *text, size_t bytes) {
    const unsigned long long saved = atomic_load(&dog.saved);
    if (saved)
        snprintf(text, bytes, "last save after step %llu", saved);
    else
        snprintf(text, bytes, "nothing is saved yet");
}

/* MPI_Abort asks the launcher, which may be what is stuck. */
static void end_alone(int unused) {
    (void)unused;
    _exit(STATUS_INTERNAL);
}

static void tell(const char *reason, const char *advice) {
    char saved[64];
    last_save(saved, sizeof saved);
    fprintf(stderr, "Error: rank %d on %s stands still in phase '%s' after step %llu: %s; %s%s\n",
            dog.ranks.rank, dog.ranks.host, atomic_load(&dog.work), atomic_load(&dog.step), reason,
            saved, advice);
    fflush(stderr);
    log_note("Error: stands still in phase '%s' after step %llu: %s; %s%s", atomic_load(&dog.work),
             atomic_load(&dog.step), reason, saved, advice);
}

/* Says why, and what may help ("; ..." or ""), and ends the job. */
static void bark(const char *reason, const char *advice) {
    signal(SIGALRM, end_alone);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
    alarm(abort_s);
    if (has_met() || early_turn() < LAST_TURN)
        tell(reason, advice);
    /* In MPI_Init there is nothing yet to abort; the launcher ends the others. */
    if (dog.ranks.comm == MPI_COMM_NULL)
        _exit(STATUS_INTERNAL);
    MPI_Abort(dog.ranks.comm, STATUS_INTERNAL);
}

/* A launcher that ends the job, because a rank died or somebody wants it, sends TERM and kills a
 * second later. Rank 0 cannot stop in order when it waits for one that is no more: it leaves a line
 * in the log file, where a standard output may already be gone. */
static void note_end(void) {
    char saved[64];
    last_save(saved, sizeof saved);
    log_note("%s while this rank stood still in phase '%s' after step %llu: if the launcher named "
             "a rank that died, that is why; %s",
             stop_requested(), atomic_load(&dog.work), atomic_load(&dog.step), saved);
}

/* ---- the watch ---- */

/* Seconds between two looks: few, since the time between TERM and KILL is short; when so many have
 * passed, this process was stopped itself. */
static const double look_interval_s = 0.1, asleep_s = 2.0;

static struct timespec next_look(void) {
    struct timespec when;
    clock_gettime(CLOCK_MONOTONIC, &when);
    when.tv_nsec += (long)(1e9 * look_interval_s);
    when.tv_sec += when.tv_nsec / 1000000000;
    when.tv_nsec %= 1000000000;
    return when;
}

/* Whether a rank of this host has been gone for so long that it was lost: the first to tell what is
 * wrong ends too, and its launcher then ends the rest. */
static bool is_lost(bool gone) {
    if (!gone)
        dog.gone_at = 0.0;
    else if (dog.gone_at == 0.0)
        dog.gone_at = clock_now();
    return gone && clock_now() - dog.gone_at >= gone_s;
}

/* What may be stuck, when this rank knows of no culprit on its host. */
static const char *suspect(bool own_work) {
    if (own_work || dog.ranks.size == 1)
        return "its own work does not end; a file system may be stuck";
    return dog.one_host ? "another rank does not answer"
                        : "a rank on another host, or the network, is stuck";
}

/* What may help then, as "; ..." or "". The first messages are too short for a host's ranks to copy
 * them from each other; ranks that have once finished a step know the way to each other. */
static void advise(char *text, size_t bytes) {
    enum { MOST = 16 };
    Interface interface[MOST];
    *text = '\0';
    if (dog.ranks.size == 1)
        return;
    if (dog.one_host && dog.near.count) {
        snprintf(text, bytes,
                 "; in a container that hinders large messages between processes, "
                 "OMPI_MCA_btl_vader_single_copy_mechanism=none helps");
    } else if (!dog.one_host && !atomic_load(&dog.stepped)) {
        snprintf(text, bytes, "; ");
        interfaces_describe(interfaces_find(MOST, interface), interface,
                            getenv("OMPI_MCA_btl_tcp_if_include"),
                            getenv("OMPI_MCA_btl_tcp_if_exclude"), text + 2, bytes - 2);
    }
}

/* Who or what stands still, for a message; culprit NULL: this rank knows of none on its host. */
static void describe(const Neighbour *culprit, const char *what, bool own_work, double limit_s,
                     char *reason, size_t bytes) {
    if (culprit)
        snprintf(reason, bytes,
                 "rank %d on %.100s (process %ld) %s, for %g minutes now ([run] stall_timeout)",
                 culprit->rank, dog.ranks.host, culprit->process, what, limit_s / 60.0);
    else
        snprintf(reason, bytes, "%s, for %g minutes now ([run] stall_timeout)", suspect(own_work),
                 limit_s / 60.0);
}

/* One that is waited for together has stood still for a while: ends the job when it is time to. */
static void judge(double still_s, bool own_work, double limit_s) {
    char reason[256], advice[1024] = "";
    const char *what = NULL;
    bool gone = false;
    const Neighbour *culprit = own_work ? NULL : neighbours_culprit(&dog.near, &what, &gone);
    const bool lost = is_lost(culprit && gone);
    if (culprit && gone && !lost)
        return;
    if (lost && still_s >= lost_peer_s + 0.5 * patience(true)) {
        snprintf(reason, sizeof reason, "rank %d on %.100s (process %ld) %s", culprit->rank,
                 dog.ranks.host, culprit->process, what);
        bark(reason, advice);
    }
    if (still_s < limit_s + (own_work ? 0.0 : patience(culprit != NULL)))
        return;
    describe(culprit, what, own_work, limit_s, reason, sizeof reason);
    if (!culprit && !own_work)
        advise(advice, sizeof advice);
    bark(reason, advice);
}

/* The master thread has given no sign for some seconds. */
static void look(double still_s, bool *noted) {
    const bool asked = stop_requested() && strncmp(stop_requested(), "SIGUSR", 6) != 0;
    const int kind = atomic_load(&dog.kind);
    const bool own_work = kind == WATCHDOG_OWN_WORK;
    const double limit_s = kind == WATCHDOG_OUTSIDE ? INFINITY : atomic_load(&dog.limit_s);
    const double first_s = lost_peer_s - gone_s;
    if (asked && !own_work && !*noted && still_s > 0.3) {
        note_end();
        *noted = true;
    }
    if (still_s >= (own_work || limit_s < first_s ? limit_s : first_s))
        judge(still_s, own_work, limit_s);
}

static void *watch(void *unused) {
    (void)unused;
    unsigned long seen = atomic_load(&dog.beats);
    double since = clock_now(), looked = since;
    bool noted = false;
    pthread_mutex_lock(&dog.mutex);
    while (!dog.ending) {
        const struct timespec when = next_look();
        pthread_cond_timedwait(&dog.end, &dog.mutex, &when);
        const unsigned long beats = atomic_load(&dog.beats);
        const double now = clock_now();
        /* A job that is suspended and goes on has not stood still. */
        if (beats != seen || now - looked > asleep_s)
            since = now;
        else if (!dog.ending)
            look(now - since, &noted);
        seen = beats;
        looked = now;
    }
    pthread_mutex_unlock(&dog.mutex);
    return NULL;
}

/* ---- for the master thread ---- */

static void start_thread(void) {
    /* The time of day may be set while the job runs. */
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&dog.end, &monotonic);
    pthread_condattr_destroy(&monotonic);
    /* Signals are the master thread's. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    dog.error = pthread_create(&dog.thread, NULL, watch, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    dog.running = dog.error == 0;
}

void watchdog_start(double minutes) {
    dog.ranks = (Ranks){.comm = MPI_COMM_NULL, .rank = launcher_rank(), .size = launcher_ranks()};
    gethostname(dog.ranks.host, sizeof dog.ranks.host - 1);
    dog.one_host = launcher_is_one_host();
    dog.ending = false;
    dog.placed = false;
    dog.gone_at = 0.0;
    atomic_store(&dog.stepped, false);
    watchdog_set_limit(minutes);
    start_thread();
}

/* What the thread may look at from now on. */
static void note_ranks(const Ranks *ranks, const Neighbours *near) {
    pthread_mutex_lock(&dog.mutex);
    dog.ranks = *ranks;
    dog.near = *near;
    if (near->count)
        dog.one_host = near->count == (size_t)ranks->size;
    pthread_mutex_unlock(&dog.mutex);
}

Status watchdog_meet(const Ranks *ranks) {
    Neighbours near = {0};
    note_ranks(ranks, &near);
    watchdog_work("the first message between ranks", WATCHDOG_TOGETHER);
    STATUS_TRY(ranks_agree(ranks, dog.running
                                      ? STATUS_OK
                                      : status_fail(STATUS_INTERNAL,
                                                    "the watchdog's thread cannot be started: %s",
                                                    strerror(dog.error))));
    const Status status = neighbours_find(&near, ranks);
    note_ranks(ranks, &near);
    watchdog_work("start", WATCHDOG_TOGETHER);
    return status;
}

void watchdog_set_limit(double minutes) {
    atomic_store(&dog.limit_s, 60.0 * minutes);
}

void watchdog_stop(void) {
    if (dog.running) {
        pthread_mutex_lock(&dog.mutex);
        dog.ending = true;
        pthread_cond_signal(&dog.end);
        pthread_mutex_unlock(&dog.mutex);
        pthread_join(dog.thread, NULL);
        pthread_cond_destroy(&dog.end);
        dog.running = false;
    }
    neighbours_free(&dog.near);
}

void watchdog_work(const char *what, WatchdogKind kind) {
    atomic_store(&dog.work, what);
    atomic_store(&dog.kind, (int)kind);
    watchdog_tick();
}

void watchdog_first_works(const char *what) {
    watchdog_work(what, dog.ranks.rank == 0 ? WATCHDOG_OWN_WORK : WATCHDOG_TOGETHER);
}

void watchdog_position(uint64_t step, uint64_t saved) {
    if (!dog.placed)
        dog.first_step = step;
    dog.placed = true;
    atomic_store(&dog.stepped, step > dog.first_step);
    atomic_store(&dog.step, step);
    atomic_store(&dog.saved, saved);
    watchdog_tick();
}

void watchdog_tick(void) {
    atomic_fetch_add_explicit(&dog.beats, 1, memory_order_relaxed);
}
