#ifndef VIT_GEMM_BACKEND_H
#define VIT_GEMM_BACKEND_H

#include "vit/cpu.h"
#include "vit/gemm.h"

/* What gemm.c and gemm_wide.c ask of the back ends. */

/* BLIS: every shape. gemm_blis_survey sets what concerns it in *own (STATUS_USAGE: BLIS_ARCH_TYPE
 * is no number of a configuration); gemm_blis_use *description and, when BLIS runs a lesser
 * configuration than the processor deserves, *warning. */
Status gemm_blis_survey(GemmChoice *own);
void gemm_blis_use(const GemmChoice *choice, char *description, size_t bytes, const char **warning);
/* The configuration that BLIS should run on a processor of that level when left to itself it runs
 * `own`, or NULL when that is as good. By what the processor can do: BLIS goes by family and model
 * numbers of AMD's, and falls back to plain C on those that it does not know; of Intel's it asks
 * the brand string whether there are two 512-bit units, and takes virtual machines, whose brand
 * says nothing, for processors with one, on which `skx` does as many operations a cycle as
 * `haswell`. */
const char *gemm_blis_better(CpuLevel level, const char *own);
void gemm_blis_plan(Gemm *gemm);
/* One product on the calling thread, whose rows do not depend on how many of them share the call.
 */
void gemm_blis_once(GemmForm form, size_t m, size_t n, size_t k, const float *a, size_t lda,
                    const float *b, size_t ldb, bool accumulate, float *c, size_t ldc);

/* LIBXSMM: false when it is not built in or has no kernel for this processor or shape. */
bool gemm_xsmm_survey(GemmChoice *own);
void gemm_xsmm_use(const GemmChoice *choice);
/* The instruction set that it compiles for, where the processor has a better one; or NULL. */
const char *gemm_xsmm_lesser(void);
/* ahead: for run_ahead, otherwise for run. */
bool gemm_xsmm_plan(Gemm *gemm, bool ahead);
/* Sets sum->kernel, for factors with the leading dimensions and shape of sum->first. */
bool gemm_xsmm_plan_sum(GemmSum *sum);
void gemm_xsmm_run_sum(const GemmSum *sum, const float *a, const float *b, float *c);

#endif
