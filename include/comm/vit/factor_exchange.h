#ifndef VIT_FACTOR_EXCHANGE_H
#define VIT_FACTOR_EXCHANGE_H

#include "vit/ranks.h"

/* The factors of a layer's weight gradient dW = x^T dz [in, out]: instead of the gradient, ranks
 * exchange the inputs x [batch, in] and output gradients dz [batch, out] of their slices, so that
 * each can make its own rows of dW over the whole batch: it needs these rows' columns of x, and all
 * of dz. Borders between the ranks' parts are arrays [ranks + 1], which must stay valid.
 *
 *   post_input -> post_delta -> progress ... -> wait */
typedef struct FactorExchange FactorExchange;

/* Rank r makes rows [row[r], row[r + 1]) of dW; batches have up to batch_size images, this rank's
 * slice of them up to `slice`. Collective; all ranks return the same, STATUS_INTERNAL when one is
 * out of memory, *exchange is then NULL. */
Status factor_exchange_init(FactorExchange **exchange, const Ranks *ranks, const size_t *row,
                            size_t out, size_t batch_size, size_t slice);
/* Collective. Accepts NULL. */
void factor_exchange_free(FactorExchange *exchange);

/* Bytes that factor_exchange_init would allocate on a rank. Local. */
size_t factor_exchange_bytes(const Ranks *ranks, const size_t *row, size_t out, size_t batch_size,
                             size_t slice);

/* This rank's slice is images [image[rank], image[rank + 1]) of the batch: input [slice, in] and
 * delta [slice, out], not to be touched until wait. Collective in order. */
void factor_exchange_post_input(FactorExchange *exchange, const size_t *image, const float *input);
void factor_exchange_post_delta(FactorExchange *exchange, const size_t *image, const float *delta);
/* Moves what is under way; to be called often. Local. */
void factor_exchange_progress(FactorExchange *exchange);

/* What this rank makes its rows of. */
typedef struct Factors {
    const float *input; /* [batch, rows] with leading dimension ld */
    size_t ld;
    const float *delta; /* [batch, out] */
} Factors;

/* Until all factors are there; valid until the next post. *seconds += the time that it waited. */
Factors factor_exchange_wait(FactorExchange *exchange, double *seconds);

#endif
