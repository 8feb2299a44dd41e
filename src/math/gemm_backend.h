#ifndef VIT_GEMM_BACKEND_H
#define VIT_GEMM_BACKEND_H

#include "vit/gemm.h"

/* What gemm.c asks of a back end. */

/* BLIS: every shape. gemm_blis_init sets *description and, when BLIS runs a lesser configuration
 * than the processor deserves, *warning. */
void gemm_blis_init(char *description, size_t bytes, const char **warning);
void gemm_blis_plan(Gemm *gemm);
/* One product on the calling thread, whose rows do not depend on how many of them share the call.
 */
void gemm_blis_once(GemmForm form, size_t m, size_t n, size_t k, const float *a, size_t lda,
                    const float *b, size_t ldb, bool accumulate, float *c, size_t ldc);

/* LIBXSMM: false when it is not built in or has no kernel for this processor or shape. */
bool gemm_xsmm_init(char *description, size_t bytes);
/* ahead: for run_ahead, otherwise for run. */
bool gemm_xsmm_plan(Gemm *gemm, bool ahead);

/* gemm_wide out of planned products, for back ends that do no blocking of their own. */
void gemm_wide_blocked(size_t threads, GemmForm form, size_t m, size_t n, size_t k, const float *a,
                       size_t lda, const float *b, size_t ldb, bool accumulate, float *c,
                       size_t ldc, float *room);

#endif
