/* stand_still DEED: what watchdog.sh lets a rank do under the watchdog's eyes. Ends with 0 when the
 * watchdog lets it. */

#include "mpi_check.h"
#include "vit/watchdog.h"
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* Seconds without a sign of life that the watchdog allows, and for which a deed lasts, unless it is
 * to be ended. */
static const double limit_s = 1.0, deed_s = 2.0;
static const unsigned for_ever_s = 60;

static void rest(double seconds) {
    usleep((useconds_t)(1e6 * seconds));
}

static void say(const char *what) {
    if (world.rank == 0)
        printf("%s\n", what);
    fflush(stdout);
}

static void watch(double seconds) {
    watchdog_start(seconds / 60.0);
    CHECK(watchdog_meet(&world) == STATUS_OK);
    watchdog_position(7, 5);
}

static void own_work(void) {
    watch(limit_s);
    watchdog_work("counting sheep", WATCHDOG_OWN_WORK);
    sleep(for_ever_s);
}

static void together(void) {
    watch(limit_s);
    watchdog_position(9, 0);
    watchdog_work("a round", WATCHDOG_TOGETHER);
    sleep(for_ever_s);
}

/* All wait for rank 0, which alone works. */
static void first_works(void) {
    watch(limit_s);
    watchdog_first_works("reading a book");
    sleep(for_ever_s);
}

/* Rank 0 prints what somebody reads who has gone for lunch. */
static void outside(void) {
    watch(limit_s);
    watchdog_work("telling a story", WATCHDOG_OUTSIDE);
    rest(1.5 * deed_s); /* together they would have ended after one */
    watchdog_stop();
    say("left alone");
}

/* Rank 1 is stopped by a signal. */
static void stopped_peer(void) {
    watch(limit_s);
    watchdog_work("a round", WATCHDOG_TOGETHER);
    if (world.rank == 1)
        raise(SIGSTOP);
    sleep(for_ever_s);
}

/* Slow, but alive. */
static void ticks(void) {
    watch(limit_s);
    for (double done = 0.0; done < deed_s; done += 0.05) {
        watchdog_tick();
        rest(0.05);
    }
    watchdog_stop();
    say("left alone");
}

/* A longer limit saves it, a shorter one ends it. */
static void limits(void) {
    watch(limit_s);
    watchdog_work("counting sheep", WATCHDOG_OWN_WORK);
    watchdog_set_limit(10.0);
    rest(deed_s);
    say("left alone");
    watchdog_set_limit(limit_s / 60.0);
    sleep(for_ever_s);
}

/* Nobody watches after the stop; a watchdog that was never started, or has stopped, may be stopped;
 * and it can start again. */
static void stop(void) {
    watchdog_stop();
    watch(limit_s);
    watchdog_stop();
    rest(deed_s);
    watchdog_stop();
    say("left alone");
    own_work();
}

static const struct {
    const char *name;
    void (*run)(void);
} deed[] = {{"together", together},
            {"alone", together},
            {"first_works", first_works},
            {"outside", outside},
            {"stopped_peer", stopped_peer},
            {"ticks", ticks},
            {"limits", limits},
            {"stop", stop}};

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    bool known = false;
    for (size_t i = 0; i < sizeof deed / sizeof *deed; i++)
        if (argc == 2 && strcmp(argv[1], deed[i].name) == 0) {
            known = true;
            deed[i].run();
        }
    CHECK(known);
    return test_end();
}
