#ifndef VIT_PHASE_H
#define VIT_PHASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#else
#include <time.h>
#endif

/* Where the time of a training step goes: every thread tells what it begins to work on, and its
 * time is counted there until it begins something else. Off (the default) it costs a branch. */

typedef enum Phase {
    PHASE_OTHER,          /* outside the step, and what is not told */
    PHASE_WAIT,           /* a thread without work, until the others are ready */
    PHASE_AUGMENT,        /* pixels to planes */
    PHASE_PREPARE,        /* the weights' transposes; empty gradients */
    PHASE_EMBED,          /* planes to tokens */
    PHASE_NORM,           /* layer norms */
    PHASE_PROJECT,        /* query, key, value, output: products, biases, transposes */
    PHASE_ATTEND,         /* q k^T and p v */
    PHASE_SOFTMAX,        /* with its dropout */
    PHASE_MLP,            /* dense layers of the blocks' MLP */
    PHASE_GELU,           /* their bias, GELU and dropout */
    PHASE_LOCAL,          /* local convolution in the MLP */
    PHASE_HEAD,           /* the head, with its loss */
    PHASE_EMBED_BACKWARD, /* the same backward */
    PHASE_NORM_BACKWARD,
    PHASE_PROJECT_BACKWARD,
    PHASE_ATTEND_BACKWARD,
    PHASE_SOFTMAX_BACKWARD,
    PHASE_MLP_BACKWARD,
    PHASE_GELU_BACKWARD,
    PHASE_LOCAL_BACKWARD,
    PHASE_HEAD_BACKWARD,
    PHASE_DROPOUT,  /* random words */
    PHASE_SUM,      /* the threads' gradients */
    PHASE_EXCHANGE, /* of gradients and reports between the ranks */
    PHASE_UPDATE,   /* with the gradient's norm */
    PHASES
} Phase;

typedef struct PhaseClock {
    bool on;
    Phase phase;
    uint64_t since;
    uint64_t ticks[PHASES];
} PhaseClock;

/* Each thread's own. */
extern _Thread_local PhaseClock phase_clock;

static inline uint64_t phase_now(void) {
#if defined(__x86_64__)
    return __rdtsc();
#else
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
#endif
}

/* From here on this thread works on `phase`. Returns what it worked on before. */
static inline Phase phase_begin(Phase phase) {
    PhaseClock *clock = &phase_clock;
    const Phase before = clock->phase;
    if (!clock->on)
        return before;
    const uint64_t now = phase_now();
    clock->ticks[before] += now - clock->since;
    clock->since = now;
    clock->phase = phase;
    return before;
}

/* What this thread works on. A parallel region's threads begin it, and wait when they are done. */
static inline Phase phase_current(void) {
    return phase_clock.phase;
}

/* Switches the calling thread's clock on, from zero, in PHASE_OTHER; off, with the last phase
 * counted. Local. */
void phase_start(void);
void phase_stop(void);

/* "attention products, backward". */
const char *phase_name(Phase phase);

#endif
