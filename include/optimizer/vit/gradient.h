#ifndef VIT_GRADIENT_H
#define VIT_GRADIENT_H

#include "vit/fat_layers.h"
#include "vit/reduction.h"

/* The gradient of what this rank updates, region by region, once it is reduced: the model finishes
 * what only it can make (what attention has folded), a fat layer's rows have theirs already, the
 * rest is the sum as it came. */
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

/* After vit_forward_backward, which had these weights. *seconds += the time that it waited.
 * Collective. */
void gradient_finish(Gradient *gradient, Reduction *reduction, const FatLayers *layers, Vit *vit,
                     const float *weights, double *seconds);

#endif
