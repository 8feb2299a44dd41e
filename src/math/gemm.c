#include "gemm_backend.h"

#include "vit/environment.h"
#include <stdio.h>
#include <string.h>

static struct {
    bool xsmm;
    char description[160];
    const char *warning;
} chosen;

Status gemm_survey(GemmChoice *own) {
    static const char *const names[] = {"blis", "xsmm", NULL};
    enum { BLIS_ALONE, WITH_XSMM };
    int wanted;
    memset(own, 0, sizeof *own); /* its bytes are compared between ranks */
    STATUS_TRY(environment_word("VIT_GEMM", names, &wanted));
    STATUS_TRY(gemm_blis_survey(own));
    own->xsmm = wanted != BLIS_ALONE && gemm_xsmm_survey(own);
    if (wanted == WITH_XSMM && !own->xsmm)
        return status_fail(STATUS_USAGE, "VIT_GEMM = 'xsmm' in the environment: this program or "
                                         "this processor has no LIBXSMM; leave it out");
    return STATUS_OK;
}

void gemm_use(const GemmChoice *choice) {
    char blis[96];
    gemm_blis_use(choice, blis, sizeof blis, &chosen.warning);
    chosen.xsmm = choice->xsmm;
    if (chosen.xsmm)
        gemm_xsmm_use(choice);
    const char *lesser = chosen.xsmm ? gemm_xsmm_lesser() : NULL;
    char xsmm[64] = "";
    if (chosen.xsmm)
        snprintf(xsmm, sizeof xsmm, "LIBXSMM %s%s%.8s + ", choice->xsmm_version,
                 lesser ? " for " : "", lesser ? lesser : "");
    snprintf(chosen.description, sizeof chosen.description, "%s%s", xsmm, blis);
}

void gemm_init(void) {
    GemmChoice own;
    gemm_survey(&own);
    gemm_use(&own);
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

/* Whether both factors of term i begin where those of the term before end. */
static bool goes_on(const GemmSum *sum, size_t i, size_t k, size_t ldb) {
    return sum->a_bytes[i] == sum->a_bytes[i - 1] + k * sizeof(float) &&
           sum->b_bytes[i] == sum->b_bytes[i - 1] + k * ldb * sizeof(float);
}

/* BLIS wants few large products: as many terms as go on from the first become one, where all others
 * fall into groups alike. Returns the inner dimension of a product then. */
static size_t join_terms(GemmSum *sum, size_t k, size_t ldb) {
    size_t joined = 1;
    while (joined < sum->count && goes_on(sum, joined, k, ldb))
        joined++;
    bool alike = sum->count % joined == 0;
    for (size_t i = 0; i < sum->count; i++)
        alike = alike && (i % joined == 0 || goes_on(sum, i, k, ldb));
    if (!alike)
        return k;
    sum->count /= joined;
    for (size_t i = 0; i < sum->count; i++) {
        sum->a_bytes[i] = sum->a_bytes[i * joined];
        sum->b_bytes[i] = sum->b_bytes[i * joined];
    }
    return joined * k;
}

void gemm_sum_plan(GemmSum *sum, const GemmTerms *terms, size_t m, size_t n, size_t k, size_t lda,
                   size_t ldb, size_t ldc) {
    *sum = (GemmSum){.count = terms->count};
    for (size_t i = 0; i < terms->count; i++) {
        sum->a_bytes[i] = terms->a[i] * sizeof(float);
        sum->b_bytes[i] = terms->b[i] * sizeof(float);
    }
    gemm_plan(&sum->first, GEMM_NN, m, n, k, lda, ldb, ldc, false);
    if (chosen.xsmm && gemm_xsmm_plan_sum(sum))
        return;
    const size_t inner = join_terms(sum, k, ldb);
    gemm_plan(&sum->first, GEMM_NN, m, n, inner, lda, ldb, ldc, false);
    gemm_plan(&sum->more, GEMM_NN, m, n, inner, lda, ldb, ldc, true);
}

void gemm_sum_run(const GemmSum *sum, const float *a, const float *b, float *c) {
    if (sum->kernel) {
        gemm_xsmm_run_sum(sum, a, b, c);
        return;
    }
    for (size_t i = 0; i < sum->count; i++)
        gemm_run(i ? &sum->more : &sum->first, a + sum->a_bytes[i] / sizeof(float),
                 b + sum->b_bytes[i] / sizeof(float), c);
}
