#include "gemm_backend.h"

#include "vit/phase.h"
#include <omp.h>
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

/* Borders between the threads' parts: a multiple of every kernel's tile. */
enum { WIDE_GRAIN = 96 };

static size_t wide_border(size_t total, size_t parts, size_t part) {
    size_t grains = (total + WIDE_GRAIN - 1) / WIDE_GRAIN;
    size_t border = grains * part / parts * WIDE_GRAIN;
    return border < total ? border : total;
}

/* Through BLIS, which does its own blocking: a thread takes columns or rows. */
static void wide_blis(size_t threads, GemmForm form, size_t m, size_t n, size_t k, const float *a,
                      size_t lda, const float *b, size_t ldb, bool accumulate, float *c,
                      size_t ldc) {
    bool by_columns = n >= m;
    const Phase phase = phase_current();
#pragma omp parallel num_threads((int)threads)
    {
        phase_begin(phase);
        size_t parts = (size_t)omp_get_num_threads(), part = (size_t)omp_get_thread_num();
        size_t total = by_columns ? n : m;
        size_t first = wide_border(total, parts, part);
        size_t count = wide_border(total, parts, part + 1) - first;
        const float *my_a = a, *my_b = b;
        float *my_c = c;
        if (by_columns) {
            my_b += form == GEMM_NT ? first * ldb : first;
            my_c += first;
        } else {
            my_a += form == GEMM_TN ? first : first * lda;
            my_c += first * ldc;
        }
        if (count)
            gemm_blis_once(form, by_columns ? m : count, by_columns ? count : n, k, my_a, lda, my_b,
                           ldb, accumulate, my_c, ldc);
        phase_begin(PHASE_WAIT);
    }
    phase_begin(phase);
}

void gemm_wide(size_t threads, GemmForm form, size_t m, size_t n, size_t k, const float *a,
               size_t lda, const float *b, size_t ldb, bool accumulate, float *c, size_t ldc,
               float *room) {
    if (chosen.xsmm)
        gemm_wide_blocked(threads, form, m, n, k, a, lda, b, ldb, accumulate, c, ldc, room);
    else
        wide_blis(threads, form, m, n, k, a, lda, b, ldb, accumulate, c, ldc);
}
