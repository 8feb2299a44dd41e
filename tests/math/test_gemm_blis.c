/* Which configuration BLIS is made to run, on made-up processors, and on this one. */

#include "check.h"
#include "gemm_backend.h"
#include <blis.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *processor;
    CpuLevel level;
    const char *own;    /* what BLIS would run by itself */
    const char *better; /* NULL: it stays with that */
} processors[] = {
    {"Intel with AVX-512, a virtual machine", CPU_AVX512, "haswell", "skx"},
    {"Intel with AVX-512 that BLIS knows", CPU_AVX512, "skx", NULL},
    {"Knights Landing, AVX-512 without BW", CPU_AVX2, "knl", NULL},
    {"Haswell", CPU_AVX2, "haswell", NULL},
    {"Sandy Bridge", CPU_PORTABLE, "sandybridge", NULL},
    {"Zen 4, unknown to BLIS", CPU_AVX512, "generic", "skx"},
    {"Zen 4, taken for Zen 3", CPU_AVX512, "zen3", "skx"},
    {"Zen 4, known to BLIS", CPU_AVX512, "zen4", NULL},
    {"Zen 3", CPU_AVX2, "zen3", NULL},
    {"Zen 2", CPU_AVX2, "zen2", NULL},
    {"Zen", CPU_AVX2, "zen", NULL},
    {"Excavator", CPU_AVX2, "excavator", NULL},
    {"AVX2 by a vendor that BLIS does not know", CPU_AVX2, "generic", "haswell"},
    {"anything without AVX2", CPU_PORTABLE, "generic", NULL},
};

static void what_the_processor_can_do_decides(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof processors / sizeof *processors; i++) {
        const char *better = gemm_blis_better(processors[i].level, processors[i].own);
        const char *wanted = processors[i].better;
        if (wanted ? !better || strcmp(better, wanted) != 0 : better != NULL) {
            print_error("%s: %s instead of %s\n", processors[i].processor,
                        better ? better : "its own", wanted ? wanted : "its own");
            fail();
        }
    }
}

/* Whether a process whose BLIS_ARCH_TYPE is `asked` (NULL: unset) tells that BLIS runs such a
 * configuration. BLIS chooses once in a process. */
static bool runs(const char *asked, bool (*expected)(const char *description)) {
    const pid_t child = fork();
    if (child == 0) {
        char description[96];
        const char *warning;
        GemmChoice own;
        if (asked)
            setenv("BLIS_ARCH_TYPE", asked, 1);
        else
            unsetenv("BLIS_ARCH_TYPE");
        if (gemm_survey(&own) != STATUS_OK)
            _exit(1);
        gemm_blis_use(&own, description, sizeof description, &warning);
        print_message("%s\n", description);
        _exit(expected(description) ? 0 : 1);
    }
    int state = 1;
    return child > 0 && waitpid(child, &state, 0) == child && WIFEXITED(state) &&
           WEXITSTATUS(state) == 0;
}

/* "BLIS 0.9.0 (skx...". */
static const char *configuration_in(const char *description) {
    const char *open = strchr(description, '(');
    return open ? open + 1 : "";
}

/* Nothing better than what runs, and the reason where it is not BLIS's own choice. */
static bool as_good_as_can_be(const char *description) {
    char name[32] = "", own[32] = "";
    const int read =
        sscanf(configuration_in(description), "%31[^;)]; its own choice: %31[^)]", name, own);
    return read >= 1 && !gemm_blis_better(cpu_level(), name) &&
           (read < 2 || gemm_blis_better(cpu_level(), own));
}

static bool is_generic(const char *description) {
    return strcmp(configuration_in(description), "generic)") == 0;
}

static bool is_any(const char *description) {
    (void)description;
    return true;
}

static bool runs_when_asked(const char *configuration, bool (*expected)(const char *description)) {
    char number[16];
    int id = 0;
    while (strcmp(bli_arch_string((arch_t)id), configuration) != 0)
        id++;
    snprintf(number, sizeof number, "%d", id);
    return runs(number, expected);
}

static void this_processor_runs_the_best(void **state) {
    (void)state;
    const char *best = gemm_blis_better(cpu_level(), "generic");
    if (best && !runs_when_asked(best, is_any))
        skip(); /* this BLIS was built without it */
    assert_true(runs(NULL, as_good_as_can_be));
}

static void the_wish_of_the_environment_is_kept(void **state) {
    (void)state;
    assert_true(runs_when_asked("generic", is_generic));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_processor_can_do_decides),
        cmocka_unit_test(this_processor_runs_the_best),
        cmocka_unit_test(the_wish_of_the_environment_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
