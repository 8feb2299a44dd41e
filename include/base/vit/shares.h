#ifndef VIT_SHARES_H
#define VIT_SHARES_H

#include "vit/size.h"
#include "vit/status.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the threads of a parallel region divide work. Local. */

/* Part number `part` of `parts`, contiguous and as equal as whole grains allow, of [0, total):
 * [*first, *end), empty where there are fewer grains than parts. */
static inline void shares_equal(size_t total, size_t grain, size_t part, size_t parts,
                                size_t *first, size_t *end) {
    const size_t grains = size_groups(total, grain);
    *first = size_smaller(grains * part / parts * grain, total);
    *end = size_smaller(grains * (part + 1) / parts * grain, total);
}

/* Items that are taken as threads come free. Each thread has a contiguous share, the same one
 * whenever as many are dealt, so that what belongs to an item stays near its thread; it takes them
 * in ascending order. When its share is used up it helps whoever has most left, from that share's
 * end. So a thread that is held up holds up one item, not its whole share, and the shares of
 * threads that the system did not give are taken too.
 *
 *   deal; each thread: while (take) { ...; finish; } */

/* A thread's items that nobody has taken, in one word: the first, and above it the end. */
typedef struct Share {
    _Alignas(64) _Atomic uint64_t left; /* on a cache line of its own */
} Share;

typedef struct Shares {
    size_t threads;
    Share *share; /* [threads] */
    _Alignas(64) atomic_size_t unfinished;
} Shares;

/* STATUS_INTERNAL: out of memory. shares_free accepts what init left. */
Status shares_init(Shares *shares, size_t threads);
void shares_free(Shares *shares);

/* Deals items 0 to count - 1, fewer than 2^32. Outside parallel regions. */
void shares_deal(Shares *shares, size_t count);

/* An item for `thread`; false when all are taken. By the thread itself, as all below. */
bool shares_take(Shares *shares, size_t thread, size_t *item);
/* Whether no item is left to take. */
bool shares_are_taken(const Shares *shares);

/* An item that was taken is done. What was written for it is there for others only after a barrier.
 */
void shares_finish(Shares *shares);
bool shares_are_finished(const Shares *shares);

#endif
