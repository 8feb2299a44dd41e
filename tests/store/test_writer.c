/* The writer's thread: what is wanted is written, in order, and what became of it is told. */

#include "store/checkpoint_fixture.h"
#include "vit/file.h"
#include "vit/float_mode.h"
#include "vit/writer.h"
#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

/* LSan: HDF5 does not free what it was writing when that failed. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libhdf5";
}

static Fixture fixture;
static Output output;
static Writer writer;

static int set_up(void **state) {
    (void)state;
    writer = (Writer){0};
    char moved[FILE_PATH_MAX];
    if (fixture_init(&fixture) != STATUS_OK)
        return -1;
    return output_open(&output, fixture.folder, false, moved) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    output_close(&output);
    fixture_free(&fixture);
    return 0;
}

static Save save_of(bool best, bool last, bool metrics) {
    Save save = {.wanted = {best, last, metrics},
                 .output = &output,
                 .keep = 2,
                 .checkpoint = fixture.checkpoint,
                 .best_val_accuracy = 0.25,
                 .best_epoch = 1};
    save.checkpoint.progress.best_val_accuracy = 0.5;
    save.checkpoint.progress.best_epoch = 3;
    return save;
}

static void path_of(const char *name, char path[static FILE_PATH_MAX]) {
    scratch_path(fixture.folder, name, path);
}

static bool is_there(const char *name) {
    char path[FILE_PATH_MAX];
    path_of(name, path);
    return file_exists(path);
}

static Progress progress_in(const char *name, bool moments) {
    char path[FILE_PATH_MAX];
    Checkpoint read;
    path_of(name, path);
    assert_int_equal(fixture_read(path, &fixture.table, moments, &read), STATUS_OK);
    const Progress progress = read.progress;
    fixture_free_read(&read);
    return progress;
}

static void writes_what_is_wanted(void **state) {
    (void)state;
    Save save = save_of(true, true, false);
    writer_start(&writer, &save);
    writer_wait(&writer);
    assert_true(writer_is_done(&writer));
    for (SaveFile file = 0; file < SAVE_FILES; file++)
        assert_int_equal(save.status[file], STATUS_OK);
    assert_true(save.seconds > 0.0);
    assert_false(is_there("metrics.h5"));
    assert_int_equal(progress_in("last.h5", true).best_epoch, 3);
    assert_int_equal(progress_in("best.h5", false).best_epoch, 3);
    char path[FILE_PATH_MAX];
    Checkpoint read;
    path_of("best.h5", path);
    assert_int_equal(fixture_read(path, &fixture.table, true, &read), STATUS_DATA);
    assert_non_null(strstr(status_message(), "holds weights only"));
    fixture_free_read(&read);

    Save metrics = save_of(false, false, true);
    writer_start(&writer, &metrics);
    writer_wait(&writer);
    assert_true(is_there("metrics.h5") && is_there("metrics.csv"));
    assert_false(is_there("last.1.h5"));
}

/* The others are for going on. */
static void the_best_weights_are_the_averaged_ones(void **state) {
    (void)state;
    const size_t bytes = fixture.table.floats * sizeof(float);
    Save save = save_of(true, true, false);
    save.average = fixture.moment[0];
    writer_start(&writer, &save);
    writer_wait(&writer);
    const struct {
        const char *name;
        const float *weights;
    } wanted[] = {{"best.h5", fixture.moment[0]}, {"last.h5", fixture.weights}};
    for (size_t i = 0; i < 2; i++) {
        char path[FILE_PATH_MAX];
        Checkpoint read;
        path_of(wanted[i].name, path);
        assert_int_equal(fixture_read(path, &fixture.table, false, &read), STATUS_OK);
        assert_memory_equal(read.weights, wanted[i].weights, bytes);
        fixture_free_read(&read);
    }
}

