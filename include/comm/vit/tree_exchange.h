#ifndef VIT_TREE_EXCHANGE_H
#define VIT_TREE_EXCHANGE_H

#include "vit/ranks.h"
#include "vit/tree.h"

/* Sums vectors over the ranks in the one order of summation (tree.h): each rank owns adjacent
 * leaves and brings the sums of the largest nodes that they make up; each rank finishes the sum of
 * a part of the vector. What is posted travels while other things are computed. Borders between the
 * ranks' parts are arrays [ranks + 1]: part r is [border[r], border[r + 1]); they must stay valid,
 * and parts may become smaller while nothing is under way.
 *
 *   post -> progress ... -> wait */
typedef struct TreeExchange TreeExchange;

/* For vectors of border[ranks] floats and up to `nodes` nodes of all ranks together. everyone: all
 * ranks get the whole sum. Collective; all ranks return the same, STATUS_INTERNAL when one is out
 * of memory, *exchange is then NULL. */
Status tree_exchange_init(TreeExchange **exchange, const Ranks *ranks, const size_t *border,
                          size_t nodes, bool everyone);
/* Collective. Accepts NULL. */
void tree_exchange_free(TreeExchange *exchange);

/* Bytes that tree_exchange_init would allocate on a rank. Local. */
size_t tree_exchange_bytes(const Ranks *ranks, const size_t *border, size_t nodes, bool everyone);

/* Nodes of all ranks together when rank r owns leaves [leaf[r], leaf[r + 1]). Local. */
size_t tree_exchange_nodes(const Ranks *ranks, const size_t *leaf);

/* node[i]: the sum over the i-th of this rank's nodes; not to be touched until wait, which changes
 * this rank's part of it. Collective in order. */
void tree_exchange_post(TreeExchange *exchange, const size_t *leaf, float *const *node);
/* Moves what is under way; to be called often (nothing moves in MPI without calls). Local. */
void tree_exchange_progress(TreeExchange *exchange);
/* Until all that was posted has arrived, without summing it. Returns the seconds that passed. */
double tree_exchange_drain(TreeExchange *exchange);
/* Until the sum is there: this rank's part, or all of it for everyone; in the exchange's memory or
 * in that of a node, valid until the next post. *seconds += the time that it waited. Collective,
 * outside parallel regions, whose threads add. */
float *tree_exchange_wait(TreeExchange *exchange, double *seconds);

#endif
