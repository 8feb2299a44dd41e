#ifndef RESULTS_CLASS_TOP_H
#define RESULTS_CLASS_TOP_H

#include <stddef.h>

/* The likeliest classes of one image. Local. */

typedef struct ClassAnswer {
    size_t class;
    double probability; /* softmax of the logits, in double; NaN where one of them is not finite */
} ClassAnswer;

/* The classes with the `count` largest of logits [classes], the largest first, of equal ones the
 * lower class first: as the trainer counts its top 5. NaN is behind all others. Fills top [count]
 * and returns how many there are, at most `classes`. */
size_t class_top(size_t classes, const float *logits, size_t count, ClassAnswer *top);

/* The first of these. */
size_t class_top_answer(size_t classes, const float *logits);

/* All probabilities [classes], in the order of the classes. */
void class_top_probabilities(size_t classes, const float *logits, double *probability);

#endif
