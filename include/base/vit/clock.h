#ifndef VIT_CLOCK_H
#define VIT_CLOCK_H

#include <time.h>

/* Seconds of a clock that nobody sets, since some fixed moment. Any thread. */
static inline double clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
