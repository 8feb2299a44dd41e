#include "h5_found.h"
#include "store/scratch.h"
#include "vit/format.h"
#include "vit/h5.h"
#include "vit/history.h"
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

/* HDF5 does not free what it was reading or writing when that failed. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libhdf5";
}

/* The file that the next h5_close leaves with zeros in it. */
static const char *zeros;

/* In place of h5_close (see tests.cmake). */
Status __real_h5_close(hid_t file);
Status __wrap_h5_close(hid_t file);
Status __wrap_h5_close(hid_t file) {
    Status status = __real_h5_close(file);
    if (zeros)
        assert_true(scratch_zero_middle(zeros));
    zeros = NULL;
    return status;
}

static EpochRow epoch_row(uint64_t epoch) {
    double x = (double)epoch;
    return (EpochRow){.epoch = epoch,
                      .loss = 1 / x,
                      .accuracy = 0.1 * x,
                      .top5_accuracy = 0.3 * x,
                      .val_loss = 2.5 / x,
                      .val_accuracy = NAN,
                      .val_top5_accuracy = 0.7 / x,
                      .learning_rate = 0.001,
                      .seconds = 100 + x / 3,
                      .images_per_second = 283 - x,
                      .wait_seconds = 1e-20 * x,
                      .wait = {2e-20 * x, 3e-20 * x, 4e-20 * x, 5e-20 * x}};
}

static StepRow step_row(uint64_t step) {
    double x = (double)step;
    return (StepRow){.step = step, .loss = 3 / x, .gradient_norm = x / 7, .learning_rate = 1e-3};
}

static History make_history(uint64_t epochs, uint64_t steps) {
    History history = {0};
    for (uint64_t i = 1; i <= epochs; i++)
        assert_int_equal(history_add_epoch(&history, epoch_row(i)), STATUS_OK);
    for (uint64_t i = 1; i <= steps; i++)
        assert_int_equal(history_add_step(&history, step_row(i)), STATUS_OK);
    return history;
}

/* Bit for bit, so that NaN equals NaN. */
static void assert_same(const History *one, const History *other) {
    assert_int_equal(one->epochs, other->epochs);
    assert_int_equal(one->steps, other->steps);
    if (one->epochs)
        assert_memory_equal(one->epoch, other->epoch, one->epochs * sizeof *one->epoch);
    if (one->steps)
        assert_memory_equal(one->step, other->step, one->steps * sizeof *one->step);
}

static int make_folder(void **state) {
    *state = scratch_make();
    return *state ? 0 : -1;
}

static int remove_folder(void **state) {
    scratch_remove(*state);
    return 0;
}

static void rows_are_kept_in_order_beyond_the_first_room(void **state) {
    (void)state;
    History history = make_history(100, 1000);
    assert_int_equal(history.epochs, 100);
    assert_int_equal(history.steps, 1000);
    for (uint64_t i = 1; i <= 1000; i++) {
        StepRow expected = step_row(i);
        assert_memory_equal(&history.step[i - 1], &expected, sizeof expected);
    }
    history_free(&history);
    assert_null(history.step);
    assert_int_equal(history.steps, 0);
}

static void a_row_again_replaces_it_and_all_after(void **state) {
    (void)state;
    History history = make_history(5, 9);
    EpochRow third = epoch_row(3);
    third.loss = 42;
    assert_int_equal(history_add_epoch(&history, third), STATUS_OK);
    assert_int_equal(history.epochs, 3);
    assert_true(history.epoch[2].loss == 42);
    assert_true(history.epoch[1].epoch == 2);
    assert_int_equal(history.steps, 9);
    StepRow sixth = step_row(6);
    sixth.loss = 43;
    assert_int_equal(history_add_step(&history, sixth), STATUS_OK);
    assert_int_equal(history.steps, 6);
    assert_true(history.step[5].loss == 43);
    assert_int_equal(history.epochs, 3);
    history_free(&history);
}

