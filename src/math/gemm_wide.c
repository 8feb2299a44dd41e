#include "gemm_backend.h"
#include "gemm_blocks.h"

#include "vit/kernels.h"
#include "vit/shares.h"
#include "vit/size.h"
#include "vit/team.h"
#include <omp.h>
#include <string.h>

/* Large products with few rows or a short inner dimension (a head on a chunk of images). BLIS does
 * its own blocking; with LIBXSMM they are made of small products on blocks that stay in cache. What
 * is large, the weights, is read or written once, in place; smaller operands whose rows lie far
 * apart are copied together first. Every element is one chain of multiplications and additions over
 * k, whatever the blocks are: neither threads nor the number of rows change a bit. */

enum {
    GRAIN = 96,      /* rows of one, at most */
    ROWS = 16,       /* of which all but the last ones have a multiple, a narrow one always */
    SPAN = 1024,     /* columns of C that are finished before the next ones */
    LONG_DEPTH = 256 /* of the inner dimension, at a time, where B is transposed */
};

/* Rows at a time, so that `count` of them take as few steps as GRAIN allows, and equal ones. */
static size_t equal_step(size_t count) {
    return count ? size_round_up(size_groups(count, size_groups(count, GRAIN)), ROWS) : GRAIN;
}

/* C = A B: a thread takes columns, or some rows of them. room: [rows, GEMM_DEPTH] of A; see
 * gemm_blocks_narrow.
 */
static void block_nn(GemmBlock own, size_t k, const float *a, size_t lda, const float *b,
                     size_t ldb, bool accumulate, float *c, size_t ldc, float *room) {
    const size_t m = own.rows, end = own.col + own.cols;
    float *block = room, *filled = room + m * GEMM_DEPTH;
    a += own.row * lda;
    c += own.row * ldc;
    for (size_t begin = own.col; begin < end; begin += SPAN)
        for (size_t p = 0; p < k; p += GEMM_DEPTH) {
            const size_t depth = size_smaller(GEMM_DEPTH, k - p),
                         cols = size_smaller(SPAN, end - begin);
            const size_t whole = cols / GEMM_PANEL * GEMM_PANEL;
            const bool more = accumulate || p > 0;
            const float *rows = b + p * ldb + begin;
            Gemm product;
            /* The next rows of B come from memory while these are multiplied. */
            const bool ahead = p + GEMM_DEPTH < k && m <= depth && ldb == ldc;
            if (ahead)
                gemm_plan_ahead(&product, m, GEMM_PANEL, depth, depth, ldb, ldc, more);
            else
                gemm_plan(&product, GEMM_NN, m, GEMM_PANEL, depth, depth, ldb, ldc, more);
            gemm_blocks_copy(m, depth, a + p, lda, block, depth);
            for (size_t j = 0; j < whole; j += GEMM_PANEL)
                if (ahead)
                    gemm_run_ahead(&product, block, rows + j, c + begin + j,
                                   rows + GEMM_DEPTH * ldb + j);
                else
                    gemm_run(&product, block, rows + j, c + begin + j);
            if (whole < cols)
                gemm_blocks_narrow(m, cols - whole, depth, block, depth, rows + whole, ldb, more,
                                   c + begin + whole, ldc, filled);
        }
}

/* Rows of B as they are, or, where they are too few for one chain of sums a row (see
 * gemm_blocks_narrow), filled up with zeros in room. */
static const float *whole_rows(size_t rows, size_t wanted, size_t cols, const float *b, size_t *ldb,
                               float *room) {
    if (rows == wanted)
        return b;
    gemm_blocks_copy(rows, cols, b, *ldb, room, cols);
    memset(room + rows * cols, 0, (wanted - rows) * cols * sizeof *room);
    *ldb = cols;
    return room;
}

/* C = A B^T as the transpose of B A^T, so that B's rows are read in place: a thread takes rows of
 * B. shared: panels of A^T, [k, GEMM_PANEL] each; room: [GRAIN, GEMM_PANEL] of C^T, [GRAIN,
 * LONG_DEPTH] of B.
 */
