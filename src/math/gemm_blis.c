#include "gemm_backend.h"

#include "vit/environment.h"
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

/* The number of the configuration that BLIS runs when asked for `number`, or by its own choice
 * (NULL); -1 when it does not run. In a child: BLIS chooses once in a process, and aborts on a
 * configuration that it was not built with. */
static int configuration_in_child(const char *number) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
        if (!freopen("/dev/null", "w", stderr) ||
            (number && setenv("BLIS_ARCH_TYPE", number, 1) != 0))
            _exit(BLIS_NUM_ARCHS);
        bli_init();
        _exit((int)bli_arch_query_id());
    }
    int state;
    const bool ended = child > 0 && waitpid(child, &state, 0) == child && WIFEXITED(state);
    return ended && WEXITSTATUS(state) < BLIS_NUM_ARCHS ? WEXITSTATUS(state) : -1;
}

static bool is_among(const char *name, const char *const *list) {
    while (*list && strcmp(name, *list) != 0)
        list++;
    return *list != NULL;
}

/* Of a configuration's kernels. What is not listed is newer than these, and left alone. */
static CpuLevel level_of(const char *configuration) {
    static const char *const below_avx2[] = {
        "generic", "penryn", "sandybridge", "bulldozer", "piledriver", "steamroller", NULL};
    static const char *const with_avx2[] = {"excavator", "haswell", "zen", "zen2", "zen3", NULL};
    return is_among(configuration, below_avx2)  ? CPU_PORTABLE
           : is_among(configuration, with_avx2) ? CPU_AVX2
                                                : CPU_AVX512;
}

const char *gemm_blis_best(CpuLevel level) {
    static const char *const best[CPU_LEVELS] = {"generic", "haswell", "skx"};
    return best[level];
}

const char *gemm_blis_better(CpuLevel level, const char *own) {
    return level_of(own) < level ? gemm_blis_best(level) : NULL;
}

/* "7" for the environment; NULL when BLIS has no configuration of that name. */
static const char *configuration_text(const char *name, char text[static 16]) {
    const int number = configuration_number(name);
    snprintf(text, 16, "%d", number);
    return number < 0 ? NULL : text;
}

static bool runs(const char *name) {
    char text[16];
    const char *number = configuration_text(name, text);
    return number && configuration_in_child(number) == configuration_number(name);
}

/* The best of those that run, where the processor deserves more than BLIS's own choice. */
static const char *best_choice(const GemmChoice *own) {
    for (int level = (int)cpu_level(); level > CPU_PORTABLE; level--) {
        const char *better = gemm_blis_better((CpuLevel)level, own->blis_own);
        if (better && own->blis_can[level])
            return better;
    }
    return own->blis_own;
}

/* BLIS would take a word, or none, for 0, which is a configuration. */
static Status read_wanted(const char **wanted) {
    size_t number;
    STATUS_TRY(environment_count("BLIS_ARCH_TYPE", 0, BLIS_NUM_ARCHS - 1, &number));
    *wanted = getenv("BLIS_ARCH_TYPE");
    if (!*wanted || **wanted)
        return STATUS_OK;
    unsetenv("BLIS_ARCH_TYPE");
    *wanted = NULL;
    return STATUS_OK;
}

Status gemm_blis_survey(GemmChoice *own) {
    const char *wanted;
    STATUS_TRY(read_wanted(&wanted));
    const int number = configuration_in_child(wanted);
    own->blis_wanted = wanted != NULL;
    snprintf(own->blis_version, sizeof own->blis_version, "%s", bli_info_get_version_str());
    if (number < 0)
        return STATUS_OK;
    snprintf(own->blis_own, sizeof own->blis_own, "%s", bli_arch_string((arch_t)number));
    for (int level = CPU_PORTABLE; level < CPU_LEVELS && level <= (int)cpu_level(); level++)
        own->blis_can[level] = runs(gemm_blis_best((CpuLevel)level));
    snprintf(own->blis, sizeof own->blis, "%s", wanted ? own->blis_own : best_choice(own));
    return STATUS_OK;
}

void gemm_blis_use(const GemmChoice *choice, char *description, size_t bytes,
                   const char **warning) {
    char text[16];
    const char *number = configuration_text(choice->blis, text);
    const bool corrected = number && strcmp(choice->blis, choice->blis_own) != 0;
    if (corrected)
        setenv("BLIS_ARCH_TYPE", number, 1);
    bli_init();
    const char *runs_now = bli_arch_string(bli_arch_query_id());
    snprintf(description, bytes, "BLIS %s (%s%s%s)", choice->blis_version, runs_now,
             corrected ? "; its own choice: " : "", corrected ? choice->blis_own : "");
    *warning = NULL;
    if (strcmp(runs_now, "generic") == 0 && cpu_level() != CPU_PORTABLE)
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
