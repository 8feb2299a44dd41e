#include "h5_found.h"
#include "store/checkpoint_changed.h"
#include "vit/float_mode.h"
#include "vit/h5.h"
#include <float.h>

static void assert_reads_back(const char *path, const Checkpoint *written, bool moments) {
    Checkpoint read;
    assert_int_equal(fixture_read(path, written->table, moments, &read), STATUS_OK);
    assert_true(same_content(written, &read));
    fixture_free_read(&read);
}

static void round_trip_is_exact(void **state) {
    Fixture *f = *state;
    char path[1024];
    write_as(f, "last.h5", path);
    assert_reads_back(path, &f->checkpoint, true);
    assert_reads_back(path, &f->checkpoint, false);
    assert_int_equal(scratch_count(f->folder), 1);
}

/* Files keep denormals, also of a thread that would count them as zero. */
static void denormals_round_trip(void **state) {
    Fixture *f = *state;
    char path[1024];
    Checkpoint read;
    float *vector[] = {f->weights, f->moment[0], f->moment[1]};
    for (size_t v = 0; v < 3; v++)
        for (size_t i = 0; i < f->table.entry[0].count; i++)
            vector[v][f->table.entry[0].offset + i] =
                (i % 2 ? -1.0f : 1.0f) * (float)(i + 1) * FLT_TRUE_MIN;
    const FloatMode mode = float_mode_flush();
    write_as(f, "last.h5", path);
    const Status status = fixture_read(path, &f->table, true, &read);
    float_mode_restore(mode);
    assert_int_equal(status, STATUS_OK);
    const size_t first = f->table.entry[0].offset, bytes = f->table.entry[0].count * sizeof(float);
    assert_memory_equal(read.weights + first, f->weights + first, bytes);
    for (size_t s = 0; s < 2; s++)
        assert_memory_equal(read.state[s].values + first, f->moment[s] + first, bytes);
    fixture_free_read(&read);
}

static void a_run_that_has_not_begun_round_trips(void **state) {
    Fixture *f = *state;
    char path[1024];
    history_cut(&f->history, 0, 0);
    f->checkpoint.progress =
        (Progress){.best_val_accuracy = NAN, .test_loss = NAN, .test_accuracy = -NAN};
    write_as(f, "last.h5", path);
    assert_reads_back(path, &f->checkpoint, true);
}

static void reading_replaces_the_history(void **state) {
    Fixture *f = *state;
    char path[1024];
    write_as(f, "last.h5", path);
    assert_int_equal(history_add_step(&f->history, (StepRow){.step = 21}), STATUS_OK);
    assert_int_equal(checkpoint_read(path, &f->checkpoint), STATUS_OK);
    assert_int_equal(f->history.steps, 20);
}

static void job_text_can_be_read_alone(void **state) {
    Fixture *f = *state;
    char path[1024], *text;
    write_as(f, "last.h5", path);
    assert_int_equal(checkpoint_read_job(path, &text), STATUS_OK);
    assert_string_equal(text, f->job_text);
    memory_free(text);
    scratch_path(f->folder, "nowhere.h5", path);
    assert_int_equal(checkpoint_read_job(path, &text), STATUS_IO);
}

static void digest_needs_no_model(void **state) {
    Fixture *f = *state;
    char path[1024], expected[DIGEST_TEXT], found[DIGEST_TEXT];
    write_as(f, "last.h5", path);
    assert_int_equal(parameter_digest(&f->table, f->weights, expected), STATUS_OK);
    assert_int_equal(checkpoint_digest(path, found), STATUS_OK);
    assert_string_equal(found, expected);
}

