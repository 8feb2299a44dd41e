#ifndef VIT_FLOAT_MODE_H
#define VIT_FLOAT_MODE_H

#include "vit/measuring.h"
#include <stdbool.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/* Denormal numbers, those below 1.18e-38, cost Intel's cores some 150 cycles each, and a trained
 * model is full of them: probabilities, dropped gradients, second moments. A thread that computes
 * counts them as zero, as operands and as results: MXCSR's DAZ and FTZ (Intel SDM vol. 1, 10.2.3),
 * on AArch64 FPCR.FZ. The mode is the calling thread's; neither OpenMP nor POSIX says whether new
 * threads inherit it. Elsewhere the calls do nothing, and with MEASURE_DENORMALS nothing is
 * flushed. Local. */

typedef struct FloatMode {
    unsigned long long bits;
} FloatMode;

static inline FloatMode float_mode_change(bool flush) {
    FloatMode before = {0};
#if defined(__x86_64__)
    const unsigned ftz_and_daz = 0x8040;
    before.bits = _mm_getcsr();
    const unsigned others = (unsigned)before.bits & ~ftz_and_daz;
    _mm_setcsr(flush ? others | ftz_and_daz : others);
#elif defined(__aarch64__)
    const unsigned long long fz = 1ull << 24;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before.bits));
    __asm__ volatile("msr fpcr, %0"
                     :
                     : "r"(flush ? before.bits | fz : before.bits & ~fz)
                     : "memory");
#else
    (void)flush;
#endif
    return before;
}

/* Sets the mode; returns the one before. */
static inline FloatMode float_mode_flush(void) {
    return float_mode_change(!measuring_is_on(MEASURE_DENORMALS));
}

/* The opposite, for a thread that may have been made by one that flushes. */
static inline FloatMode float_mode_keep(void) {
    return float_mode_change(false);
}

static inline void float_mode_restore(FloatMode before) {
#if defined(__x86_64__)
    _mm_setcsr((unsigned)before.bits);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(before.bits) : "memory");
#else
    (void)before;
#endif
}

#endif