static void columns_nt(const Kernels *kernels, size_t first, size_t end, size_t m, size_t k,
                       const float *b, size_t ldb, bool accumulate, float *c, size_t ldc,
                       const float *shared, float *room) {
    const size_t step = equal_step(end - first);
    float *filled = room + GRAIN * GEMM_PANEL;
    for (size_t j = first; j < end; j += step)
        for (size_t i = 0; i < m; i += GEMM_PANEL) {
            const size_t rows = size_smaller(step, end - j),
                         width = size_smaller(GEMM_PANEL, m - i);
            const size_t wanted = size_round_up(rows, ROWS);
            if (accumulate)
                kernels->transpose(width, rows, c + i * ldc + j, ldc, room, width);
            for (size_t p = 0; p < k; p += LONG_DEPTH) {
                const size_t depth = size_smaller(LONG_DEPTH, k - p);
                size_t ld = ldb;
                const float *block = whole_rows(rows, wanted, depth, b + j * ldb + p, &ld, filled);
                gemm_blocks_multiply(GEMM_NN, wanted, width, depth, block, ld,
                                     shared + i * k + p * width, width, accumulate || p > 0, room,
                                     width);
            }
            kernels->transpose(rows, width, room, width, c + i * ldc + j, ldc);
        }
}

/* The last, narrow panel of C = A^T B on `wanted` rows, of which the last ones are not wanted: see
 * gemm_blocks_narrow. room: [wanted, width]. */
static void narrow_tn(size_t rows, size_t wanted, size_t width, size_t k, const float *a,
                      const float *b, bool accumulate, float *c, size_t ldc, float *room) {
    if (accumulate)
        gemm_blocks_copy(rows, width, c, ldc, room, width);
    gemm_blocks_multiply(GEMM_TN, wanted, width, k, a, wanted, b, width, accumulate, room, width);
    gemm_blocks_copy(rows, width, room, width, c, ldc);
}

/* C = A^T B: a thread takes rows of C. shared: the panels of B, [k, GEMM_PANEL] each; room: columns
 * of A, [k, GRAIN], and narrow_tn's. */
static void rows_tn(size_t first, size_t end, size_t n, size_t k, const float *a, size_t lda,
                    bool accumulate, float *c, size_t ldc, const float *shared, float *room) {
    float *block = room, *filled = room + GRAIN * k;
    const size_t whole = n / GEMM_PANEL * GEMM_PANEL, step = equal_step(end - first);
    for (size_t i = first; i < end; i += step) {
        const size_t rows = size_smaller(step, end - i), wanted = size_round_up(rows, ROWS);
        if (rows < wanted)
            memset(block, 0, k * wanted * sizeof *block);
        gemm_blocks_copy(k, rows, a + i, lda, block, wanted);
        for (size_t j = 0; j < whole; j += GEMM_PANEL)
            gemm_blocks_multiply(GEMM_TN, rows, GEMM_PANEL, k, block, wanted, shared + j * k,
                                 GEMM_PANEL, accumulate, c + i * ldc + j, ldc);
        if (whole < n)
            narrow_tn(rows, wanted, n - whole, k, block, shared + whole * k, accumulate,
                      c + i * ldc + whole, ldc, filled);
    }
}

/* Floats of what all threads read, and of a thread's own room. */
static size_t shared_room(GemmForm form, size_t m, size_t n, size_t k) {
    return form == GEMM_NT ? m * k : form == GEMM_TN ? n * k : 0;
}

static size_t own_room(GemmForm form, size_t m, size_t k) {
    switch (form) {
    case GEMM_NN:
        return m * GEMM_DEPTH + gemm_blocks_narrow_room(m, GEMM_DEPTH);
    case GEMM_NT:
        return GRAIN * (GEMM_PANEL + LONG_DEPTH);
    default:
        return GRAIN * (k + GEMM_PANEL);
    }
}

size_t gemm_wide_room(size_t threads, GemmForm form, size_t m, size_t n, size_t k) {
    return shared_room(form, m, n, k) + threads * own_room(form, m, k);
}

