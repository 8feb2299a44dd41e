#ifndef TOOLS_CALIBRATION_H
#define TOOLS_CALIBRATION_H

#include <stddef.h>
#include <stdint.h>

/* Whether a model is right as often as it is sure. Local. */

enum { CALIBRATION_PARTS = 10 };

/* Of the images whose answer has a probability in one of so many equal parts of [0, 1]. */
typedef struct Calibration {
    size_t images[CALIBRATION_PARTS];
    double right[CALIBRATION_PARTS]; /* how many are right; NaN without images, as what follows */
    double sure[CALIBRATION_PARTS];  /* mean probability of their answers */
    double
        error; /* expected calibration error: the mean over all images of |right - sure| of their
                  part (Guo et al. 2017, 'On Calibration of Modern Neural Networks', equation 5) */
} Calibration;

/* Of logits [images, classes] and label [images]. Images with a logit that is not finite are left
 * out. */
Calibration calibration_of(size_t images, size_t classes, const float *logits,
                           const uint16_t *label);

#endif
