#include "gemm_blocks.h"

#include "vit/shares.h"
#include "vit/size.h"
#include <omp.h>
#include <string.h>

void gemm_blocks_multiply(GemmForm form, size_t m, size_t n, size_t k, const float *a, size_t lda,
                          const float *b, size_t ldb, bool accumulate, float *c, size_t ldc) {
    Gemm gemm;
    gemm_plan(&gemm, form, m, n, k, lda, ldb, ldc, accumulate);
    gemm_run(&gemm, a, b, c);
}

void gemm_blocks_copy(size_t rows, size_t cols, const float *in, size_t ld_in, float *out,
                      size_t ld_out) {
    for (size_t r = 0; r < rows; r++)
        memcpy(out + r * ld_out, in + r * ld_in, cols * sizeof *out);
}

size_t gemm_blocks_narrow_room(size_t m, size_t k) {
    return (k + m) * GEMM_PANEL;
}

void gemm_blocks_narrow(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                        size_t ldb, bool accumulate, float *c, size_t ldc, float *room) {
    float *panel = room, *sums = room + k * GEMM_PANEL;
    memset(panel, 0, k * GEMM_PANEL * sizeof *panel);
    gemm_blocks_copy(k, n, b, ldb, panel, GEMM_PANEL);
    if (accumulate)
        gemm_blocks_copy(m, n, c, ldc, sums, GEMM_PANEL);
    gemm_blocks_multiply(GEMM_NN, m, GEMM_PANEL, k, a, lda, panel, GEMM_PANEL, accumulate, sums,
                         GEMM_PANEL);
    gemm_blocks_copy(m, n, sums, GEMM_PANEL, c, ldc);
}

/* Threads in rows of a grid over C, and in columns. */
typedef struct Grid {
    size_t down, across;
} Grid;

/* The grid of at most `threads` threads in which the busiest one has least to do; but all rows of
 * threads read all of B, so that more of them must gain a twentieth. */
static Grid best_grid(size_t threads, size_t m, size_t row_grain, size_t n, size_t col_grain) {
    const size_t high = size_groups(m, row_grain), wide = size_groups(n, col_grain);
    Grid best = {1, threads};
    size_t least = high * size_groups(wide, threads);
    for (size_t down = 2; down <= size_smaller(threads, high); down++) {
        const size_t across = threads / down;
        const size_t busiest = size_groups(high, down) * size_groups(wide, across);
        if (busiest * 20 >= least * 19)
            continue;
        best = (Grid){down, across};
        least = busiest;
    }
    return best;
}

GemmBlock gemm_blocks_own(size_t m, size_t row_grain, size_t n, size_t col_grain) {
    const size_t thread = (size_t)omp_get_thread_num();
    const Grid grid = best_grid((size_t)omp_get_num_threads(), m, row_grain, n, col_grain);
    GemmBlock block = {0};
    size_t end_row, end_col;
    if (thread >= grid.down * grid.across)
        return block;
    shares_equal(m, row_grain, thread / grid.across, grid.down, &block.row, &end_row);
    shares_equal(n, col_grain, thread % grid.across, grid.across, &block.col, &end_col);
    block.rows = end_row - block.row;
    block.cols = end_col - block.col;
    return block;
}
