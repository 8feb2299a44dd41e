/* What a run's log tells of its life, started four times, twice killed. */

#include "check.h"
#include "folder.h"
#include "report_log.h"

static const char *const lines =
    "2026-01-02 03:04:05 vit_mpi 0.4.0: job small, output runs/small\n"
    "2026-01-02 03:04:06   ranks       1 x 2 threads\n"
    "2026-01-02 03:05:00 Saved last.h5 after step 10 in 0.77 s; training stood still for 1 ms\n"
    "2026-01-02 03:06:00 Saved last.h5 after step 20 in 0.77 s; training stood still for 1 ms\n"
    "2026-01-02 03:07:00 Error: killed\n"
    "2026-01-02 04:00:00 vit_mpi 0.4.0: job small, output runs/small\n"
    "2026-01-02 04:00:01 Resuming from runs/small/last.h5: epoch 0, step 20\n"
    "2026-01-02 04:00:02 Warning: something\n"
    "2026-01-02 04:01:00 Saved last.h5 after step 30 in 0.77 s; training stood still for 1 ms\n"
    "2026-01-02 04:02:00 Saved last.h5 5 times, in 0.77 s on average; training stood still\n"
    "2026-01-02 04:02:00 Stopped after step 50, saved in runs/small/last.h5\n"
    "a line without a time: Warning: of something else\n"
    "1-1-1 1:1:1<script> Warning: of nobody's\n"
    "2026-01-02 04:02:0x Warning: of nobody's\n"
    "2026-01-02 04:02\n"
    "2026-01-02 05:00:00 vit_mpi 0.4.0: job small, output runs/small\n"
    "2026-01-02 05:00:01 Resuming from runs/small/last.h5: epoch 0, step 50\n"
    "2026-01-02 05:01:00 Saved last.h5 1 time, in 0.77 s on average; training stood still\n"
    "2026-01-02 06:00:00 vit_mpi 0.4.0: job small, output runs/small\n"
    "2026-01-02 06:02:03 Saved last.h5 after step 60 in 0.77 s; training stood still for 1 ms\n"
    "9-9-9 9:9:9<b>xxxxx Error: nobody's\n";

static void a_life_is_told(void **state) {
    (void)state;
    ReportLog log;
    FILE *stream = fopen("log.txt", "w");
    assert_non_null(stream);
    assert_true(fputs(lines, stream) >= 0);
    assert_int_equal(fclose(stream), 0);
    report_log_read(&log, "log.txt");
    assert_true(log.is_there);
    assert_string_equal(log.begin, "2026-01-02 03:04:05");
    assert_string_equal(log.end, "2026-01-02 06:02:03");
    assert_int_equal(log.starts, 4);
    assert_int_equal(log.resumes, 2);
    assert_int_equal(log.stops, 1);
    assert_int_equal(log.saves, 2 + 5 + 1 + 1);
    assert_int_equal(log.warnings, 1);
    assert_int_equal(log.errors, 1);
}

static void no_log_tells_nothing(void **state) {
    (void)state;
    ReportLog log;
    report_log_read(&log, "none.txt");
    assert_false(log.is_there);
    assert_int_equal(log.starts, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(a_life_is_told),
        test_in_folder(no_log_tells_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
