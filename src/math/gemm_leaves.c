#include "gemm_backend.h"
#include "gemm_blocks.h"

#include "vit/kernels.h"
#include "vit/shares.h"
#include "vit/size.h"
#include "vit/team.h"
#include "vit/tree.h"
#include <omp.h>
#include <string.h>

/* A thread takes columns of C (where they are few, some rows of them), a span of them at a time,
 * through the whole tree in cache. B is read in place, once where m is small; what is read of A,
 * more often, is copied together first. */

enum {
    SPAN_PANELS = 4,         /* of columns, at most */
    SPAN_FLOATS = 16 * 1024, /* of a leaf's span, where that is more than one panel */
    DEPTH_MOST = 96,         /* of the inner dimension, at a time */
    ROWS = 16                /* a thread that takes only some has a multiple of so many */
};

/* The product under way, and where its operands are. */
typedef struct Leaves {
    GemmLeaves cut;
    size_t m, n;
    const float *packed; /* leaf by leaf [m, its depth] of A */
    const float *b;      /* from the first leaf on */
} Leaves;

static size_t leaf_begin(const GemmLeaves *cut, size_t leaf) {
    return gemm_leaf(cut->inner, cut->leaves, leaf);
}

static size_t own_inner(const GemmLeaves *cut) {
    return leaf_begin(cut, cut->end) - leaf_begin(cut, cut->first);
}

/* Columns of a span: what the tree has of it at a time stays in cache. */
static size_t span_columns(size_t m) {
    size_t panels = SPAN_PANELS;
    while (panels > 1 && m * panels * GEMM_PANEL > SPAN_FLOATS)
        panels /= 2;
    return panels * GEMM_PANEL;
}

/* Nodes that wait for their halves while the leaves pass. */
static size_t nodes_most(const GemmLeaves *cut) {
    return tree_stack_most(cut->end - cut->first);
}

/* Floats of a thread's own room: of fewer rows it takes more columns at a time, within bounds. */
static size_t own_room(size_t m, const GemmLeaves *cut) {
    const size_t floats = size_larger(m * GEMM_PANEL, SPAN_FLOATS);
    return nodes_most(cut) * floats + gemm_blocks_narrow_room(m, DEPTH_MOST);
}

size_t gemm_leaves_room(size_t threads, size_t m, const GemmLeaves *cut) {
    return m * own_inner(cut) + threads * own_room(m, cut);
}

/* A's columns of each leaf, tightly packed; the threads share the rows. */
static void pack(const GemmLeaves *cut, size_t m, const float *a, size_t lda, float *packed) {
    const size_t begin = leaf_begin(cut, cut->first);
    size_t first, end;
    shares_equal(m, 1, (size_t)omp_get_thread_num(), (size_t)omp_get_num_threads(), &first, &end);
    for (size_t l = cut->first; l < cut->end; l++) {
        const size_t at = leaf_begin(cut, l) - begin, depth = leaf_begin(cut, l + 1) - begin - at;
        gemm_blocks_copy(end - first, depth, a + first * lda + at, lda,
                         packed + m * at + first * depth, depth);
    }
}

/* C [m, cols] = A B of one leaf, out of planned products. a [m, depth]; b [depth, cols] with
 * leading dimension ldb. */
static void leaf_blocked(size_t m, size_t depth, size_t cols, const float *a, const float *b,
                         size_t ldb, float *c, float *room) {
    const size_t whole = cols / GEMM_PANEL * GEMM_PANEL, blocks = size_groups(depth, DEPTH_MOST);
    for (size_t i = 0; i < blocks; i++) {
        const size_t p = depth * i / blocks, length = depth * (i + 1) / blocks - p;
        Gemm product;
        gemm_plan(&product, GEMM_NN, m, GEMM_PANEL, length, depth, ldb, cols, i > 0);
        for (size_t j = 0; j < whole; j += GEMM_PANEL)
            gemm_run(&product, a + p, b + p * ldb + j, c + j);
        if (whole < cols)
            gemm_blocks_narrow(m, cols - whole, length, a + p, depth, b + p * ldb + whole, ldb,
                               i > 0, c + whole, cols, room);
    }
}

/* A block of all nodes, no more columns than a span. */
static void span(const Leaves *leaves, GemmBlock block, float *const *node, float *room) {
    const GemmLeaves *cut = &leaves->cut;
    const Kernels *kernels = kernels_best();
    const size_t n = leaves->n, offset = leaf_begin(cut, cut->first);
    const size_t m = block.rows, cols = block.cols, floats = m * cols;
    float *narrow = room + nodes_most(cut) * m * span_columns(m);
    TreeStack stack;
    tree_start(&stack, cut->leaves);
    for (size_t l = cut->first; l < cut->end; l++) {
        const size_t at = leaf_begin(cut, l) - offset, depth = leaf_begin(cut, l + 1) - offset - at;
        const float *a = leaves->packed + leaves->m * at + block.row * depth;
        const float *b = leaves->b + at * n + block.col;
        float *c = room + stack.count * floats;
        size_t into, from;
        if (gemm_has(GEMM_XSMM))
            leaf_blocked(m, depth, cols, a, b, n, c, narrow);
        else
            gemm_blis_once(GEMM_NN, m, cols, depth, a, depth, b, n, false, c, cols);
        tree_push(&stack, (TreeNode){l, l + 1}, stack.count);
        while (tree_merge(&stack, &into, &from))
            kernels->add(floats, room + from * floats, room + into * floats);
    }
    for (size_t k = 0; k < stack.count; k++)
        gemm_blocks_copy(m, cols, room + k * floats, cols, node[k] + block.row * n + block.col, n);
}

void gemm_leaves(size_t threads, size_t m, size_t n, const GemmLeaves *cut, const float *a,
                 size_t lda, const float *b, float *const *node, float *room) {
    const Leaves leaves = {.cut = *cut, .m = m, .n = n, .packed = room, .b = b};
    const Phase phase = phase_current();
    if (m == 0 || cut->first == cut->end)
        return;
#pragma omp parallel num_threads((int)threads)
    {
        const TeamThread team = team_enter(phase);
        const GemmBlock own = gemm_blocks_own(m, ROWS, n, GEMM_PANEL);
        const size_t columns = span_columns(own.rows);
        float *mine = room + m * own_inner(cut) + (size_t)omp_get_thread_num() * own_room(m, cut);
        pack(cut, m, a, lda, room);
#pragma omp barrier
        for (size_t done = 0; done < own.cols && own.rows > 0; done += columns)
            span(&leaves,
                 (GemmBlock){own.row, own.rows, own.col + done,
                             size_smaller(columns, own.cols - done)},
                 node, mine);
        team_leave(team);
    }
    phase_begin(phase);
}
