/* The learning rate in force. */

#include "check.h"
#include "vit/schedule.h"

static void the_rate_is_constant(void **state) {
    (void)state;
    Job job;
    assert_ok(job_parse(&job, "x.ini", "[train]\nlearning_rate = 0.0123\n", 0, NULL));
    assert_true(schedule_rate(&job, 7, 0) == 0.0123);
    assert_true(schedule_rate(&job, 7, 1) == 0.0123);
    assert_true(schedule_rate(&job, 7, UINT64_MAX) == 0.0123);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_rate_is_constant)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
