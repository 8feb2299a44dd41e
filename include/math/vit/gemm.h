#ifndef VIT_GEMM_H
#define VIT_GEMM_H

#include "vit/cpu.h"
#include "vit/status.h"
#include <stdbool.h>
#include <stddef.h>

/* Matrix products, all fp32 and row-major: C [m, n] (+)= op(A) op(B). One interface over two back
 * ends: LIBXSMM (kernels compiled at run time for each small shape, where the library is there) and
 * BLIS (everywhere, every shape). Leading dimensions are in floats. */

typedef enum GemmForm {
    GEMM_NN, /* A [m, k], B [k, n] */
    GEMM_TN, /* A [k, m], B [k, n]: C = A^T B */
    GEMM_NT  /* A [m, k], B [n, k]: C = A B^T; gemm_wide only */
} GemmForm;

/* What computes products: on what bits depend. */
enum { GEMM_NAME = 24 };
typedef struct GemmChoice {
    bool xsmm;       /* LIBXSMM, where it has a kernel for the shape; */
    int xsmm_target; /* its number for the instruction set that it compiles for */
    char xsmm_version[GEMM_NAME], blis_version[GEMM_NAME];
    char blis[GEMM_NAME];      /* BLIS's configuration; "": none that runs */
    char blis_own[GEMM_NAME];  /* the one that it would choose itself */
    bool blis_wanted;          /* by the environment's BLIS_ARCH_TYPE */
    bool blis_can[CPU_LEVELS]; /* whether gemm_blis_best of the level runs */
} GemmChoice;

/* What is best on this processor. Before MPI_Init, which does not like forks: BLIS is tried in
 * child processes. The environment's BLIS_ARCH_TYPE is respected; VIT_GEMM=blis leaves LIBXSMM out,
 * xsmm wants it. STATUS_USAGE: what these say is not known, or not there; *own is unspecified.
 * Local. */
Status gemm_survey(GemmChoice *own);

/* From now on products are computed so. Once, before the first gemm_plan. Local. */
void gemm_use(const GemmChoice *choice);

/* Both, for a program that is alone and whose environment is right. */
void gemm_init(void);

/* The BLIS configuration for processors of a level that one BLIS knows everywhere. */
const char *gemm_blis_best(CpuLevel level);

/* What runs: "LIBXSMM 1.17 + BLIS 0.9.0 (skx)". Valid until the program ends. */
const char *gemm_description(void);

/* Why the choice is not what the processor deserves, or NULL when it is. */
const char *gemm_warning(void);

/* A product of one fixed shape, planned once, run often, by any thread (one thread a run). */
typedef struct Gemm Gemm;
struct Gemm {
    size_t m, n, k, lda, ldb, ldc;
    GemmForm form;   /* NN or TN */
    bool accumulate; /* C += instead of C = */
    void (*run)(const Gemm *gemm, const float *a, const float *b, float *c);
    void (*run_ahead)(const Gemm *gemm, const float *a, const float *b, float *c,
                      const float *next); /* or NULL */
    void (*kernel)(void);                 /* the back end's own */
};

void gemm_plan(Gemm *gemm, GemmForm form, size_t m, size_t n, size_t k, size_t lda, size_t ldb,
               size_t ldc, bool accumulate);

/* The same by a given back end, for measuring; gemm_has tells whether it is there. */
typedef enum GemmBackend { GEMM_XSMM, GEMM_BLIS } GemmBackend;
bool gemm_has(GemmBackend backend);
void gemm_plan_with(GemmBackend backend, Gemm *gemm, GemmForm form, size_t m, size_t n, size_t k,
                    size_t lda, size_t ldb, size_t ldc, bool accumulate);

static inline void gemm_run(const Gemm *gemm, const float *a, const float *b, float *c) {
    gemm->run(gemm, a, b, c);
}

/* A product A B for gemm_run_ahead, which is run as gemm_run does, and meanwhile brings what lies
 * at `next`, as many rows and columns as C and with C's leading dimension, near the processor,
 * where the back end can. */
void gemm_plan_ahead(Gemm *gemm, size_t m, size_t n, size_t k, size_t lda, size_t ldb, size_t ldc,
                     bool accumulate);
static inline void gemm_run_ahead(const Gemm *gemm, const float *a, const float *b, float *c,
                                  const float *next) {
    if (gemm->run_ahead)
        gemm->run_ahead(gemm, a, b, c, next);
    else
        gemm->run(gemm, a, b, c);
}

/* A sum of products of one shape, C [m, n] = sum over i of A_i [m, k] B_i [k, n], whose factors lie
 * at fixed places of one array each (a convolution's taps); planned once, run often, by any thread.
 */
enum { GEMM_TERMS_MOST = 9 };
typedef struct GemmTerms {
    size_t count;
    size_t a[GEMM_TERMS_MOST], b[GEMM_TERMS_MOST]; /* where A_i and B_i begin, in floats */
} GemmTerms;
typedef struct GemmSum {
    void (*kernel)(void); /* LIBXSMM's batch-reduce kernel, or NULL: product by product */
    size_t count;
    unsigned long long a_bytes[GEMM_TERMS_MOST], b_bytes[GEMM_TERMS_MOST];
    Gemm first, more;
} GemmSum;
void gemm_sum_plan(GemmSum *sum, const GemmTerms *terms, size_t m, size_t n, size_t k, size_t lda,
                   size_t ldb, size_t ldc);
void gemm_sum_run(const GemmSum *sum, const float *a, const float *b, float *c);

/* One large product on several OpenMP threads; called outside parallel regions. Rows of C do not
 * depend on m, nor on the number of threads. room: the caller's, gemm_wide_room floats. */
void gemm_wide(size_t threads, GemmForm form, size_t m, size_t n, size_t k, const float *a,
               size_t lda, const float *b, size_t ldb, bool accumulate, float *c, size_t ldc,
               float *room);
size_t gemm_wide_room(size_t threads, GemmForm form, size_t m, size_t n, size_t k);

/* A [rows, m]^T B [rows, n] in the one order of summation (tree.h): every `unit` rows (the last
 * ones may be fewer) are a leaf, the first of them number `first` of `leaves`. node[i] [m, n] gets
 * the sum of the i-th of the largest nodes that they make up. Called outside parallel regions.
 * room: the caller's, gemm_units_room floats. */
void gemm_units(size_t threads, size_t m, size_t n, size_t rows, size_t unit, size_t leaves,
                size_t first, const float *a, const float *b, float *const *node, float *room);
size_t gemm_units_room(size_t threads, size_t rows, size_t unit);

/* The inner dimension of a product, cut into leaves of the tree (tree.h), of which someone has
 * [first, end). Leaf l is [gemm_leaf(inner, leaves, l), gemm_leaf(inner, leaves, l + 1)). */
typedef struct GemmLeaves {
    size_t inner, leaves; /* of the whole product */
    size_t first, end;
} GemmLeaves;
static inline size_t gemm_leaf(size_t inner, size_t leaves, size_t l) {
    return inner * l / leaves;
}

/* A B, summed over the inner dimension in the one order of summation. A [m, own] and B [own, n] are
 * the part of the inner dimension that those leaves are. node[i] [m, n] gets the sum over the i-th
 * of the largest nodes that they make up. Rows do not depend on m, nor on the number of threads.
 * Called outside parallel regions. room: the caller's, gemm_leaves_room floats. */
void gemm_leaves(size_t threads, size_t m, size_t n, const GemmLeaves *cut, const float *a,
                 size_t lda, const float *b, float *const *node, float *room);
size_t gemm_leaves_room(size_t threads, size_t m, const GemmLeaves *cut);

#endif
