#include "gemm_backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    bool xsmm;
    char description[128];
    const char *warning;
} chosen;

void gemm_init(void) {
    char blis[64], xsmm[48];
    gemm_blis_init(blis, sizeof blis, &chosen.warning);
    const char *wanted = getenv("VIT_GEMM");
    chosen.xsmm = !(wanted && strcmp(wanted, "blis") == 0) && gemm_xsmm_init(xsmm, sizeof xsmm);
    snprintf(chosen.description, sizeof chosen.description, "%s%s%s", chosen.xsmm ? xsmm : "",
             chosen.xsmm ? " + " : "", blis);
}

const char *gemm_description(void) {
    return chosen.description;
}

const char *gemm_warning(void) {
    return chosen.warning;
}

bool gemm_has(GemmBackend backend) {
    return backend == GEMM_BLIS || chosen.xsmm;
}

void gemm_plan_with(GemmBackend backend, Gemm *gemm, GemmForm form, size_t m, size_t n, size_t k,
                    size_t lda, size_t ldb, size_t ldc, bool accumulate) {
    *gemm = (Gemm){.m = m,
                   .n = n,
                   .k = k,
                   .lda = lda,
                   .ldb = ldb,
                   .ldc = ldc,
                   .form = form,
                   .accumulate = accumulate};
    if (backend == GEMM_BLIS || !gemm_xsmm_plan(gemm, false))
        gemm_blis_plan(gemm);
}

void gemm_plan(Gemm *gemm, GemmForm form, size_t m, size_t n, size_t k, size_t lda, size_t ldb,
               size_t ldc, bool accumulate) {
    gemm_plan_with(chosen.xsmm ? GEMM_XSMM : GEMM_BLIS, gemm, form, m, n, k, lda, ldb, ldc,
                   accumulate);
}

void gemm_plan_ahead(Gemm *gemm, size_t m, size_t n, size_t k, size_t lda, size_t ldb, size_t ldc,
                     bool accumulate) {
    gemm_plan(gemm, GEMM_NN, m, n, k, lda, ldb, ldc, accumulate);
    if (chosen.xsmm && !gemm_xsmm_plan(gemm, true))
        gemm_blis_plan(gemm);
}
