#include "pace.h"

#include <stdio.h>
#include <string.h>

/* What is worth a word. */
static const double spread_shown = 1.2, share_shown = 0.05;

static const struct {
    const char *name, *amount;
} work_text[PACE_WORKS] = {
    [PACE_COMPUTE] = {"computing", "an image"}, [PACE_UPDATE] = {"updating", "a step"}};

PaceSpread pace_spread(const Pace *pace, size_t ranks, PaceWork work) {
    PaceSpread spread = {.slowest = -1};
    double sum = 0.0, workers = 0.0;
    for (size_t r = 0; r < ranks; r++) {
        if (pace[r].amount[work] <= 0.0)
            continue;
        const double mine = pace[r].seconds[work] / pace[r].amount[work];
        if (spread.slowest < 0 || mine < spread.least)
            spread.least = mine;
        if (spread.slowest < 0 || mine > spread.most) {
            spread.most = mine;
            spread.slowest = (int)r;
        }
        sum += mine;
        workers++;
    }
    spread.mean = workers > 0.0 ? sum / workers : 0.0;
    return spread;
}

/* The part of all ranks' work that a work is. */
static double share_of(const Pace *pace, size_t ranks, PaceWork work) {
    double all = 0.0, part = 0.0;
    for (size_t r = 0; r < ranks; r++)
        for (PaceWork p = 0; p < PACE_WORKS; p++) {
            all += pace[r].seconds[p];
            part += p == work ? pace[r].seconds[p] : 0.0;
        }
    return all > 0.0 ? part / all : 0.0;
}

void pace_describe(const Ranks *ranks, const Pace *mine, Pace *all, char text[static PACE_TEXT]) {
    const size_t size = (size_t)ranks->size;
    size_t used = 0;
    text[0] = '\0';
    ranks_gather(ranks, mine, sizeof *mine, all);
    for (PaceWork work = 0; work < PACE_WORKS; work++) {
        const PaceSpread spread = pace_spread(all, size, work);
        if (spread.slowest < 0 || spread.most <= spread_shown * spread.least ||
            share_of(all, size, work) < share_shown)
            continue;
        char host[sizeof ranks->host];
        memcpy(host, ranks->host, sizeof host);
        MPI_Bcast(host, sizeof host, MPI_CHAR, spread.slowest, ranks->comm);
        const int length =
            snprintf(text + used, PACE_TEXT - used,
                     "%s%s %.3g/%.3g/%.3g ms %s (min/mean/max; slowest: rank %d on %s)",
                     used ? ", " : "", work_text[work].name, 1e3 * spread.least, 1e3 * spread.mean,
                     1e3 * spread.most, work_text[work].amount, spread.slowest, host);
        used += length > 0 ? (size_t)length : 0;
        if (used >= PACE_TEXT)
            break;
    }
}
