#ifndef TOOLS_PREDICT_H
#define TOOLS_PREDICT_H

#include "vit/arithmetic.h"
#include "vit/ranks.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a run of vit_predict is given, and the two things that it does. */

enum { PREDICT_TOP_MOST = 1000 };

typedef struct Predict {
    const Ranks *ranks;
    const ArithmeticChoice *arithmetic;
    const char *checkpoint;
    size_t word_count;
    const char **words; /* [word_count], one at least: what it is shown */
    uint64_t top;       /* classes of a picture that are told */
    uint64_t threads;   /* of each rank; 0: as many as there are for it */
    const char *matrix; /* file for the confusion matrix, or NULL */
    bool csv, top_given, version, help;
} Predict;

/* Pictures, folders and archives: the likeliest classes of each picture, in the order of the words
 * and of the paths below each. Those that cannot be read are named and passed over; the status then
 * says so at the end: STATUS_IO when the system refused any, else STATUS_DATA. Memory is bounded.
 * Collective, all ranks return the same; errors as answers_model_init. */
Status predict_pictures(const Predict *predict);

/* The test split of a data file, the only word: what it says of each class, who is taken for whom,
 * loss and accuracies. Collective, all ranks return the same; errors as answers_of_data, and of
 * writing the matrix. */
Status predict_data(const Predict *predict);

#endif
