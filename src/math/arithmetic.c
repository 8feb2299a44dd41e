#include "vit/arithmetic.h"

#include "vit/kernels.h"
#include <stdio.h>
#include <string.h>

void arithmetic_survey(Arithmetic *own) {
    memset(own, 0, sizeof *own);
    own->able = CPU_LEVELS - 1;
    while (own->able > CPU_PORTABLE && !kernels_at((CpuLevel)own->able))
        own->able--;
    Status status = kernels_wanted(&own->wanted);
    if (status == STATUS_OK)
        status = gemm_survey(&own->gemm);
    if (status != STATUS_OK)
        snprintf(own->problem, sizeof own->problem, "%s", status_message());
}

static Status check_environments(const Arithmetic *rank, size_t ranks) {
    for (size_t r = 0; r < ranks; r++)
        if (rank[r].problem[0])
            return status_fail(STATUS_USAGE, "rank %zu: %s", r, rank[r].problem);
    return STATUS_OK;
}

/* What all processors can do. */
static CpuLevel least_able(const Arithmetic *rank, size_t ranks) {
    int least = rank[0].able;
    for (size_t r = 1; r < ranks; r++)
        least = rank[r].able < least ? rank[r].able : least;
    return (CpuLevel)least;
}

/* ---- vector kernels ---- */

/* The first rank that is asked for kernels; `ranks` when none is. */
static size_t first_asked(const Arithmetic *rank, size_t ranks) {
    size_t r = 0;
    while (r < ranks && rank[r].wanted == -1)
        r++;
    return r;
}

static Status check_asked(const Arithmetic *rank, size_t ranks, size_t asked) {
    const int wanted = rank[asked].wanted;
    for (size_t r = 0; r < ranks; r++) {
        if (rank[r].wanted != -1 && rank[r].wanted != wanted)
            return status_fail(STATUS_USAGE,
                               "VIT_KERNELS asks for %s on rank %zu and for %s on rank %zu: all "
                               "ranks must compute alike",
                               cpu_level_name((CpuLevel)wanted), asked,
                               cpu_level_name((CpuLevel)rank[r].wanted), r);
        if (rank[r].able < wanted)
            return status_fail(STATUS_USAGE,
                               "VIT_KERNELS asks for %s on rank %zu, but the processor of rank "
                               "%zu has no more than %s",
                               cpu_level_name((CpuLevel)wanted), asked, r,
                               cpu_level_name((CpuLevel)rank[r].able));
    }
    return STATUS_OK;
}

static Status join_kernels(const Arithmetic *rank, size_t ranks, ArithmeticChoice *choice) {
    const size_t asked = first_asked(rank, ranks);
    choice->level = least_able(rank, ranks);
    if (asked == ranks)
        return STATUS_OK;
    STATUS_TRY(check_asked(rank, ranks, asked));
    choice->level = (CpuLevel)rank[asked].wanted;
    return STATUS_OK;
}

/* ---- matrix products ---- */

static Status check_libraries(const Arithmetic *rank, size_t ranks) {
    const GemmChoice *first = &rank[0].gemm;
    for (size_t r = 0; r < ranks; r++) {
        const GemmChoice *other = &rank[r].gemm;
        if (strcmp(first->blis_version, other->blis_version) != 0 ||
            (first->xsmm && other->xsmm && strcmp(first->xsmm_version, other->xsmm_version) != 0))
            return status_fail(STATUS_CONFIG,
                               "rank 0 has BLIS %s and LIBXSMM %s, rank %zu BLIS %s and LIBXSMM "
                               "%s: all ranks must compute alike",
                               first->blis_version, first->xsmm ? first->xsmm_version : "none", r,
                               other->blis_version, other->xsmm ? other->xsmm_version : "none");
    }
    return STATUS_OK;
}

static void join_xsmm(const Arithmetic *rank, size_t ranks, GemmChoice *choice) {
    for (size_t r = 0; r < ranks; r++) {
        const GemmChoice *own = &rank[r].gemm;
        choice->xsmm = choice->xsmm && own->xsmm;
        if (own->xsmm_target < choice->xsmm_target)
            choice->xsmm_target = own->xsmm_target;
    }
}

