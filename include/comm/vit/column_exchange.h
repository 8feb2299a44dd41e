#ifndef VIT_COLUMN_EXCHANGE_H
#define VIT_COLUMN_EXCHANGE_H

#include "vit/ranks.h"

/* A matrix of which each rank has some rows, whole (images), and each wants some columns of all
 * rows (the rows of a kernel that it owns), or the way back: the inputs of a layer whose kernel is
 * divided, and their gradients. Borders between the ranks' parts are arrays [ranks + 1], which must
 * stay valid: rank r has rows [image[r], image[r + 1]) and wants columns [column[r],
 * column[r + 1]).
 *
 *   post_out or post_back -> progress ... -> wait, which come in pairs */
typedef struct ColumnExchange ColumnExchange;

/* column: the same for all matrices. images: the most rows of this rank. Collective; all ranks
 * return the same, STATUS_INTERNAL when one is out of memory, *exchange is then NULL. */
Status column_exchange_init(ColumnExchange **exchange, const Ranks *ranks, const size_t *column,
                            size_t images);
/* Collective. Accepts NULL. */
void column_exchange_free(ColumnExchange *exchange);
/* rows [own images, all columns] of this rank, as they are until wait; columns [all images, own
 * columns] are there after it. Collective in order. */
void column_exchange_post_out(ColumnExchange *exchange, const size_t *image, const float *rows,
                              float *columns);
/* columns [all images, own columns] of this rank, as they are until wait; rows [own images, all
 * columns] are there after it. Collective in order. */
void column_exchange_post_back(ColumnExchange *exchange, const size_t *image, const float *columns,
                               float *rows);
/* Moves what is under way; to be called often. Local. */
void column_exchange_progress(ColumnExchange *exchange);
/* Until all parts are there. Returns the seconds that it waited. */
double column_exchange_wait(ColumnExchange *exchange);

#endif
