#ifndef VIT_GEMM_BLOCKS_H
#define VIT_GEMM_BLOCKS_H

#include "vit/gemm.h"

/* What large products are made of where LIBXSMM is there: small ones on blocks that stay in cache.
 * All are called by one thread, within parallel regions. */

enum {
    GEMM_PANEL = 64, /* columns of a small product */
    GEMM_DEPTH = 64  /* of the inner dimension, at a time, in products A B */
};

/* One small product, planned and run. */
void gemm_blocks_multiply(GemmForm form, size_t m, size_t n, size_t k, const float *a, size_t lda,
                          const float *b, size_t ldb, bool accumulate, float *c, size_t ldc);

/* out [rows, cols] = in, with leading dimensions. */
void gemm_blocks_copy(size_t rows, size_t cols, const float *in, size_t ld_in, float *out,
                      size_t ld_out);

/* C [m, n] (+)= A B with n < GEMM_PANEL columns and k rows of B: filled up with zeros, since
 * LIBXSMM divides the sums of a narrow product in a way that depends on its number of rows. room:
 * gemm_blocks_narrow_room(m, k) floats. */
void gemm_blocks_narrow(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b,
                        size_t ldb, bool accumulate, float *c, size_t ldc, float *room);
size_t gemm_blocks_narrow_room(size_t m, size_t k);

/* A thread's part of C. */
typedef struct GemmBlock {
    size_t row, rows, col, cols;
} GemmBlock;

/* The calling thread's part of C [m, n], in whole grains but at C's end; perhaps empty. */
GemmBlock gemm_blocks_own(size_t m, size_t row_grain, size_t n, size_t col_grain);

#endif
