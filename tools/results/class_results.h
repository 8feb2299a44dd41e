#ifndef RESULTS_CLASS_RESULTS_H
#define RESULTS_CLASS_RESULTS_H

#include "vit/status.h"
#include <stddef.h>
#include <stdint.h>

/* What the answers to labelled images say of each class. An image's answer is the class of its
 * largest logit, of equal ones the lowest. Local. */

typedef struct ClassResult {
    uint64_t images;  /* that have the label */
    uint64_t answers; /* that got the answer */
    uint64_t hits;    /* both */
    double precision; /* hits / answers; NaN where there are none */
    double recall;    /* hits / images, likewise */
    double f1;        /* the harmonic mean of both: 2 hits / (images + answers), likewise */
} ClassResult;

typedef struct ClassPair {
    size_t label, answer; /* not the same */
    uint32_t images;
} ClassPair;

typedef struct ClassResults {
    size_t classes;
    ClassResult *class; /* [classes] */
    uint32_t *matrix; /* [classes, classes]: images of a label (row) that got an answer (column) */
    size_t pairs;
    ClassPair *pair; /* [pairs] all that were confused: most images first, then by label and answer
                      */
} ClassResults;

/* Of logits [images, classes] and label [images], each below classes, less than 2^32 images. The
 * matrix takes 4 classes^2 bytes. STATUS_INTERNAL: out of memory. class_results_free whatever the
 * outcome. */
Status class_results_init(ClassResults *results, size_t images, size_t classes, const float *logits,
                          const uint16_t *label);
void class_results_free(ClassResults *results);

/* A value of the matrix. */
static inline uint32_t class_results_count(const ClassResults *results, size_t label,
                                           size_t answer) {
    return results->matrix[label * results->classes + answer];
}

#endif