/* A best that was not written is not claimed by the state that is. */
static void last_does_not_claim_a_best_that_failed(void **state) {
    (void)state;
    char blocked[FILE_PATH_MAX];
    path_of("best.h5.tmp", blocked);
    assert_int_equal(mkdir(blocked, 0777), 0);
    Save save = save_of(true, true, true);
    writer_start(&writer, &save);
    writer_wait(&writer);
    assert_int_equal(save.status[SAVE_BEST], STATUS_IO);
    assert_non_null(strstr(save.message[SAVE_BEST], "best.h5"));
    assert_int_equal(save.status[SAVE_LAST], STATUS_OK);
    assert_int_equal(save.status[SAVE_METRICS], STATUS_OK);
    const Progress progress = progress_in("last.h5", true);
    assert_int_equal(progress.best_epoch, 1);
    assert_true(progress.best_val_accuracy == 0.25);
}

static size_t first_calls;

/* Of the caller's, before any file. */
static void note_first(void *context, const Save *save) {
    assert_ptr_equal(context, &fixture);
    assert_ptr_equal(save->output, &output);
    assert_false(is_there("last.h5"));
    first_calls++;
}

static void what_comes_first_comes_before_the_files(void **state) {
    (void)state;
    Save save = save_of(false, true, false);
    save.first = note_first;
    save.context = &fixture;
    first_calls = 0;
    writer_start(&writer, &save);
    writer_wait(&writer);
    assert_int_equal(first_calls, 1);
    assert_true(is_there("last.h5"));
}

/* Whoever took the folder once its lock was removed may be writing there. */
static void writes_nothing_into_a_folder_that_was_lost(void **state) {
    (void)state;
    char lock[FILE_PATH_MAX], other[FILE_PATH_MAX];
    path_of(".lock", lock);
    path_of("other", other);
    FILE *file = fopen(other, "w");
    assert_non_null(file);
    fputs("process 1 on a host of its own\n", file);
    fclose(file);
    assert_int_equal(rename(other, lock), 0);
    Save save = save_of(true, true, true);
    save.first = note_first;
    save.context = &fixture;
    first_calls = 0;
    writer_start(&writer, &save);
    writer_wait(&writer);
    assert_int_equal(first_calls, 0);
    for (SaveFile wanted = 0; wanted < SAVE_FILES; wanted++) {
        assert_int_equal(save.status[wanted], STATUS_IO);
        assert_non_null(strstr(save.message[wanted],
                               "another job (process 1 on a host of its own) has taken "
                               "the output folder"));
    }
    assert_int_equal(scratch_count(fixture.folder), 0);
}

static bool enters_with_denormals;

static void see_denormals(void) {
    volatile float smallest = FLT_MIN, half = 0.5f;
    enters_with_denormals = smallest * half != 0.0f;
}

/* Nor when it is made within a step, whose thread does: new threads have its mode. */
static void does_not_flush_denormals(void **state) {
    (void)state;
    Save save = save_of(false, false, true);
    enters_with_denormals = false;
    writer.enter = see_denormals;
    const FloatMode mode = float_mode_flush();
    writer_start(&writer, &save);
    writer_wait(&writer);
    float_mode_restore(mode);
    assert_true(enters_with_denormals);
}

static void waits_for_nothing(void **state) {
    (void)state;
    assert_true(writer_is_done(&writer));
    writer_wait(&writer);
}

static void copies_a_history(void **state) {
    (void)state;
    History copy = {0};
    for (int round = 0; round < 2; round++)
        assert_int_equal(history_copy(&copy, &fixture.history), STATUS_OK);
    assert_int_equal(copy.epochs, fixture.history.epochs);
    assert_int_equal(copy.steps, fixture.history.steps);
    assert_memory_equal(copy.epoch, fixture.history.epoch, copy.epochs * sizeof *copy.epoch);
    assert_memory_equal(copy.step, fixture.history.step, copy.steps * sizeof *copy.step);
    assert_int_equal(history_add_step(&copy, (StepRow){.step = 21}), STATUS_OK);
    assert_int_equal(fixture.history.steps, 20);
    history_free(&copy);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_what_is_wanted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_best_weights_are_the_averaged_ones, set_up, tear_down),
        cmocka_unit_test_setup_teardown(last_does_not_claim_a_best_that_failed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_comes_first_comes_before_the_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writes_nothing_into_a_folder_that_was_lost, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(does_not_flush_denormals, set_up, tear_down),
        cmocka_unit_test_setup_teardown(waits_for_nothing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(copies_a_history, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
