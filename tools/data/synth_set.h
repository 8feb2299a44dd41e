#ifndef TOOLS_SYNTH_SET_H
#define TOOLS_SYNTH_SET_H

#include "vit/data_set.h"
#include <stdint.h>

/* A data set of drawn pictures. */

enum { SYNTH_CLASSES_MIN = 2, SYNTH_CLASSES_MAX = 100, SYNTH_IMAGES_MAX = 1000000 };

typedef struct SynthOptions {
    uint64_t classes; /* SYNTH_CLASSES_MIN to SYNTH_CLASSES_MAX */
    uint64_t train;   /* images, 1 to SYNTH_IMAGES_MAX */
    uint64_t test;    /* images, 0 to SYNTH_IMAGES_MAX */
    uint64_t seed;
} SynthOptions;

/* Draws a data set. Image i of a split is a function of seed, classes, split and i alone, to the
 * bit on every machine; its label is i mod classes, so that every run of images is balanced. The
 * caller's, whatever the outcome: data_set_free. STATUS_INTERNAL: out of memory. */
Status synth_set(const SynthOptions *options, DataSet *set);

#endif
