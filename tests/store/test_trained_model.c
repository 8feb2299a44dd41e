/* What programs that use a model read of a checkpoint: everything, and the weights that are judged.
 */

#include "check.h"
#include "store/checkpoint_fixture.h"
#include "vit/trained_model.h"

static void write_as(Fixture *f, char path[static 1024]) {
    scratch_path(f->folder, "last.h5", path);
    assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_OK);
}

static void all_is_read(void **state) {
    Fixture *f = *state;
    char path[1024];
    TrainedModel model;
    write_as(f, path);
    assert_int_equal(trained_model_read(&model, path), STATUS_OK);
    assert_false(model.averaged);
    assert_int_equal(model.shape.channels, 3);
    assert_int_equal(model.shape.classes, 7);
    assert_int_equal(model.job.depth, 2);
    assert_string_equal(model.job_text, f->job_text);
    assert_int_equal(model.table.floats, f->table.floats);
    assert_memory_equal(model.weights, f->weights, f->table.floats * sizeof(float));
    assert_int_equal(model.progress.step, 20);
    assert_int_equal(model.history.epochs, 3);
    assert_string_equal(model.build.host, "node17");
    assert_int_equal(model.data.width, 40);
    assert_string_equal(model.data.name + 2 * model.data.name_bytes, "cow");
    trained_model_free(&model);
    trained_model_free(&model);
}

static void averages_are_what_is_judged(void **state) {
    Fixture *f = *state;
    char path[1024];
    TrainedModel model;
    f->checkpoint.states = 3;
    f->checkpoint.state[2] = (CheckpointState){CHECKPOINT_AVERAGE, f->moment[0]};
    write_as(f, path);
    assert_int_equal(trained_model_read(&model, path), STATUS_OK);
    assert_true(model.averaged);
    assert_memory_equal(model.weights, f->moment[0], f->table.floats * sizeof(float));
    trained_model_free(&model);
}

static void what_is_none_is_refused(void **state) {
    Fixture *f = *state;
    char path[1024];
    TrainedModel model;
    scratch_path(f->folder, "none.h5", path);
    assert_int_equal(trained_model_read(&model, path), STATUS_IO);
    trained_model_free(&model);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs("no checkpoint", file);
    fclose(file);
    assert_int_equal(trained_model_read(&model, path), STATUS_DATA);
    trained_model_free(&model);
}

static void statistics_of_other_channels_are_refused(void **state) {
    Fixture *f = *state;
    char path[1024];
    TrainedModel model;
    CheckpointData data = *f->checkpoint.data;
    data.channels = 1;
    f->checkpoint.data = &data;
    write_as(f, path);
    assert_int_equal(trained_model_read(&model, path), STATUS_DATA);
    assert_non_null(strstr(status_message(), "/data @channels: is 1, of a model of 3"));
    trained_model_free(&model);
}

static int setup(void **state) {
    static Fixture fixture;
    *state = &fixture;
    return fixture_init(&fixture) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state) {
    fixture_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(all_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(averages_are_what_is_judged, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_none_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(statistics_of_other_channels_are_refused, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