static void cutting_keeps_rows_up_to_the_given_numbers(void **state) {
    (void)state;
    History history = make_history(5, 9);
    history_cut(&history, 4, 7);
    History expected = make_history(4, 7);
    assert_same(&history, &expected);
    history_cut(&history, 100, 100);
    assert_same(&history, &expected);
    history_cut(&history, 0, 0);
    assert_int_equal(history.epochs + history.steps, 0);
    history_free(&history);
    history_free(&expected);
}

static void assert_round_trip(const char *folder, uint64_t epochs, uint64_t steps,
                              const char *group) {
    char path[1024];
    scratch_path(folder, "history.h5", path);
    History written = make_history(epochs, steps), read = make_history(2, 3);
    hid_t file;
    assert_int_equal(h5_create(path, &file), STATUS_OK);
    assert_int_equal(history_write_h5(&written, file, group), STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_int_equal(h5_open(path, &file), STATUS_OK);
    assert_int_equal(history_read_h5(&read, file, group, FORMAT_VERSION), STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_same(&written, &read);
    assert_int_equal(history_add_step(&read, step_row(steps + 1)), STATUS_OK);
    history_free(&written);
    history_free(&read);
}

static void h5_round_trip_is_exact(void **state) {
    assert_round_trip(*state, 7, 300, "");
    assert_round_trip(*state, 7, 300, "/history");
    assert_round_trip(*state, 0, 0, "/history");
}

static void columns_of_unequal_length_are_refused(void **state) {
    char path[1024];
    scratch_path(*state, "history.h5", path);
    History history = make_history(3, 4);
    hid_t file;
    size_t wrong = 2;
    assert_int_equal(h5_create(path, &file), STATUS_OK);
    assert_int_equal(history_write_h5(&history, file, "/a"), STATUS_OK);
    assert_true(H5Ldelete(file, "/a/epoch/val_loss", H5P_DEFAULT) >= 0);
    assert_int_equal(h5_write(file, "/a/epoch/val_loss", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1,
                              &wrong, (double[]){1, 2}),
                     STATUS_OK);
    assert_int_equal(history_read_h5(&history, file, "/a", FORMAT_VERSION), STATUS_DATA);
    assert_non_null(strstr(status_message(), "val_loss"));
    assert_int_equal(history.epochs + history.steps, 0);
    assert_int_equal(history_read_h5(&history, file, "/b", FORMAT_VERSION), STATUS_DATA);
    assert_int_equal(h5_close(file), STATUS_OK);
    history_free(&history);
}

static char *read_text(const char *folder, const char *name) {
    static char text[4096];
    char path[1024];
    scratch_path(folder, name, path);
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    size_t length = fread(text, 1, sizeof text - 1, stream);
    fclose(stream);
    text[length] = '\0';
    return text;
}

static void csv_has_shortest_exact_numbers_and_empty_cells(void **state) {
    History history = make_history(1, 0);
    EpochRow row = {.epoch = 2,
                    .loss = 1.0 / 3,
                    .accuracy = 0.55,
                    .top5_accuracy = 1,
                    .val_loss = NAN,
                    .val_accuracy = -NAN,
                    .val_top5_accuracy = NAN,
                    .learning_rate = 1e-5,
                    .seconds = 123456789.25,
                    .images_per_second = 0.1 + 0.2,
                    .wait_seconds = 0};
    assert_int_equal(history_add_epoch(&history, row), STATUS_OK);
    assert_int_equal(history_write_files(&history, *state), STATUS_OK);
    assert_string_equal(
        read_text(*state, "metrics.csv"),
        "epoch,loss,accuracy,top5_accuracy,val_loss,val_accuracy,"
        "val_top5_accuracy,learning_rate,seconds,images_per_second,wait_seconds,"
        "wait_samples_seconds,wait_gradients_seconds,wait_ranks_seconds,wait_weights_seconds\n"
        "1,1,0.1,0.3,2.5,,0.7,0.001,100.33333333333333,282,1e-20,2e-20,3e-20,4e-20,5e-20\n"
        "2,0.3333333333333333,0.55,1,,,,1e-05,123456789.25,0.30000000000000004,"
        "0,0,0,0,0\n");
    history_free(&history);
}

static void metrics_h5_holds_the_history(void **state) {
    char path[1024];
    scratch_path(*state, "metrics.h5", path);
    History history = make_history(2, 30), read = {0};
    assert_int_equal(history_write_files(&history, *state), STATUS_OK);
    hid_t file;
    assert_int_equal(h5_open(path, &file), STATUS_OK);
    assert_true(h5_exists(file, "/epoch/wait_seconds") && h5_exists(file, "/step/gradient_norm"));
    assert_int_equal(history_read_h5(&read, file, "", FORMAT_VERSION), STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_same(&history, &read);
    assert_int_equal(scratch_count(*state), 2);
    history_free(&history);
    history_free(&read);
}

static void a_reader_keeps_the_old_file(void **state) {
    char path[1024];
    scratch_path(*state, "metrics.h5", path);
    History history = make_history(2, 3), read = {0};
    assert_int_equal(history_write_files(&history, *state), STATUS_OK);
    hid_t file;
    assert_int_equal(h5_open(path, &file), STATUS_OK);
    assert_int_equal(history_add_epoch(&history, epoch_row(3)), STATUS_OK);
    assert_int_equal(history_write_files(&history, *state), STATUS_OK);
    assert_int_equal(history_read_h5(&read, file, "", FORMAT_VERSION), STATUS_OK);
    assert_int_equal(read.epochs, 2);
    assert_int_equal(h5_close(file), STATUS_OK);
    history_free(&history);
    history_free(&read);
}

/* A limit on the size of files fails writes as a full disk does. */
static void failed_write_leaves_old_files(void **state) {
    History history = make_history(2, 3);
    assert_int_equal(history_write_files(&history, *state), STATUS_OK);
    char *old = strdup(read_text(*state, "metrics.csv"));
    for (uint64_t i = 1; i <= 5000; i++)
        assert_int_equal(history_add_step(&history, step_row(i)), STATUS_OK);
    assert_int_equal(history_add_epoch(&history, epoch_row(3)), STATUS_OK);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit usual, tight;
    getrlimit(RLIMIT_FSIZE, &usual);
    for (rlim_t limit = 100; limit < 150000; limit += 9000) {
        tight = (struct rlimit){limit, usual.rlim_max};
        setrlimit(RLIMIT_FSIZE, &tight);
        Status status = history_write_files(&history, *state);
        setrlimit(RLIMIT_FSIZE, &usual);
        assert_int_equal(status, STATUS_IO);
        assert_string_equal(read_text(*state, "metrics.csv"), old);
        assert_int_equal(scratch_count(*state), 2);
    }
    char missing[1024];
    scratch_path(*state, "missing", missing);
    assert_int_equal(history_write_files(&history, missing), STATUS_IO);
    history_free(&history);
    free(old);
}

static void what_does_not_read_back_never_takes_its_place(void **state) {
    char path[1024], temporary[1024];
    scratch_path(*state, "metrics.h5", path);
    scratch_path(*state, "metrics.h5.tmp", temporary);
    History history = make_history(2, 3), read = {0};
    assert_int_equal(history_write_files(&history, *state), STATUS_OK);
    history_free(&history);
    history = make_history(2, 5000);
    zeros = temporary;
    assert_int_equal(history_write_files(&history, *state), STATUS_IO);
    hid_t file;
    assert_int_equal(h5_open(path, &file), STATUS_OK);
    assert_int_equal(history_read_h5(&read, file, "", FORMAT_VERSION), STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_int_equal(read.steps, 3);
    assert_int_equal(scratch_count(*state), 2);
    history_free(&history);
    history_free(&read);
}

int main(void) {
#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_kept_in_order_beyond_the_first_room),
        cmocka_unit_test(a_row_again_replaces_it_and_all_after),
        cmocka_unit_test(cutting_keeps_rows_up_to_the_given_numbers),
        WITH_FOLDER(h5_round_trip_is_exact),
        WITH_FOLDER(columns_of_unequal_length_are_refused),
        WITH_FOLDER(csv_has_shortest_exact_numbers_and_empty_cells),
        WITH_FOLDER(metrics_h5_holds_the_history),
        WITH_FOLDER(a_reader_keeps_the_old_file),
        WITH_FOLDER(failed_write_leaves_old_files),
        WITH_FOLDER(what_does_not_read_back_never_takes_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
