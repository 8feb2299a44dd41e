#include "vit/shares.h"

#include "vit/memory.h"

/* Nothing but the numbers themselves is passed from thread to thread by these atomics: what the
 * items need is there before the parallel region, and what becomes of them is read behind its end.
 * So they need no order beside other memory. */
enum { END_SHIFT = 32 };

static uint64_t range_of(size_t first, size_t end) {
    return (uint64_t)end << END_SHIFT | (uint64_t)first;
}

static size_t first_of(uint64_t left) {
    return (size_t)(left & UINT32_MAX);
}

static size_t end_of(uint64_t left) {
    return (size_t)(left >> END_SHIFT);
}

/* The first never passes the end: whoever sees an empty range leaves it alone. */
static size_t length_of(uint64_t left) {
    return end_of(left) - first_of(left);
}

Status shares_init(Shares *shares, size_t threads) {
    *shares = (Shares){.threads = threads};
    return memory_allocate(&shares->share, threads, sizeof *shares->share, "threads' shares");
}

void shares_free(Shares *shares) {
    memory_free(shares->share);
    shares->share = NULL;
}

void shares_deal(Shares *shares, size_t count) {
    for (size_t t = 0; t < shares->threads; t++) {
        size_t first, end;
        shares_equal(count, 1, t, shares->threads, &first, &end);
        atomic_store_explicit(&shares->share[t].left, range_of(first, end), memory_order_relaxed);
    }
    atomic_store_explicit(&shares->unfinished, count, memory_order_relaxed);
}

static uint64_t left_of(const Shares *shares, size_t thread) {
    return atomic_load_explicit(&shares->share[thread].left, memory_order_relaxed);
}

/* Changes a share from what it was to what it becomes, unless someone else has changed it. */
static bool change(Share *share, uint64_t before, uint64_t after) {
    return atomic_compare_exchange_strong_explicit(&share->left, &before, after,
                                                   memory_order_relaxed, memory_order_relaxed);
}

static size_t richest(const Shares *shares) {
    size_t most = 0;
    for (size_t t = 1; t < shares->threads; t++)
        if (length_of(left_of(shares, t)) > length_of(left_of(shares, most)))
            most = t;
    return most;
}

static bool take_own(Shares *shares, size_t thread, size_t *item) {
    for (;;) {
        const uint64_t left = left_of(shares, thread);
        *item = first_of(left);
        if (length_of(left) == 0)
            return false;
        if (change(&shares->share[thread], left, range_of(*item + 1, end_of(left))))
            return true;
    }
}

bool shares_take(Shares *shares, size_t thread, size_t *item) {
    if (take_own(shares, thread, item))
        return true;
    while (!shares_are_taken(shares)) {
        Share *other = &shares->share[richest(shares)];
        const uint64_t left = atomic_load_explicit(&other->left, memory_order_relaxed);
        if (length_of(left) == 0)
            continue;
        *item = end_of(left) - 1;
        if (change(other, left, range_of(first_of(left), *item)))
            return true;
    }
    return false;
}

bool shares_are_taken(const Shares *shares) {
    for (size_t t = 0; t < shares->threads; t++)
        if (length_of(left_of(shares, t)) > 0)
            return false;
    return true;
}

void shares_finish(Shares *shares) {
    atomic_fetch_sub_explicit(&shares->unfinished, 1, memory_order_relaxed);
}

bool shares_are_finished(const Shares *shares) {
    return atomic_load_explicit(&shares->unfinished, memory_order_relaxed) == 0;
}
