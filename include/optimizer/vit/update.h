#ifndef VIT_UPDATE_H
#define VIT_UPDATE_H

#include "vit/kernels.h"
#include "vit/reduction.h"

/* What a rank does with its own pieces of the gradient, on all OpenMP threads: the squares for the
 * norm, and AdamW. Local. */

/* squares [partition->pieces]: of this rank's pieces, the sums of squares of the gradient. */
void update_squares(const Partition *partition, int rank, const Exchange *exchange,
                    double *squares);

/* Updates this rank's pieces of the flat vector `weights` and its own moments. */
void update_weights(const Partition *partition, int rank, const Exchange *exchange,
                    AdamwTerms terms, float *weights, float *first_moment, float *second_moment);

#endif