static void attributes_are_where_people_look(void **state) {
    Fixture *f = *state;
    char path[1024], expected[DIGEST_TEXT], *text;
    write_as(f, "last.h5", path);
    hid_t file;
    uint64_t count;
    double real;
    size_t rank, shape[4];
    assert_int_equal(h5_open(path, &file), STATUS_OK);
    assert_int_equal(h5_get_count(file, "/job", "seed", &count), STATUS_OK);
    assert_int_equal(count, 77);
    assert_int_equal(h5_get_count(file, "/", "parameters", &count), STATUS_OK);
    assert_int_equal(count, f->table.trainable);
    assert_int_equal(h5_get_real(file, "/progress", "loss_sum", &real), STATUS_OK);
    assert_true(real == f->checkpoint.progress.sums.loss);
    assert_int_equal(h5_get_text(file, "/", "weights_sha256", &text), STATUS_OK);
    assert_int_equal(parameter_digest(&f->table, f->weights, expected), STATUS_OK);
    assert_string_equal(text, expected);
    memory_free(text);
    assert_int_equal(h5_shape(file, "/optimizer/v/block1/attention/output/kernel", &rank, shape),
                     STATUS_OK);
    assert_int_equal(rank, 3);
    assert_memory_equal(shape, ((size_t[]){3, 5, 12}), 3 * sizeof(size_t));
    assert_true(h5_exists(file, "/history/epoch/val_top5_accuracy"));
    assert_int_equal(h5_close(file), STATUS_OK);
}

static void weights_alone_cannot_be_resumed(void **state) {
    Fixture *f = *state;
    char path[1024], digest[DIGEST_TEXT];
    f->checkpoint.states = 0;
    write_as(f, "best.h5", path);
    assert_reads_back(path, &f->checkpoint, false);
    assert_refused(path, &f->table, true, "weights only");
    assert_int_equal(checkpoint_digest(path, digest), STATUS_OK);
}

