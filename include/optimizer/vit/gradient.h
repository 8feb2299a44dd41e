#ifndef VIT_GRADIENT_H
#define VIT_GRADIENT_H

#include "vit/reduction.h"

/* The gradient of what this rank updates, region by region, once it is reduced: the model finishes
 * what only it can make (a fat layer's rows from factors; what attention has folded), the rest is
 * the sum as it came. */
typedef struct Gradient {
    const Partition *partition;
    float *finished[REGIONS_MOST];     /* what the model finishes, in memory of its own, or NULL */
    const float *region[REGIONS_MOST]; /* of the step: [region_count of this rank] */
} Gradient;

/* Local. STATUS_INTERNAL: out of memory; gradient_free accepts what is left. */
Status gradient_init(Gradient *gradient, const Partition *partition, int rank);
void gradient_free(Gradient *gradient);
/* Bytes that gradient_init would allocate on a rank. */
double gradient_bytes(const Partition *partition, int rank);

/* After vit_forward_backward, which had these weights. Of the hooks only progress is called.
 * *seconds += the time that it waited. Collective. */
void gradient_finish(Gradient *gradient, Reduction *reduction, Vit *vit, const float *weights,
                     const VitHooks *hooks, double *seconds);

#endif
