#ifndef VIT_SAMPLES_H
#define VIT_SAMPLES_H

#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* Some samples of a split, by their numbers in it, ascending. Local. */
typedef struct Samples {
    size_t count;
    size_t first;           /* the samples from here on, unless there is a */
    const uint32_t *number; /* list of them, [count] */
} Samples;

/* The number of the i-th one. */
static inline size_t samples_number(const Samples *samples, size_t i) {
    return samples->number ? samples->number[i] : samples->first + i;
}

/* The samples of a split that are trained on, and those that are kept for validation: of N all but
 * floor(N (1 - fraction)). */
typedef struct Holdout {
    Samples train, validation;
    uint32_t *memory; /* of lists */
} Holdout;

/* The last ones are kept. */
Holdout holdout_file_end(size_t images, double fraction);

/* The last ones of each class are kept, N being its number of samples. label [images] is below
 * classes; images is below 2^32. STATUS_INTERNAL: out of memory; holdout_free accepts what is left,
 * and {0}. */
Status holdout_stratified(Holdout *holdout, const uint16_t *label, size_t images, size_t classes,
                          double fraction);
void holdout_free(Holdout *holdout);

#endif
