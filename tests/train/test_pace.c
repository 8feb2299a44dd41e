/* A slow rank is named, on all ranks alike; equal ones, idle ones and small kinds of work are not
 * worth a word. */

#include "mpi_check.h"
#include "pace.h"
#include <string.h>

static Pace all[64];
static char text[PACE_TEXT];

/* Rank r computes so many images of `ms` each, and updates once in `update_ms`. */
static Pace pace_of(double images, double ms, double update_ms) {
    Pace pace = {0};
    pace_add(&pace, PACE_COMPUTE, 1e-3 * ms * images, images);
    pace_add(&pace, PACE_UPDATE, 1e-3 * update_ms, 1.0);
    return pace;
}

static void spread_is_per_image(void) {
    const Pace pace[4] = {pace_of(10, 5, 1), pace_of(20, 8, 1), pace_of(0, 0, 1), pace_of(4, 2, 1)};
    const PaceSpread spread = pace_spread(pace, 4, PACE_COMPUTE);
    CHECK(spread.least > 1.999e-3 && spread.least < 2.001e-3);
    CHECK(spread.mean > 4.999e-3 && spread.mean < 5.001e-3);
    CHECK(spread.most > 7.999e-3 && spread.most < 8.001e-3);
    CHECK(spread.slowest == 1);
    const Pace idle[2] = {{{0}, {0}}, {{0}, {0}}};
    CHECK(pace_spread(idle, 2, PACE_COMPUTE).slowest == -1);
}

static void the_slow_rank_is_named(void) {
    const int last = world.size - 1;
    const Pace mine = pace_of(8, world.rank == last ? 13 : 10, 20);
    char wanted[PACE_TEXT], host[sizeof world.host];
    memcpy(host, world.host, sizeof host);
    MPI_Bcast(host, sizeof host, MPI_CHAR, last, world.comm);
    snprintf(wanted, sizeof wanted,
             "computing 10/%.3g/13 ms an image (min/mean/max; slowest: rank %d on %s)",
             10.0 + 3.0 / world.size, last, host);
    pace_describe(&world, &mine, all, text);
    CHECK(strcmp(text, wanted) == 0);
}

static void a_fifth_is_not_worth_a_word(void) {
    const Pace mine = pace_of(8, world.rank == 0 ? 11.9 : 10, 20);
    pace_describe(&world, &mine, all, text);
    CHECK(text[0] == '\0');
}

static void nor_is_a_small_phase(void) {
    const Pace mine = pace_of(8, 10, world.rank == 0 ? 3 : 1);
    pace_describe(&world, &mine, all, text);
    CHECK(text[0] == '\0');
    const Pace larger = pace_of(8, 10, world.rank == 0 ? 30 : 10);
    pace_describe(&world, &larger, all, text);
    CHECK(strncmp(text, "updating 10/", 12) == 0);
    CHECK(strstr(text, "ms a step (min/mean/max; slowest: rank 0 on ") != NULL);
}

int main(int argc, char **argv) {
    test_start(&argc, &argv);
    spread_is_per_image();
    the_slow_rank_is_named();
    a_fifth_is_not_worth_a_word();
    nor_is_a_small_phase();
    return test_end();
}
