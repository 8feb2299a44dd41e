#ifndef TOOLS_ROLLOUT_H
#define TOOLS_ROLLOUT_H

#include "vit/model_shape.h"
#include "vit/status.h"

/* What attention's probabilities [depth, H, T, T] of a picture (forward.h) tell of where a model
 * looks. Local. */

/* Attention rollout (Abnar and Zuidema 2020, 'Quantifying Attention Flow in Transformers', section
 * 3): with A_l the mean of block l's heads, R = the product over the blocks, the last one first, of
 * (A_l + I) / 2, so that half of what a token is comes past the attention. map [grid^2] is the
 * class token's row of R over the grid's tokens or, without one, the mean of all rows.
 * STATUS_INTERNAL: out of memory. */
Status rollout_map(const ModelShape *shape, const double *probability, double *map);

/* Mean attention distance (Dosovitskiy et al. 2021, appendix D.7): how far from a token of the grid
 * lies what a head looks at, the mean over the tokens of sum_j a_j |place_i - place_j|, in pixels
 * of the model's input. probability [T, T] is one head's. A class token is left out, on both
 * sides, and the rest of a row counts as its whole. */
double rollout_distance(const ModelShape *shape, const double *probability);

#endif
