#ifndef VIT_GRADIENT_EXCHANGE_H
#define VIT_GRADIENT_EXCHANGE_H

#include "vit/ranks.h"
#include "vit/status.h"
#include <stddef.h>

/* Sums the ranks' gradients. A range is posted as soon as it is final and travels while the rest is
 * being computed:
 *
 *   start -> post (any number of ranges, the same on all ranks in the same order) -> progress ...
 * -> wait
 *
 * Afterwards every rank holds the sum of all ranks' gradients, added in rank order, the same bits
 * everywhere. How the sum is made and who owns what is this module's alone. */
typedef struct GradientExchange GradientExchange;

/* For flat blocks of up to `floats` values. Collective; all ranks return the same. STATUS_INTERNAL
 * when one is out of memory, *exchange is then NULL. */
Status gradient_exchange_init(GradientExchange **exchange, const Ranks *ranks, size_t floats);
/* Collective. Accepts NULL. */
void gradient_exchange_free(GradientExchange *exchange);

/* Begins a step on the flat block `gradient`, in which the sums will appear. Local. */
void gradient_exchange_start(GradientExchange *exchange, float *gradient);
/* Floats [offset, offset + count) are final on this rank and may not be touched until wait.
 * Collective in order; does not block, except for every few dozen small ranges, when it waits
 * for the earlier ones. */
void gradient_exchange_post(GradientExchange *exchange, size_t offset, size_t count);
/* Moves what is under way; to be called often (nothing moves in MPI without calls). Local. */
void gradient_exchange_progress(GradientExchange *exchange);
/* Until all that was posted is summed. Returns the seconds that passed. Collective. */
double gradient_exchange_wait(GradientExchange *exchange);

#endif
