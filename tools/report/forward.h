#ifndef TOOLS_FORWARD_H
#define TOOLS_FORWARD_H

#include "vit/model_shape.h"
#include "vit/parameter.h"
#include "vit/status.h"

/* The model once more, one picture forward, layer by layer as it is written down: plain loops in
 * double precision that keep what the model's own passes never have, the attention's
 * probabilities (those fold the projections and leave the sums to the head). Formulas are those of
 * tokenizer.h, attention.h, mlp.h and pool.h of src/model, without dropout. Local; several threads
 * may each have a picture. */

typedef struct Forward {
    double *probability; /* [depth, H, T, T]: row q is how much token q takes of each token */
    double *logits;      /* [classes] */
} Forward;

/* planes [channels, image_size, image_size], weights a flat vector. STATUS_INTERNAL: out of
 * memory. forward_free accepts what is left, and {0}. */
Status forward_run(Forward *forward, const ModelShape *shape, const ParameterTable *table,
                   const float *weights, const float *planes);
void forward_free(Forward *forward);

#endif
