#include "gemm_backend.h"

#if defined(VIT_HAVE_LIBXSMM)

#include "vit/cpu.h"
#include <libxsmm.h>
#include <stdio.h>

/* LIBXSMM compiles for AVX-512 and AVX2; on lesser processors it has nothing over BLIS. */
bool gemm_xsmm_survey(GemmChoice *own) {
    libxsmm_init();
    own->xsmm_target = libxsmm_get_target_archid();
    snprintf(own->xsmm_version, sizeof own->xsmm_version, "%s", LIBXSMM_VERSION);
    return cpu_level() != CPU_PORTABLE;
}

const char *gemm_xsmm_lesser(void) {
    return libxsmm_get_target_archid() < libxsmm_cpuid() ? libxsmm_get_target_arch() : NULL;
}

void gemm_xsmm_use(const GemmChoice *choice) {
    if (choice->xsmm_target != libxsmm_get_target_archid())
        libxsmm_set_target_archid(choice->xsmm_target);
}

static void run(const Gemm *gemm, const float *a, const float *b, float *c) {
    /* Column-major: C^T = B^T A^T, so the operands change places. */
    ((libxsmm_smmfunction)gemm->kernel)(b, a, c);
}

/* "B" is the second operand of the column-major product, which may be anywhere: it is only fetched.
 */
static void run_ahead(const Gemm *gemm, const float *a, const float *b, float *c,
                      const float *next) {
    ((libxsmm_smmfunction)gemm->kernel)(b, a, c, b, next, c);
}

bool gemm_xsmm_plan(Gemm *gemm, bool ahead) {
    if (gemm->form == GEMM_NT)
        return false;
    const libxsmm_blasint lda = (libxsmm_blasint)gemm->lda, ldb = (libxsmm_blasint)gemm->ldb,
                          ldc = (libxsmm_blasint)gemm->ldc;
    const float alpha = 1.0f, beta = gemm->accumulate ? 1.0f : 0.0f;
    const int flags = gemm->form == GEMM_TN ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
    const libxsmm_blasint m = (libxsmm_blasint)gemm->m, n = (libxsmm_blasint)gemm->n,
                          k = (libxsmm_blasint)gemm->k;
    const int prefetch = ahead ? LIBXSMM_GEMM_PREFETCH_BL2_VIA_C : LIBXSMM_GEMM_PREFETCH_NONE;
    gemm->kernel = (void (*)(void))libxsmm_smmdispatch(n, m, k, &ldb, &lda, &ldc, &alpha, &beta,
                                                       &flags, &prefetch);
    gemm->run = run;
    gemm->run_ahead = ahead ? run_ahead : NULL;
    return gemm->kernel != NULL;
}

bool gemm_xsmm_plan_sum(GemmSum *sum) {
    const Gemm *term = &sum->first;
    const libxsmm_blasint lda = (libxsmm_blasint)term->lda, ldb = (libxsmm_blasint)term->ldb,
                          ldc = (libxsmm_blasint)term->ldc;
    const float alpha = 1.0f, beta = 0.0f;
    const int flags = LIBXSMM_GEMM_FLAG_NONE, prefetch = LIBXSMM_GEMM_PREFETCH_NONE;
    sum->kernel = (void (*)(void))libxsmm_smmdispatch_reducebatch_offs(
        (libxsmm_blasint)term->n, (libxsmm_blasint)term->m, (libxsmm_blasint)term->k, &ldb, &lda,
        &ldc, &alpha, &beta, &flags, &prefetch);
    return sum->kernel != NULL;
}

void gemm_xsmm_run_sum(const GemmSum *sum, const float *a, const float *b, float *c) {
    const unsigned long long count = sum->count;
    ((libxsmm_smmfunction_reducebatch_offs)sum->kernel)(b, a, c, &count, sum->b_bytes,
                                                        sum->a_bytes);
}

#else

bool gemm_xsmm_plan_sum(GemmSum *sum) {
    (void)sum;
    return false;
}

void gemm_xsmm_run_sum(const GemmSum *sum, const float *a, const float *b, float *c) {
    (void)sum, (void)a, (void)b, (void)c;
}

bool gemm_xsmm_survey(GemmChoice *own) {
    (void)own;
    return false;
}

void gemm_xsmm_use(const GemmChoice *choice) {
    (void)choice;
}

const char *gemm_xsmm_lesser(void) {
    return NULL;
}

bool gemm_xsmm_plan(Gemm *gemm, bool ahead) {
    (void)gemm;
    (void)ahead;
    return false;
}

#endif