/* What all threads read: see columns_nt and rows_tn. Called by all threads. */
static void prepare_shared(GemmForm form, const Kernels *kernels, size_t m, size_t n, size_t k,
                           const float *a, size_t lda, const float *b, size_t ldb, float *shared) {
    const size_t part = (size_t)omp_get_thread_num(), parts = (size_t)omp_get_num_threads();
    size_t first, end;
    if (form == GEMM_NT) {
        shares_equal(k, ROWS, part, parts, &first, &end);
        for (size_t i = 0; i < m; i += GEMM_PANEL) {
            const size_t width = size_smaller(GEMM_PANEL, m - i);
            kernels->transpose(width, end - first, a + i * lda + first, lda,
                               shared + i * k + first * width, width);
        }
    } else if (form == GEMM_TN) {
        shares_equal(n, GEMM_PANEL, part, parts, &first, &end);
        for (size_t j = first; j < end; j += GEMM_PANEL)
            gemm_blocks_copy(k, size_smaller(GEMM_PANEL, n - j), b + j, ldb, shared + j * k,
                             size_smaller(GEMM_PANEL, n - j));
    }
#pragma omp barrier
}

/* Out of planned products. */
static void wide_blocked(size_t threads, GemmForm form, size_t m, size_t n, size_t k,
                         const float *a, size_t lda, const float *b, size_t ldb, bool accumulate,
                         float *c, size_t ldc, float *room) {
    const Kernels *kernels = kernels_best();
    const Phase phase = phase_current();
#pragma omp parallel num_threads((int)threads)
    {
        const TeamThread team = team_enter(phase);
        size_t first, end;
        float *shared = room;
        float *own =
            room + shared_room(form, m, n, k) + (size_t)omp_get_thread_num() * own_room(form, m, k);
        prepare_shared(form, kernels, m, n, k, a, lda, b, ldb, shared);
        shares_equal(form == GEMM_TN ? m : n, ROWS, (size_t)omp_get_thread_num(),
                     (size_t)omp_get_num_threads(), &first, &end);
        if (form == GEMM_NN)
            block_nn(gemm_blocks_own(m, ROWS, n, GEMM_PANEL), k, a, lda, b, ldb, accumulate, c, ldc,
                     own);
        else if (form == GEMM_NT)
            columns_nt(kernels, first, end, m, k, b, ldb, accumulate, c, ldc, shared, own);
        else
            rows_tn(first, end, n, k, a, lda, accumulate, c, ldc, shared, own);
        team_leave(team);
    }
    phase_begin(phase);
}

/* Through BLIS: a thread takes a block of C. */
static void wide_blis(size_t threads, GemmForm form, size_t m, size_t n, size_t k, const float *a,
                      size_t lda, const float *b, size_t ldb, bool accumulate, float *c,
                      size_t ldc) {
    const Phase phase = phase_current();
#pragma omp parallel num_threads((int)threads)
    {
        const TeamThread team = team_enter(phase);
        const GemmBlock own = gemm_blocks_own(m, ROWS, n, ROWS);
        const float *rows = a + (form == GEMM_TN ? own.row : own.row * lda);
        const float *cols = b + (form == GEMM_NT ? own.col * ldb : own.col);
        if (own.rows > 0 && own.cols > 0)
            gemm_blis_once(form, own.rows, own.cols, k, rows, lda, cols, ldb, accumulate,
                           c + own.row * ldc + own.col, ldc);
        team_leave(team);
    }
    phase_begin(phase);
}

void gemm_wide(size_t threads, GemmForm form, size_t m, size_t n, size_t k, const float *a,
               size_t lda, const float *b, size_t ldb, bool accumulate, float *c, size_t ldc,
               float *room) {
    if (gemm_has(GEMM_XSMM))
        wide_blocked(threads, form, m, n, k, a, lda, b, ldb, accumulate, c, ldc, room);
    else
        wide_blis(threads, form, m, n, k, a, lda, b, ldb, accumulate, c, ldc);
}
