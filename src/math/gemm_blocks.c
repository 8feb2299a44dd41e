#include "gemm_blocks.h"

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

void gemm_blocks_share(size_t total, size_t grain, size_t *first, size_t *end) {
    const size_t parts = (size_t)omp_get_num_threads(), part = (size_t)omp_get_thread_num();
    const size_t grains = size_groups(total, grain);
    *first = size_smaller(grains * part / parts * grain, total);
    *end = size_smaller(grains * (part + 1) / parts * grain, total);
}
