#ifndef TOOLS_MISTAKES_H
#define TOOLS_MISTAKES_H

#include "class_top.h"
#include <stdint.h>

/* Images with a wrong answer. Local. */
typedef struct Mistake {
    size_t image;
    ClassAnswer answer;
} Mistake;

/* Of logits [images, classes] and label [images] the `most` mistakes whose answers have the highest
 * probabilities, the surest first, of equal ones the first. Fills mistake [most] and returns how
 * many there are. */
size_t mistakes_find(size_t images, size_t classes, const float *logits, const uint16_t *label,
                     size_t most, Mistake *mistake);

#endif
