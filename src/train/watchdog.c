#include "vit/watchdog.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static struct {
    const Ranks *ranks;
    double limit_s;
    bool running;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t end;
    bool ending;
    atomic_ulong beats;
    _Atomic(const char *) phase;
    atomic_ullong step, saved;
} dog = {.mutex = PTHREAD_MUTEX_INITIALIZER, .end = PTHREAD_COND_INITIALIZER, .phase = "start"};

static void bark(void) {
    fprintf(stderr,
            "Error: rank %d on %s stands still for %g minutes ([run] stall_timeout) in phase '%s' "
            "after step %llu: a peer or the network is stuck; last save after step %llu\n",
            dog.ranks->rank, dog.ranks->host, dog.limit_s / 60.0, atomic_load(&dog.phase),
            atomic_load(&dog.step), atomic_load(&dog.saved));
    fflush(stderr);
    MPI_Abort(dog.ranks->comm, STATUS_INTERNAL);
}

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Looks several times within the limit, at least once a second. */
static struct timespec next_look(void) {
    struct timespec when;
    clock_gettime(CLOCK_REALTIME, &when);
    const double pause = dog.limit_s / 8.0 < 1.0 ? dog.limit_s / 8.0 : 1.0;
    const double nanoseconds = (double)when.tv_nsec + 1e9 * pause;
    when.tv_sec += (time_t)(nanoseconds / 1e9);
    when.tv_nsec = (long)(nanoseconds - 1e9 * (double)(time_t)(nanoseconds / 1e9));
    return when;
}

static void *watch(void *unused) {
    (void)unused;
    unsigned long seen = atomic_load(&dog.beats);
    double since = seconds_now();
    pthread_mutex_lock(&dog.mutex);
    while (!dog.ending) {
        const struct timespec when = next_look();
        pthread_cond_timedwait(&dog.end, &dog.mutex, &when);
        const unsigned long beats = atomic_load(&dog.beats);
        if (beats != seen) {
            seen = beats;
            since = seconds_now();
        } else if (!dog.ending && seconds_now() - since > dog.limit_s) {
            bark();
        }
    }
    pthread_mutex_unlock(&dog.mutex);
    return NULL;
}

Status watchdog_start(const Ranks *ranks, double minutes) {
    dog.ranks = ranks;
    dog.limit_s = 60.0 * minutes;
    dog.ending = false;
    const int error = pthread_create(&dog.thread, NULL, watch, NULL);
    if (error)
        return status_fail(STATUS_INTERNAL, "the watchdog's thread cannot be started: %s",
                           strerror(error));
    dog.running = true;
    return STATUS_OK;
}

void watchdog_stop(void) {
    if (!dog.running)
        return;
    pthread_mutex_lock(&dog.mutex);
    dog.ending = true;
    pthread_cond_signal(&dog.end);
    pthread_mutex_unlock(&dog.mutex);
    pthread_join(dog.thread, NULL);
    dog.running = false;
}

void watchdog_alive(const char *phase, uint64_t step, uint64_t saved) {
    atomic_store(&dog.phase, phase);
    atomic_store(&dog.step, step);
    atomic_store(&dog.saved, saved);
    watchdog_tick();
}

void watchdog_tick(void) {
    atomic_fetch_add_explicit(&dog.beats, 1, memory_order_relaxed);
}
