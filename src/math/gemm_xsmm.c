#include "gemm_backend.h"

#if defined(VIT_HAVE_LIBXSMM)

#include "vit/cpu.h"
#include <libxsmm.h>
#include <stdio.h>

/* LIBXSMM compiles for AVX-512 and AVX2; on lesser processors it has nothing over BLIS. */
bool gemm_xsmm_init(char *description, size_t bytes) {
    libxsmm_init();
    snprintf(description, bytes, "LIBXSMM %s", LIBXSMM_VERSION);
    return cpu_level() != CPU_PORTABLE;
}

static void run(const Gemm *gemm, const float *a, const float *b, float *c) {
    /* Column-major: C^T = B^T A^T, so the operands change places. */
    ((libxsmm_smmfunction)gemm->kernel)(b, a, c);
}

bool gemm_xsmm_plan(Gemm *gemm) {
    if (gemm->form == GEMM_NT)
        return false;
    const libxsmm_blasint lda = (libxsmm_blasint)gemm->lda, ldb = (libxsmm_blasint)gemm->ldb,
                          ldc = (libxsmm_blasint)gemm->ldc;
    const float alpha = 1.0f, beta = gemm->accumulate ? 1.0f : 0.0f;
    const int flags = gemm->form == GEMM_TN ? LIBXSMM_GEMM_FLAG_TRANS_B : LIBXSMM_GEMM_FLAG_NONE;
    const int prefetch = LIBXSMM_GEMM_PREFETCH_NONE;
    libxsmm_smmfunction kernel = libxsmm_smmdispatch(
        (libxsmm_blasint)gemm->n, (libxsmm_blasint)gemm->m, (libxsmm_blasint)gemm->k, &ldb, &lda,
        &ldc, &alpha, &beta, &flags, &prefetch);
    gemm->run = run;
    gemm->kernel = (void (*)(void))kernel;
    return kernel != NULL;
}

#else

bool gemm_xsmm_init(char *description, size_t bytes) {
    (void)description;
    (void)bytes;
    return false;
}

bool gemm_xsmm_plan(Gemm *gemm) {
    (void)gemm;
    return false;
}

#endif
