#ifndef VIT_WAITS_H
#define VIT_WAITS_H

/* Seconds that a rank waited for communication, by what for. */
typedef struct Waits {
    double samples;   /* the batch's images */
    double gradients; /* sums of gradients, and what fat layers exchange */
    double ranks;     /* the others to end the step */
    double weights;   /* what others have updated */
} Waits;

static inline double waits_total(const Waits *waits) {
    return waits->samples + waits->gradients + waits->ranks + waits->weights;
}

#endif
