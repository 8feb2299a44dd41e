#include "gemm_backend.h"

#include "vit/cpu.h"
#include <blis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* One thread; with and without the path for small products ('sup'), whose results for a row depend,
 * in some configurations, on how many rows share the call. */
static rntm_t small_runtime, stable_runtime;

static int configuration_number(const char *name) {
    for (int id = 0; id < BLIS_NUM_ARCHS; id++)
        if (strcmp(bli_arch_string((arch_t)id), name) == 0)
            return id;
    return -1;
}

/* BLIS aborts on a configuration that it was not built with, and there is no call to ask: try it in
 * a child. */
static bool configuration_works(const char *number) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        if (!freopen("/dev/null", "w", stderr) || setenv("BLIS_ARCH_TYPE", number, 1) != 0)
            _exit(1);
        bli_init();
        _exit(0);
    }
    int state = 1;
    return child > 0 && waitpid(child, &state, 0) == child && WIFEXITED(state) &&
           WEXITSTATUS(state) == 0;
}

/* The configuration that BLIS should run here but would not choose by itself, or NULL. BLIS 0.9
 * knows AMD processors by family number and falls back to plain C on those that came later (Zen 4,
 * Zen 5); Intel's it knows by their features. */
static const char *better_configuration(void) {
#if defined(__x86_64__)
    CpuLevel level = cpu_level();
    if (!__builtin_cpu_is("amd") || level == CPU_PORTABLE)
        return NULL;
    if (level == CPU_AVX512)
        return "skx";
    return __builtin_cpu_is("amdfam17h") || __builtin_cpu_is("znver3") ? NULL : "haswell";
#else
    return NULL;
#endif
}

void gemm_blis_init(char *description, size_t bytes, const char **warning) {
    const char *wanted = getenv("BLIS_ARCH_TYPE") ? NULL : better_configuration();
    if (wanted) {
        char number[16];
        int id = configuration_number(wanted);
        snprintf(number, sizeof number, "%d", id);
        if (id >= 0 && configuration_works(number))
            setenv("BLIS_ARCH_TYPE", number, 1);
    }
    bli_init();
    const char *runs = bli_arch_string(bli_arch_query_id());
    snprintf(description, bytes, "BLIS %s (%s)", bli_info_get_version_str(), runs);
    *warning = NULL;
    if (strcmp(runs, "generic") == 0 && cpu_level() != CPU_PORTABLE)
        *warning =
            "BLIS runs its generic kernels, which are several times slower than this processor "
            "allows: use a BLIS built for it, or set BLIS_ARCH_TYPE";
    bli_rntm_init(&small_runtime);
    bli_rntm_set_num_threads(1, &small_runtime);
    stable_runtime = small_runtime;
    bli_rntm_disable_l3_sup(&stable_runtime);
}

static void multiply(GemmForm form, size_t m, size_t n, size_t k, const float *a, size_t lda,
                     const float *b, size_t ldb, bool accumulate, float *c, size_t ldc,
                     const rntm_t *runtime) {
    float one = 1.0f, beta = accumulate ? 1.0f : 0.0f;
    rntm_t mine = *runtime;
    bli_sgemm_ex(form == GEMM_TN ? BLIS_TRANSPOSE : BLIS_NO_TRANSPOSE,
                 form == GEMM_NT ? BLIS_TRANSPOSE : BLIS_NO_TRANSPOSE, (dim_t)m, (dim_t)n, (dim_t)k,
                 &one, (float *)(uintptr_t)a, (inc_t)lda, 1, (float *)(uintptr_t)b, (inc_t)ldb, 1,
                 &beta, c, (inc_t)ldc, 1, NULL, &mine);
}

static void run_small(const Gemm *gemm, const float *a, const float *b, float *c) {
    multiply(gemm->form, gemm->m, gemm->n, gemm->k, a, gemm->lda, b, gemm->ldb, gemm->accumulate, c,
             gemm->ldc, &small_runtime);
}

void gemm_blis_plan(Gemm *gemm) {
    gemm->run = run_small;
    gemm->run_ahead = NULL;
    gemm->kernel = NULL;
}

void gemm_blis_once(GemmForm form, size_t m, size_t n, size_t k, const float *a, size_t lda,
                    const float *b, size_t ldb, bool accumulate, float *c, size_t ldc) {
    multiply(form, m, n, k, a, lda, b, ldb, accumulate, c, ldc, &stable_runtime);
}
