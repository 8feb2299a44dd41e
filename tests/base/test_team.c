/* Denormals count as zero in a team's threads while they compute, and nowhere else. */

#include "check.h"
#include "vit/team.h"
#include <float.h>
#include <omp.h>

/* Volatile, so that the processor computes and not the compiler. */
static bool makes_denormals(void) {
    volatile float smallest = FLT_MIN, half = 0.5f;
    volatile double smallest_double = DBL_MIN, half_double = 0.5;
    return smallest * half != 0.0f || smallest_double * half_double != 0.0;
}

static bool reads_denormals(void) {
    volatile float denormal = FLT_TRUE_MIN, large = FLT_MAX;
    return denormal * large != 0.0f;
}

enum { THREADS = 4 };

typedef struct Seen {
    bool before, made, read, after;
} Seen;

/* What each thread of a team sees before, within and after. */
static void look(Seen seen[THREADS]) {
#pragma omp parallel num_threads(THREADS)
    {
        Seen *mine = &seen[omp_get_thread_num()];
        mine->before = makes_denormals() && reads_denormals();
        const TeamThread team = team_enter(PHASE_OTHER);
        mine->made = makes_denormals();
        mine->read = reads_denormals();
        team_leave(team);
        mine->after = makes_denormals() && reads_denormals();
    }
}

static void every_thread_flushes_within_and_not_without(void **state) {
    (void)state;
    for (int round = 0; round < 2; round++) {
        Seen seen[THREADS] = {{0}};
        look(seen);
        for (int t = 0; t < THREADS; t++) {
            assert_true(seen[t].before);
            assert_false(seen[t].made);
            assert_false(seen[t].read);
            assert_true(seen[t].after);
        }
        assert_true(makes_denormals() && reads_denormals());
    }
}

/* As in a step, whose first thread flushes also between the regions. */
static void a_region_leaves_its_master_as_it_was(void **state) {
    (void)state;
    Seen seen[THREADS] = {{0}};
    const FloatMode before = float_mode_flush();
    const bool made = makes_denormals();
    look(seen);
    const bool made_after = makes_denormals(), read_after = reads_denormals();
    float_mode_restore(before);
    assert_false(made);
    assert_false(made_after);
    assert_false(read_after);
    assert_true(makes_denormals() && reads_denormals());
}

int main(void) {
#if !defined(__x86_64__) && !defined(__aarch64__)
    return 77;
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_thread_flushes_within_and_not_without),
        cmocka_unit_test(a_region_leaves_its_master_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