static void other_models_are_refused_by_tensor_and_shapes(void **state) {
    Fixture *f = *state;
    char path[1024];
    write_as(f, "last.h5", path);
    const struct {
        const char *override, *expected[3];
    } cases[] = {
        {"model.key_dim=6", {"/model/block0/attention/query/kernel", "[12, 3, 5]", "[12, 3, 6]"}},
        {"model.head=10", {"/model/head0/kernel", "[48, 11]", "[48, 10]"}},
        {"model.depth=3", {"/model/block2/norm1/gamma", "missing", "[12]"}},
        {"model.depth=1", {"of another model", "41 tensors", "this model has 25"}},
        {"augment.image_size=24", {"/model/patch_embed/position", "[4, 12]", "[9, 12]"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ParameterTable other;
        assert_int_equal(fixture_model(cases[i].override, &other, NULL), STATUS_OK);
        for (size_t e = 0; e < 3; e++)
            assert_refused(path, &other, true, cases[i].expected[e]);
        parameter_table_free(&other);
    }
}

static void a_tensor_of_another_rank_is_refused(void **state) {
    Fixture *f = *state;
    char path[1024];
    write_as(f, "last.h5", path);
    hid_t file = open_for_changes(path);
    const size_t shape[2] = {7, 1};
    assert_true(H5Ldelete(file, "/model/logits/bias", H5P_DEFAULT) >= 0);
    assert_int_equal(h5_write(file, "/model/logits/bias", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2,
                              shape, f->weights + f->table.head_bias[1]),
                     STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_refused(path, &f->table, true, "[7, 1], this model's has [7]");
}

static void things_that_are_no_checkpoints_are_told_apart(void **state) {
    Fixture *f = *state;
    char path[1024];
    Checkpoint read;
    scratch_path(f->folder, "nowhere.h5", path);
    assert_int_equal(fixture_read(path, &f->table, true, &read), STATUS_IO);
    fixture_free_read(&read);
    scratch_path(f->folder, "other.h5", path);
    hid_t file;
    assert_int_equal(h5_create(path, &file), STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_refused(path, &f->table, true, "is not a checkpoint");
    write_as(f, "last.h5", path);
    file = open_for_changes(path);
    assert_int_equal(h5_set_count(file, "/", "complete", 0), STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_refused(path, &f->table, true, "was not written to its end");
}

static void moments_have_the_names_that_they_always_had(void **state) {
    Fixture *f = *state;
    char path[1024], expected[DIGEST_TEXT], *text;
    hid_t file;
    const char *const attribute[] = {"first_moment_sha256", "second_moment_sha256"};
    write_as(f, "last.h5", path);
    assert_int_equal(h5_open(path, &file), STATUS_OK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(parameter_digest(&f->table, f->moment[i], expected), STATUS_OK);
        assert_int_equal(h5_get_text(file, "/", attribute[i], &text), STATUS_OK);
        assert_string_equal(text, expected);
        memory_free(text);
    }
    assert_false(h5_has_attribute(file, "/", "m_sha256"));
    assert_int_equal(h5_close(file), STATUS_OK);
}

static void states_of_any_name_round_trip(void **state) {
    Fixture *f = *state;
    char path[1024], expected[DIGEST_TEXT], *text;
    const char *const names[] = {"momentum", "a_2", "v"};
    Checkpoint read;
    hid_t file;
    f->checkpoint.states = 3;
    for (size_t i = 0; i < 3; i++)
        f->checkpoint.state[i] = (CheckpointState){names[i], i ? f->moment[i - 1] : f->weights};
    write_as(f, "last.h5", path);
    for (size_t states = 0; states <= 3; states++) {
        assert_int_equal(fixture_read_states(path, &f->table, states, names, &read), STATUS_OK);
        assert_true(same_content(&f->checkpoint, &read));
        fixture_free_read(&read);
    }
    assert_int_equal(h5_open(path, &file), STATUS_OK);
    assert_int_equal(h5_get_text(file, "/", "a_2_sha256", &text), STATUS_OK);
    assert_int_equal(parameter_digest(&f->table, f->moment[0], expected), STATUS_OK);
    assert_string_equal(text, expected);
    assert_true(h5_exists(file, "/optimizer/momentum/logits/bias"));
    assert_int_equal(h5_close(file), STATUS_OK);
    memory_free(text);
}

/* Beside the weights, which a reader may pass over. */
static void the_average_is_where_people_look(void **state) {
    Fixture *f = *state;
    char path[1024];
    float *average = f->moment[1], *found;
    History history = {0};
    bool has;
    f->checkpoint.state[1] = (CheckpointState){CHECKPOINT_AVERAGE, average};
    write_as(f, "last.h5", path);
    hid_t file;
    assert_int_equal(h5_open(path, &file), STATUS_OK);
    assert_true(h5_exists(file, "/ema/block1/attention/output/kernel"));
    assert_true(h5_exists(file, "/optimizer/m/logits/bias"));
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_int_equal(checkpoint_has_state(path, CHECKPOINT_AVERAGE, &has), STATUS_OK);
    assert_true(has);
    assert_int_equal(checkpoint_has_state(path, "v", &has), STATUS_OK);
    assert_false(has);

    assert_int_equal(memory_allocate(&found, f->table.floats, sizeof *found, "test"), STATUS_OK);
    Checkpoint read = {.table = &f->table,
                       .states = 1,
                       .state = {{CHECKPOINT_AVERAGE, found}},
                       .history = &history};
    assert_int_equal(checkpoint_read(path, &read), STATUS_OK);
    assert_memory_equal(found, average, f->table.floats * sizeof *found);
    memory_free(found);
    history_free(&history);
}

static void states_are_tied_by_name_and_content(void **state) {
    Fixture *f = *state;
    char path[1024], *text;
    const char *const momentum = "momentum";
    Checkpoint read;
    f->checkpoint.states = 1;
    f->checkpoint.state[0].name = momentum;
    write_as(f, "last.h5", path);
    hid_t file = open_for_changes(path);
    assert_int_equal(h5_get_text(file, "/", "momentum_sha256", &text), STATUS_OK);
    assert_int_equal(h5_set_text(file, "/", "memontum_sha256", text), STATUS_OK);
    memory_free(text);
    assert_true(H5Lmove(file, "/optimizer/momentum", file, "/optimizer/memontum", H5P_DEFAULT,
                        H5P_DEFAULT) >= 0);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_refused(path, &f->table, false, "its state does not match");
    write_as(f, "last.h5", path);
    file = open_for_changes(path);
    assert_int_equal(h5_set_text(file, "/", "momentum_sha256", "changed"), STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_refused(path, &f->table, false, "its state does not match");
    write_as(f, "last.h5", path);
    file = open_for_changes(path);
    assert_int_equal(h5_write_rows(file, "/optimizer/momentum/logits/bias", H5T_NATIVE_FLOAT, 0, 1,
                                   (float[]){9}),
                     STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_int_equal(fixture_read_states(path, &f->table, 1, &momentum, &read), STATUS_DATA);
    assert_non_null(strstr(status_message(), "/optimizer/momentum does not match"));
    fixture_free_read(&read);
}

/* Who takes the optimizer out of a file, to make it small, may still use its weights. */
static void a_state_that_is_taken_out_is_missed_where_it_is_wanted(void **state) {
    Fixture *f = *state;
    char path[1024];
    Checkpoint read;
    const char *const names[] = {"momentum", "v"};
    f->checkpoint.state[0].name = "momentum";
    write_as(f, "last.h5", path);
    hid_t file = open_for_changes(path);
    assert_true(H5Ldelete(file, "/optimizer/momentum", H5P_DEFAULT) >= 0);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_int_equal(fixture_read(path, &f->table, false, &read), STATUS_OK);
    fixture_free_read(&read);
    assert_int_equal(fixture_read_states(path, &f->table, 2, names, &read), STATUS_DATA);
    assert_non_null(strstr(status_message(), "/optimizer/momentum/"));
    assert_non_null(strstr(status_message(), "is missing"));
    fixture_free_read(&read);
}

static void a_state_whose_digest_is_lost_is_missed(void **state) {
    Fixture *f = *state;
    char path[1024];
    f->checkpoint.state[0].name = "momentum";
    write_as(f, "last.h5", path);
    hid_t file = open_for_changes(path);
    assert_true(H5Adelete(file, "momentum_sha256") >= 0);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_refused(path, &f->table, false, "its state does not match");
}

static void another_optimizer_is_refused_with_both_lists(void **state) {
    Fixture *f = *state;
    char path[1024];
    Checkpoint read;
    const char *const names[] = {"m", "momentum"};
    write_as(f, "last.h5", path);
    assert_int_equal(fixture_read_states(path, &f->table, 2, names, &read), STATUS_DATA);
    assert_non_null(
        strstr(status_message(), "it keeps m, v of every weight, this one m, momentum"));
    fixture_free_read(&read);
}

static void what_cannot_be_a_state_is_not_written(void **state) {
    Fixture *f = *state;
    char path[1024];
    scratch_path(f->folder, "last.h5", path);
    const char *const bad[] = {"",
                               "M",
                               ".",
                               "a/b",
                               "weights",
                               "state",
                               "first_moment",
                               "second_moment",
                               "m",
                               /* once more */ "a_name_of_thirty_two_characters_"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        f->checkpoint.state[1].name = bad[i];
        assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_INTERNAL);
        assert_int_equal(scratch_count(f->folder), 0);
    }
}

/* Content that HDF5's checksums accept, but which is not what was written. */
static void every_part_is_tied_by_the_digests(void **state) {
    Fixture *f = *state;
    const struct {
        const char *object, *attribute; /* NULL: the dataset's last row */
        enum { COUNT, TEXT, REALS, FLOATS } kind;
        const char *expected;
    } cases[] = {
        {"/progress", "step", COUNT, "its state"},
        {"/progress", "position", COUNT, "its state"},
        {"/progress", "hits", COUNT, "its state"},
        {"/progress", "finished", COUNT, "its state"},
        {"/build", "ranks", COUNT, "its state"},
        {"/build", "date", TEXT, "its state"},
        {"/job", "text", TEXT, "its state"},
        {"/job", "data_sha256", TEXT, "its state"},
        {"/", "weights_sha256", TEXT, "its state"},
        {"/", "second_moment_sha256", TEXT, "its state"},
        {"/history/epoch/loss", NULL, REALS, "its state"},
        {"/history/step/loss", NULL, REALS, "its state"},
        {"/model/logits/bias", NULL, FLOATS, "/model does not match"},
        {"/optimizer/m/logits/bias", NULL, FLOATS, "/optimizer/m does not match"},
        {"/optimizer/v/logits/bias", NULL, FLOATS, "/optimizer/v does not match"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[1024];
        write_as(f, "last.h5", path);
        hid_t file = open_for_changes(path);
        Status status = STATUS_OK;
        size_t rank, shape[4] = {0};
        if (!cases[i].attribute)
            status = h5_shape(file, cases[i].object, &rank, shape);
        assert_int_equal(status, STATUS_OK);
        if (cases[i].kind == COUNT)
            status = h5_set_count(file, cases[i].object, cases[i].attribute, 0);
        else if (cases[i].kind == TEXT)
            status = h5_set_text(file, cases[i].object, cases[i].attribute, "changed");
        else if (cases[i].kind == REALS)
            status = h5_write_rows(file, cases[i].object, H5T_NATIVE_DOUBLE, shape[0] - 1, 1,
                                   (double[]){9});
        else
            status = h5_write_rows(file, cases[i].object, H5T_NATIVE_FLOAT, shape[0] - 1, 1,
                                   (float[]){9});
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(h5_close(file), STATUS_OK);
        assert_refused(path, &f->table, true, cases[i].expected);
    }
}

/* A model is derived from the width of the logits, and its tensors are divided into rows. */
static void a_digest_of_a_model_without_classes_is_refused(void **state) {
    Fixture *f = *state;
    char path[1024], sha256[DIGEST_TEXT];
    write_as(f, "last.h5", path);
    hid_t file = open_for_changes(path);
    const size_t kernel[2] = {11, 0}, bias[1] = {0};
    assert_true(H5Ldelete(file, "/model/logits", H5P_DEFAULT) >= 0);
    assert_int_equal(
        h5_write(file, "/model/logits/kernel", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, kernel, NULL),
        STATUS_OK);
    assert_int_equal(
        h5_write(file, "/model/logits/bias", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 1, bias, NULL),
        STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_int_equal(checkpoint_digest(path, sha256), STATUS_DATA);
    assert_non_null(strstr(status_message(), "/model/logits/bias: is empty"));
}

/* So many rows of the patches' kernel belong to a pixel: 8 x 8 pixels of some channels. */
static void a_digest_of_a_model_without_whole_channels_is_refused(void **state) {
    Fixture *f = *state;
    static const size_t kernels[][2] = {{0, 12}, {63, 12}, {65, 12}, {191, 12}};
    static const char name[] = "/model/patch_embed/projection/kernel";
    static const float zeros[191 * 12];
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        char path[1024], sha256[DIGEST_TEXT];
        write_as(f, "last.h5", path);
        hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
        assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
        assert_int_equal(
            h5_write(file, name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 2, kernels[i], zeros),
            STATUS_OK);
        assert_int_equal(h5_close(file), STATUS_OK);
        assert_int_equal(checkpoint_digest(path, sha256), STATUS_DATA);
        assert_non_null(strstr(status_message(), "no whole number of channels of 64 pixels"));
    }
}

static void gaps_between_tensors_are_not_stored(void **state) {
    Fixture *f = *state;
    char path[1024], plain[DIGEST_TEXT], gap[DIGEST_TEXT];
    write_as(f, "last.h5", path);
    assert_int_equal(checkpoint_digest(path, plain), STATUS_OK);
    f->weights[f->table.patch_bias + 12] = 5; /* the bias has 12 values */
    write_as(f, "last.h5", path);
    assert_int_equal(checkpoint_digest(path, gap), STATUS_OK);
    assert_string_equal(plain, gap);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(round_trip_is_exact),
        WITH_FIXTURE(denormals_round_trip),
        WITH_FIXTURE(a_run_that_has_not_begun_round_trips),
        WITH_FIXTURE(reading_replaces_the_history),
        WITH_FIXTURE(job_text_can_be_read_alone),
        WITH_FIXTURE(digest_needs_no_model),
        WITH_FIXTURE(attributes_are_where_people_look),
        WITH_FIXTURE(weights_alone_cannot_be_resumed),
        WITH_FIXTURE(other_models_are_refused_by_tensor_and_shapes),
        WITH_FIXTURE(a_tensor_of_another_rank_is_refused),
        WITH_FIXTURE(things_that_are_no_checkpoints_are_told_apart),
        WITH_FIXTURE(moments_have_the_names_that_they_always_had),
        WITH_FIXTURE(states_of_any_name_round_trip),
        WITH_FIXTURE(the_average_is_where_people_look),
        WITH_FIXTURE(states_are_tied_by_name_and_content),
        WITH_FIXTURE(a_state_that_is_taken_out_is_missed_where_it_is_wanted),
        WITH_FIXTURE(a_state_whose_digest_is_lost_is_missed),
        WITH_FIXTURE(another_optimizer_is_refused_with_both_lists),
        WITH_FIXTURE(what_cannot_be_a_state_is_not_written),
        WITH_FIXTURE(every_part_is_tied_by_the_digests),
        WITH_FIXTURE(a_digest_of_a_model_without_classes_is_refused),
        WITH_FIXTURE(a_digest_of_a_model_without_whole_channels_is_refused),
        WITH_FIXTURE(gaps_between_tensors_are_not_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
