#include "vit/fat_rows.h"

#include "vit/gemm.h"
#include "vit/size.h"
#include "vit/tree.h"

/* 64 ranks send one node each when there are 64; a leaf of few rows would be summed more often than
 * it is multiplied. */
enum { LEAVES_MOST = 64, LEAF_ROWS_LEAST = 16 };

size_t fat_rows_leaves(size_t in) {
    size_t leaves = LEAVES_MOST;
    while (leaves > 1 && in / leaves < LEAF_ROWS_LEAST)
        leaves /= 2;
    return leaves;
}

size_t fat_rows_leaf(size_t in, size_t leaf) {
    return gemm_leaf(in, fat_rows_leaves(in), leaf);
}

FatRows fat_rows_of(size_t in, size_t out, size_t first_leaf, size_t end_leaf, size_t threads) {
    const size_t first = fat_rows_leaf(in, first_leaf);
    return (FatRows){.in = in,
                     .out = out,
                     .threads = threads,
                     .first_leaf = first_leaf,
                     .end_leaf = end_leaf,
                     .first = first,
                     .count = fat_rows_leaf(in, end_leaf) - first};
}

size_t fat_rows_nodes(const FatRows *rows) {
    return tree_cover(fat_rows_leaves(rows->in), rows->first_leaf, rows->end_leaf, NULL);
}

static GemmLeaves leaves_of(const FatRows *rows) {
    return (GemmLeaves){.inner = rows->in,
                        .leaves = fat_rows_leaves(rows->in),
                        .first = rows->first_leaf,
                        .end = rows->end_leaf};
}

size_t fat_rows_room(const FatRows *rows, size_t images, size_t batch) {
    const GemmLeaves leaves = leaves_of(rows);
    const size_t threads = rows->threads, count = rows->count, out = rows->out;
    return size_larger(size_larger(gemm_leaves_room(threads, images, &leaves),
                                   gemm_wide_room(threads, GEMM_NT, images, count, out)),
                       gemm_wide_room(threads, GEMM_TN, count, out, batch));
}

void fat_rows_forward(const FatRows *rows, const float *kernel, size_t images, const float *input,
                      size_t ld, float *const *node, float *room) {
    const GemmLeaves leaves = leaves_of(rows);
    gemm_leaves(rows->threads, images, rows->out, &leaves, input, ld, kernel, node, room);
}

void fat_rows_backward(const FatRows *rows, const float *kernel, size_t images, const float *delta,
                       float *dinput, float *room) {
    if (rows->count && images)
        gemm_wide(rows->threads, GEMM_NT, images, rows->count, rows->out, delta, rows->out, kernel,
                  rows->out, false, dinput, rows->count, room);
}

void fat_rows_gradient(const FatRows *rows, size_t some, size_t images, const float *input,
                       size_t ld, const float *delta, float *gradient, float *room) {
    if (some)
        gemm_wide(rows->threads, GEMM_TN, some, rows->out, images, input, ld, delta, rows->out,
                  false, gradient, rows->out, room);
}
