#include "vit/watchdog.h"

#include "vit/clock.h"
#include "vit/hash.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit/stop.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Seconds of standing still after which a rank of this host that is gone ends the job: launchers do
 * it after one or two, if they are alive themselves. And seconds for MPI_Abort. */
static const double lost_peer_s = 5.0, gone_s = 2.0;
enum { abort_s = 2 };

/* A rank of this host, this one too. */
typedef struct Neighbour {
    int rank;
    long process;
} Neighbour;

static struct {
    Ranks ranks;
    Neighbour *neighbour; /* [neighbours], in order of rank */
    size_t neighbours;
    size_t mine;     /* this rank's place among them */
    bool first_host; /* rank 0 is on it */
    bool running;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t end;
    bool ending;
    double gone_at; /* the thread's: when a lost rank was first seen; 0: there is none */
    _Atomic double limit_s;
    atomic_ulong beats;
    _Atomic(const char *) work;
    atomic_int kind;
    atomic_ullong step, saved;
} dog = {.mutex = PTHREAD_MUTEX_INITIALIZER, .work = "start"};

/* ---- the others of this host ---- */

/* Linux's letter for the state of a process; 'X' when there is none, '?' when it cannot be told. */
static char process_state(long process) {
    char path[64], text[512] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", process);
    FILE *file = fopen(path, "r");
    /* Only where Linux shows any process does a missing one tell something. */
    if (!file)
        return errno == ENOENT && access("/proc/self/stat", F_OK) == 0 ? 'X' : '?';
    /* The name before the state, in brackets, may hold anything. */
    const char *name = fgets(text, sizeof text, file) ? strrchr(text, ')') : NULL;
    fclose(file);
    const bool told = name && name[1] == ' ' && name[2];
    return (char)(told ? name[2] : '?');
}

static const char has_ended[] = "has ended";

/* What keeps a process from answering, or NULL. */
static const char *trouble(long process) {
    switch (process_state(process)) {
    case 'T':
        return "is stopped by a signal";
    case 't':
        return "is held by a debugger";
    case 'D':
        return "waits for a disk or a file system";
    case 'Z':
    case 'X':
        return has_ended;
    default:
        return NULL;
    }
}

/* The first other rank of this host that cannot answer; NULL when there is none. */
static const Neighbour *find_culprit(const char **what) {
    for (size_t i = 0; i < dog.neighbours; i++)
        if (i != dog.mine && (*what = trouble(dog.neighbour[i].process)))
            return &dog.neighbour[i];
    return NULL;
}

/* ---- the end ---- */

/* Seconds beyond the limit after which this rank speaks: the host's first one at once when it knows
 * what is wrong, the others when they still live then, since the first one to speak ends all. */