static bool can_run(const GemmChoice *own, const char *blis) {
    bool can = strcmp(own->blis, blis) == 0;
    for (int level = 0; level < CPU_LEVELS; level++)
        can = can || (own->blis_can[level] && strcmp(gemm_blis_best((CpuLevel)level), blis) == 0);
    return can;
}

/* The configuration that all run, or are asked to run by one; otherwise the best one that BLIS
 * knows for what all processors can do. */
static const char *common_blis(const Arithmetic *rank, size_t ranks, const char **asked) {
    bool same = true;
    *asked = NULL;
    for (size_t r = 0; r < ranks; r++) {
        const GemmChoice *own = &rank[r].gemm;
        same = same && strcmp(own->blis, rank[0].gemm.blis) == 0;
        if (own->blis_wanted && !*asked)
            *asked = own->blis;
    }
    return *asked ? *asked : same ? rank[0].gemm.blis : gemm_blis_best(least_able(rank, ranks));
}

/* Before any is compared with what one is asked for, which may be nothing that runs. */
static Status check_blis(const Arithmetic *rank, size_t ranks) {
    for (size_t r = 0; r < ranks; r++)
        if (!rank[r].gemm.blis[0])
            return status_fail(STATUS_USAGE,
                               "BLIS has no kernels that run on the processor of rank %zu%s", r,
                               rank[r].gemm.blis_wanted ? ", or not those of BLIS_ARCH_TYPE" : "");
    return STATUS_OK;
}

static Status join_blis(const Arithmetic *rank, size_t ranks, GemmChoice *choice) {
    STATUS_TRY(check_blis(rank, ranks));
    const char *asked, *common = common_blis(rank, ranks, &asked);
    for (size_t r = 0; r < ranks; r++) {
        const GemmChoice *own = &rank[r].gemm;
        if ((own->blis_wanted && strcmp(own->blis, common) != 0) || !can_run(own, common))
            return status_fail(STATUS_USAGE,
                               "BLIS would run its kernels %s on some ranks%s, but %s on rank %zu: "
                               "all ranks must compute alike; set BLIS_ARCH_TYPE for all of them",
                               common, asked ? " (BLIS_ARCH_TYPE)" : "", own->blis, r);
    }
    memcpy(choice->blis, common, strlen(common) + 1);
    return STATUS_OK;
}

/* ---- both ---- */

/* Whether the rank alone would compute in another way. */
static bool differs(const Arithmetic *own, const ArithmeticChoice *choice) {
    const int level = own->wanted >= 0 ? own->wanted : own->able;
    const GemmChoice *gemm = &own->gemm, *chosen = &choice->gemm;
    return level != (int)choice->level || gemm->xsmm != chosen->xsmm ||
           (chosen->xsmm && gemm->xsmm_target != chosen->xsmm_target) ||
           strcmp(gemm->blis, chosen->blis) != 0;
}

/* The first rank that alone would compute as all do, where another would not. */
static int find_lesser(const Arithmetic *rank, size_t ranks, const ArithmeticChoice *choice) {
    bool any = false;
    int lesser = -1;
    for (size_t r = ranks; r-- > 0;) {
        if (differs(&rank[r], choice))
            any = true;
        else
            lesser = (int)r;
    }
    return any ? lesser : -1;
}

Status arithmetic_join(const Arithmetic *rank, size_t ranks, ArithmeticChoice *choice) {
    *choice = (ArithmeticChoice){.gemm = rank[0].gemm};
    STATUS_TRY(check_environments(rank, ranks));
    STATUS_TRY(join_kernels(rank, ranks, choice));
    STATUS_TRY(check_libraries(rank, ranks));
    join_xsmm(rank, ranks, &choice->gemm);
    STATUS_TRY(join_blis(rank, ranks, &choice->gemm));
    choice->lesser = find_lesser(rank, ranks, choice);
    return STATUS_OK;
}

void arithmetic_use(const Arithmetic *own, const ArithmeticChoice *choice) {
    GemmChoice gemm = choice->gemm;
    memcpy(gemm.blis_own, own->gemm.blis_own, sizeof gemm.blis_own);
    kernels_choose(choice->level);
    gemm_use(&gemm);
}
