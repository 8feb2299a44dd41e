/* The learning rate in force, in closed form. */

#include "check.h"
#include "vit/schedule.h"

enum { STEPS = 8 }; /* of an epoch */

static Job job_of(const char *text) {
    Job job;
    assert_ok(job_parse(&job, "x.ini", text, 0, NULL));
    return job;
}

static void near(double rate, double wanted) {
    if (!(fabs(rate - wanted) <= 1e-15))
        fail_msg("%.17g instead of %.17g", rate, wanted);
}

static void the_rate_is_constant(void **state) {
    (void)state;
    const Job job = job_of("[train]\nlearning_rate = 0.0123\n");
    assert_true(schedule_rate(&job, 7, 0) == 0.0123);
    assert_true(schedule_rate(&job, 7, 1) == 0.0123);
    assert_true(schedule_rate(&job, 7, UINT64_MAX) == 0.0123);
}

/* Over 20 steps: from the first one's to the job's, which is reached exactly. */
static void a_warm_up_rises_to_the_rate(void **state) {
    (void)state;
    const Job job = job_of("[train]\nlearning_rate = 0.5\nwarmup_epochs = 2.5\n"
                           "warmup_learning_rate = 0.1\n");
    assert_true(schedule_rate(&job, STEPS, 0) == 0.1);
    near(schedule_rate(&job, STEPS, 1), 0.12);
    near(schedule_rate(&job, STEPS, 10), 0.3);
    near(schedule_rate(&job, STEPS, 19), 0.48);
    assert_true(schedule_rate(&job, STEPS, 20) == 0.5);
    assert_true(schedule_rate(&job, STEPS, 21) == 0.5);
    assert_true(schedule_rate(&job, STEPS, UINT64_MAX) == 0.5);
}

/* cos is 1, 1/2, 0, -1/2 and -1 at known places. */
static void a_cosine_falls_to_the_final_rate(void **state) {
    (void)state;
    const Job job = job_of("[train]\nepochs = 3\nlearning_rate = 0.5\nschedule = cosine\n"
                           "final_learning_rate = 0.1\n");
    assert_true(schedule_rate(&job, STEPS, 0) == 0.5);
    near(schedule_rate(&job, STEPS, 8), 0.4);
    near(schedule_rate(&job, STEPS, 12), 0.3);
    near(schedule_rate(&job, STEPS, 16), 0.2);
    assert_true(schedule_rate(&job, STEPS, 23) > 0.1);
    assert_true(schedule_rate(&job, STEPS, 24) == 0.1);
    assert_true(schedule_rate(&job, STEPS, 25) == 0.1);
    assert_true(schedule_rate(&job, STEPS, UINT64_MAX) == 0.1);
}

/* Four steps of warm-up, and the cosine from there to step 16. */
static void a_cosine_begins_after_the_warm_up(void **state) {
    (void)state;
    const Job job = job_of("[train]\nepochs = 9\nschedule_epochs = 2\nwarmup_epochs = 0.5\n"
                           "warmup_learning_rate = 0\nlearning_rate = 1\nschedule = cosine\n");
    assert_true(schedule_rate(&job, STEPS, 0) == 0.0);
    near(schedule_rate(&job, STEPS, 3), 0.75);
    assert_true(schedule_rate(&job, STEPS, 4) == 1.0);
    near(schedule_rate(&job, STEPS, 8), 0.75);
    near(schedule_rate(&job, STEPS, 10), 0.5);
    near(schedule_rate(&job, STEPS, 12), 0.25);
    assert_true(schedule_rate(&job, STEPS, 16) == 0.0);
}

/* Whatever max_steps ends the run after. */
static void max_steps_moves_nothing(void **state) {
    (void)state;
    const Job job = job_of("[train]\nepochs = 3\nschedule = cosine\nlearning_rate = 1\n");
    Job cut = job;
    cut.max_steps = 7;
    for (uint64_t t = 0; t < 30; t++)
        assert_true(schedule_rate(&cut, STEPS, t) == schedule_rate(&job, STEPS, t));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rate_is_constant),
        cmocka_unit_test(a_warm_up_rises_to_the_rate),
        cmocka_unit_test(a_cosine_falls_to_the_final_rate),
        cmocka_unit_test(a_cosine_begins_after_the_warm_up),
        cmocka_unit_test(max_steps_moves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