static double patience(bool knows) {
    const double turn = dog.mine ? 2.0 + 0.25 * (double)dog.mine : 0.0;
    return (turn < 6.0 ? turn : 6.0) + (knows ? 0.0 : dog.first_host ? 1.0 : 3.0);
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

/* Says why, and ends the job. */
static void bark(const char *reason) {
    char saved[64];
    last_save(saved, sizeof saved);
    signal(SIGALRM, end_alone);
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, SIGALRM);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
    alarm(abort_s);
    fprintf(stderr, "Error: rank %d on %s stands still in phase '%s' after step %llu: %s; %s\n",
            dog.ranks.rank, dog.ranks.host, atomic_load(&dog.work), atomic_load(&dog.step), reason,
            saved);
    fflush(stderr);
    log_note("Error: stands still in phase '%s' after step %llu: %s; %s", atomic_load(&dog.work),
             atomic_load(&dog.step), reason, saved);
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

/* Who or what stands still, for a message; culprit NULL: this rank knows of none on its host. */
static void describe(const Neighbour *culprit, const char *what, bool own_work, double limit_s,
                     char *reason, size_t bytes) {
    if (culprit)
        snprintf(reason, bytes,
                 "rank %d on %.100s (process %ld) %s, for %g minutes now ([run] stall_timeout)",
                 culprit->rank, dog.ranks.host, culprit->process, what, limit_s / 60.0);
    else
        snprintf(reason, bytes, "%s, for %g minutes now ([run] stall_timeout)",
                 own_work ? "its own work does not end; a file system may be stuck"
                          : "a rank on another host, or the network, is stuck",
                 limit_s / 60.0);
}

/* One that is waited for together has stood still for a while: ends the job when it is time to. */
static void judge(double still_s, bool own_work, double limit_s) {
    char reason[256];
    const char *what = NULL;
    const Neighbour *culprit = own_work ? NULL : find_culprit(&what);
    const bool gone = culprit && what == has_ended, lost = is_lost(gone);
    if (gone && !lost)
        return;
    if (lost && still_s >= lost_peer_s + 0.5 * patience(true)) {
        snprintf(reason, sizeof reason, "rank %d on %.100s (process %ld) %s", culprit->rank,
                 dog.ranks.host, culprit->process, what);
        bark(reason);
    }
    if (still_s < limit_s + (own_work ? 0.0 : patience(culprit != NULL)))
        return;
    describe(culprit, what, own_work, limit_s, reason, sizeof reason);
    bark(reason);
}

/* The master thread has given no sign for some seconds. */
static void look(double still_s, bool *noted) {
    const bool asked = stop_requested() && strcmp(stop_requested(), "SIGUSR1") != 0;
    const bool own_work = atomic_load(&dog.kind) == WATCHDOG_OWN_WORK;
    const double limit_s = atomic_load(&dog.limit_s), first_s = lost_peer_s - gone_s;
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

/* Linux's name space of processes, since numbers of another one (a container) mean others. */
static uint64_t process_names(void) {
    struct stat found;
    return stat("/proc/self/ns/pid", &found) == 0 ? (uint64_t)found.st_ino : 0;
}

typedef struct Place {
    uint64_t host; /* and its name space of processes */
    int64_t process;
} Place;

/* Notes the ranks of this host among all. */
static void note_neighbours(const Place *place) {
    const Ranks *ranks = &dog.ranks;
    dog.first_host = place[0].host == place[ranks->rank].host;
    for (int r = 0; r < ranks->size; r++) {
        if (place[r].host != place[ranks->rank].host)
            continue;
        if (r == ranks->rank)
            dog.mine = dog.neighbours;
        dog.neighbour[dog.neighbours++] = (Neighbour){r, (long)place[r].process};
    }
}

static Status gather_neighbours(void) {
    const Ranks *ranks = &dog.ranks;
    const size_t size = (size_t)ranks->size;
    const Place mine = {hash_add(HASH_START, ranks->host, strlen(ranks->host)) ^ process_names(),
                        (int64_t)getpid()};
    Place *place = NULL;
    Status status = memory_allocate(&place, size, sizeof *place, "the ranks' processes");
    if (status == STATUS_OK)
        status = memory_allocate(&dog.neighbour, size, sizeof *dog.neighbour, "this host's ranks");
    status = ranks_agree(ranks, status);
    if (status == STATUS_OK) {
        ranks_gather(ranks, &mine, sizeof mine, place);
        note_neighbours(place);
    }
    memory_free(place);
    return status;
}

static Status start_thread(void) {
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
    const int error = pthread_create(&dog.thread, NULL, watch, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error)
        return status_fail(STATUS_INTERNAL, "the watchdog's thread cannot be started: %s",
                           strerror(error));
    dog.running = true;
    return STATUS_OK;
}

Status watchdog_start(const Ranks *ranks, double minutes) {
    dog.ranks = *ranks;
    dog.ending = false;
    watchdog_set_limit(minutes);
    STATUS_TRY(gather_neighbours());
    return ranks_agree(ranks, start_thread());
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
    memory_free(dog.neighbour);
    dog.neighbour = NULL;
    dog.neighbours = 0;
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
    atomic_store(&dog.step, step);
    atomic_store(&dog.saved, saved);
    watchdog_tick();
}

void watchdog_tick(void) {
    atomic_fetch_add_explicit(&dog.beats, 1, memory_order_relaxed);
}
