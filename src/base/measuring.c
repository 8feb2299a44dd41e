#include "vit/measuring.h"

static bool is_on[MEASURINGS];

void measuring_set(Measuring what, bool on) {
    is_on[what] = on;
}

bool measuring_is_on(Measuring what) {
    return is_on[what];
}
