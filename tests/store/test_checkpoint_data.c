/* What checkpoints tell of their data, and digests that are made anew after changes that are meant.
 */

#include "store/checkpoint_changed.h"
#include <sys/stat.h>

static void the_data_round_trips(void **state) {
    Fixture *f = *state;
    char path[1024];
    CheckpointData read;
    write_as(f, "last.h5", path);
    assert_int_equal(checkpoint_read_data(path, &read), STATUS_OK);
    assert_string_equal(read.sha256, f->data.sha256);
    assert_string_equal(read.checksum, "0123456789abcdef");
    assert_true(read.height == 32 && read.width == 40 && read.channels == 3);
    assert_memory_equal(read.mean, f->data.mean, 3 * sizeof *read.mean);
    assert_memory_equal(read.variance, f->data.variance, 3 * sizeof *read.variance);
    assert_int_equal(read.classes, 3);
    assert_string_equal(read.name + 2 * read.name_bytes, "cow");
    checkpoint_data_free(&read);
}

/* Content that HDF5's checksums accept, but which is not what was written. */
static void the_data_is_tied_by_the_digest(void **state) {
    Fixture *f = *state;
    static const double means[] = {1, 2, 3};
    for (int i = 0; i < 4; i++) {
        char path[1024];
        write_as(f, "last.h5", path);
        hid_t file = open_for_changes(path);
        assert_true(H5Ldelete(file, "/data/label_names", H5P_DEFAULT) >= 0);
        assert_int_equal(h5_write_strings(file, "/data/label_names", 3, 4,
                                          i == 0 ? "ant\0bee\0cat" : "ant\0bee\0cow"),
                         STATUS_OK);
        if (i == 1)
            assert_int_equal(h5_set_reals(file, "/data", "channel_mean", 3, means), STATUS_OK);
        if (i == 2)
            assert_int_equal(h5_set_count(file, "/data", "width", 41), STATUS_OK);
        if (i == 3)
            assert_int_equal(h5_set_text(file, "/job", "data_checksum", "0123456789abcdee"),
                             STATUS_OK);
        assert_int_equal(h5_close(file), STATUS_OK);
        assert_refused(path, &f->table, true, "its state does not match its digest");
    }
}

static void data_that_cannot_be_is_refused(void **state) {
    Fixture *f = *state;
    char path[1024];
    f->data.variance[1] = 0;
    scratch_path(f->folder, "last.h5", path);
    assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_IO);
    assert_non_null(strstr(status_message(), "channel 1 has mean 110.25 and variance 0"));
}

/* ---- renewed ---- */

static void change_weight(const char *path, float value) {
    hid_t file = open_for_changes(path);
    assert_int_equal(h5_write_rows(file, "/model/logits/bias", H5T_NATIVE_FLOAT, 1, 1, &value),
                     STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
}

static void changed_weights_are_read_after_their_digest_was_renewed(void **state) {
    Fixture *f = *state;
    char path[1024], old[DIGEST_TEXT], renewed[DIGEST_TEXT], expected[DIGEST_TEXT];
    Checkpoint read;
    write_as(f, "last.h5", path);
    assert_int_equal(checkpoint_digest(path, old), STATUS_OK);
    change_weight(path, 0.375f);
    assert_refused(path, &f->table, true, "vit_data digest --renew");
    struct stat found;
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(checkpoint_renew(path, renewed), STATUS_OK);
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0640);
    assert_string_not_equal(renewed, old);
    f->weights[f->table.entry[f->table.count - 1].offset + 1] = 0.375f;
    assert_int_equal(parameter_digest(&f->table, f->weights, expected), STATUS_OK);
    assert_string_equal(renewed, expected);
    assert_int_equal(fixture_read(path, &f->table, true, &read), STATUS_OK);
    assert_true(same_content(&f->checkpoint, &read));
    fixture_free_read(&read);
    assert_int_equal(scratch_count(f->folder), 1);
}

/* A moment, and a number of /progress. */
static void all_else_may_be_changed_too(void **state) {
    Fixture *f = *state;
    char path[1024], renewed[DIGEST_TEXT];
    Checkpoint read;
    write_as(f, "last.h5", path);
    hid_t file = open_for_changes(path);
    assert_int_equal(h5_set_count(file, "/progress", "best_epoch", 2), STATUS_OK);
    assert_int_equal(
        h5_write_rows(file, "/optimizer/m/logits/bias", H5T_NATIVE_FLOAT, 0, 1, (float[]){9}),
        STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_int_equal(checkpoint_renew(path, renewed), STATUS_OK);
    assert_int_equal(fixture_read(path, &f->table, true, &read), STATUS_OK);
    assert_int_equal(read.progress.best_epoch, 2);
    assert_true(read.state[0].values[f->table.entry[f->table.count - 1].offset] == 9.0f);
    fixture_free_read(&read);
}

static void what_is_no_model_is_not_renewed(void **state) {
    Fixture *f = *state;
    char path[1024], text[DIGEST_TEXT];
    const size_t shape[1] = {2};
    write_as(f, "last.h5", path);
    change_weight(path, NAN);
    assert_int_equal(checkpoint_renew(path, text), STATUS_DATA);
    assert_non_null(strstr(status_message(), "/model/logits/bias: holds nan"));
    hid_t file = open_for_changes(path);
    assert_true(H5Ldelete(file, "/model/norm/gamma", H5P_DEFAULT) >= 0);
    assert_int_equal(h5_write(file, "/model/norm/gamma", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 1, shape,
                              (float[]){1, 1}),
                     STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_int_equal(checkpoint_renew(path, text), STATUS_DATA);
    assert_non_null(strstr(status_message(), "/model/norm/gamma has shape [2]"));
    /* And nothing was changed or left behind. */
    assert_refused(path, &f->table, true, "/model/norm/gamma has shape [2]");
    assert_int_equal(scratch_count(f->folder), 1);
}

/* The file is named, not the copy that would have taken its place. */
static void values_of_another_type_are_not_renewed(void **state) {
    Fixture *f = *state;
    const Parameter *bias = &f->table.entry[f->table.count - 1];
    char path[1024], text[DIGEST_TEXT], wanted[1200];
    double *values;
    write_as(f, "last.h5", path);
    assert_int_equal(memory_allocate(&values, bias->count, sizeof *values, "test"), STATUS_OK);
    hid_t file = open_for_changes(path);
    assert_true(H5Ldelete(file, "/model/logits/bias", H5P_DEFAULT) >= 0);
    assert_int_equal(h5_write(file, "/model/logits/bias", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE,
                              bias->axes, bias->shape, values),
                     STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    memory_free(values);
    assert_int_equal(checkpoint_renew(path, text), STATUS_DATA);
    snprintf(wanted, sizeof wanted, "%s: /model/logits/bias: is float64", path);
    assert_non_null(strstr(status_message(), wanted));
    assert_int_equal(scratch_count(f->folder), 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(the_data_round_trips),
        WITH_FIXTURE(the_data_is_tied_by_the_digest),
        WITH_FIXTURE(data_that_cannot_be_is_refused),
        WITH_FIXTURE(changed_weights_are_read_after_their_digest_was_renewed),
        WITH_FIXTURE(all_else_may_be_changed_too),
        WITH_FIXTURE(what_is_no_model_is_not_renewed),
        WITH_FIXTURE(values_of_another_type_are_not_renewed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
