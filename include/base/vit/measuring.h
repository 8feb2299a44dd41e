#ifndef VIT_MEASURING_H
#define VIT_MEASURING_H

#include <stdbool.h>

/* What a measurement may leave out, to see what it costs or is worth. Switches of the process, all
 * off; only vit_bench sets them, the same ones on all ranks, before the model is made and while
 * there is one thread. Training never does: some of them change the answer's rounding. Local. */
typedef enum Measuring {
    MEASURE_ANY_ORDER,  /* gradients are summed in whatever order is quickest */
    MEASURE_NO_OVERLAP, /* each message is waited for at once: nothing is computed meanwhile */
    MEASURE_DENORMALS,  /* denormals are computed with as they are, not flushed (float_mode.h) */
    MEASURINGS
} Measuring;

void measuring_set(Measuring what, bool on);
bool measuring_is_on(Measuring what);

#endif
