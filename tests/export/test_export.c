/* Models written for others and read back: every weight is there, what does not fit is refused by
 * its keys, and what cannot be written leaves what was there. */

#include "export.h"

#include "export/trained.h"
#include "export_advice.h"
#include "folder.h"
#include "vit/digest.h"
#include "vit/file.h"
#include "vit/safetensors.h"
#include "vit/version.h"
#include <sys/stat.h>

/* All tensors of a file that has these names, in our order, as a digest. */
static void digest_of_file(const char *path, const TrainedModel *model, TensorNames names,
                           char text[static DIGEST_TEXT]) {
    Safetensors file;
    TensorMap map;
    float *weights = test_array(model->table.floats, sizeof *weights);
    assert_ok(safetensors_open(&file, path));
    assert_ok(tensor_map_init(&map, names, &model->shape, &model->table));
    assert_int_equal(file.count, map.count);
    for (size_t i = 0; i < map.count; i++) {
        const SafetensorsTensor *tensor = safetensors_find(&file, map.tensor[i].name);
        assert_non_null(tensor);
        assert_int_equal(tensor->axes, map.tensor[i].axes);
        for (size_t k = 0; k < tensor->axes; k++)
            assert_int_equal(tensor->shape[k], map.tensor[i].shape[k]);
        float *values = test_array(tensor->count, sizeof *values);
        assert_ok(safetensors_read(&file, tensor, values));
        tensor_map_take(&map.tensor[i], &model->table, values, weights);
        memory_free(values);
    }
    assert_ok(parameter_digest(&model->table, weights, text));
    tensor_map_free(&map);
    safetensors_close(&file);
    memory_free(weights);
}

static void check_digest(const char *override, TensorNames names) {
    char there[DIGEST_TEXT], back[DIGEST_TEXT];
    TrainedModel model = trained(override);
    const ExportWish wish = {"w.safetensors", EXPORT_SAFETENSORS, names};
    assert_ok(export_write(&model, &wish));
    assert_ok(checkpoint_digest(TRAINED_FILE, there));
    digest_of_file("w.safetensors", &model, names, back);
    assert_string_equal(back, there);
    trained_model_free(&model);
}

static void the_weights_are_those_of_the_checkpoint(void **state) {
    (void)state;
    check_digest("model.pool=class", TENSOR_NAMES_OWN);
    check_digest("model.pool=class", TENSOR_NAMES_TIMM);
    check_digest("model.pool=class", TENSOR_NAMES_HUGGING_FACE);
    check_digest("model.pool=mean", TENSOR_NAMES_TIMM);
    check_digest("model.tokenizer=convolution", TENSOR_NAMES_OWN);
}

static void averaged_weights_come_before_the_trained_ones(void **state) {
    (void)state;
    char trained_ones[DIGEST_TEXT], averaged[DIGEST_TEXT], back[DIGEST_TEXT];
    TrainedModel model;
    trained_write("model.pool=mean", true);
    assert_ok(trained_model_read(&model, TRAINED_FILE));
    const ExportWish wish = {"w.safetensors", EXPORT_SAFETENSORS, TENSOR_NAMES_OWN};
    assert_ok(export_write(&model, &wish));
    float *other = test_array(model.table.floats, sizeof *other);
    parameter_initialize(&model.table, 6, other);
    assert_ok(parameter_digest(&model.table, other, averaged));
    assert_ok(checkpoint_digest(TRAINED_FILE, trained_ones));
    digest_of_file("w.safetensors", &model, TENSOR_NAMES_OWN, back);
    assert_string_equal(back, averaged);
    assert_string_not_equal(back, trained_ones);
    memory_free(other);
    trained_model_free(&model);
}

static void a_file_tells_what_it_is(void **state) {
    (void)state;
    Safetensors file;
    TrainedModel model = trained("model.pool=mean");
    assert_ok(export_write(&model,
                           &(ExportWish){"w.safetensors", EXPORT_SAFETENSORS, TENSOR_NAMES_TIMM}));
    assert_ok(safetensors_open(&file, "w.safetensors"));
    assert_string_equal(safetensors_note(&file, "format"), "pt");
    assert_string_equal(safetensors_note(&file, "vit_mpi.version"), version_text);
    assert_string_equal(safetensors_note(&file, "vit_mpi.job"), model.job_text);
    assert_string_equal(safetensors_note(&file, "vit_mpi.classes"),
                        "[\"ant\",\"bee\",\"cow\",\"dog\"]");
    double mean[3], deviation[3];
    const char *means = safetensors_note(&file, "vit_mpi.mean");
    const char *deviations = safetensors_note(&file, "vit_mpi.std");
    assert_int_equal(sscanf(means, "[%lf,%lf,%lf]", &mean[0], &mean[1], &mean[2]), 3);
    assert_int_equal(
        sscanf(deviations, "[%lf,%lf,%lf]", &deviation[0], &deviation[1], &deviation[2]), 3);
    /* 51 of 255; the root of 65.025^2, of 255 */
    assert_true(fabs(mean[0] - 0.2) < 1e-15 && fabs(mean[2] - 0.5) < 1e-15);
    assert_true(fabs(deviation[0] - 0.255) < 1e-15 && fabs(deviation[2] - 0.1) < 1e-15);
    safetensors_close(&file);
    trained_model_free(&model);
}

/* As of a job file in Latin-1. */
static void a_job_that_is_no_utf8_comes_through(void **state) {
    (void)state;
    static const char job[] = "[job]\nname = caf\351\n", said[] = "[job]\nname = caf\303\251\n";
    Safetensors file;
    TrainedModel model = trained("model.pool=class");
    memory_free(model.job_text);
    model.job_text = test_array(sizeof job, 1);
    memcpy(model.job_text, job, sizeof job);
    assert_ok(
        export_write(&model, &(ExportWish){"w.safetensors", EXPORT_SAFETENSORS, TENSOR_NAMES_OWN}));
    assert_ok(safetensors_open(&file, "w.safetensors"));
    assert_string_equal(safetensors_note(&file, "vit_mpi.job"), said);
    safetensors_close(&file);
    trained_model_free(&model);
}

/* ---- what does not fit ---- */

static void check_refusal(const TrainedModel *model, ExportWish wish, const char *const *said,
                          size_t count) {
    assert_int_equal(export_write(model, &wish), STATUS_DATA);
    for (size_t i = 0; i < count; i++)
        if (!strstr(status_message(), said[i]))
            fail_msg("'%s' is not in: %s", said[i], status_message());
    assert_false(file_exists(wish.out));
}

static void what_does_not_fit_is_refused_before_anything_is_written(void **state) {
    (void)state;
    static const char *const timm[] = {"heads * key_dim = dim", "ONNX", "own names"};
    static const char *const hugging[] = {"pool = class", "--for timm"};
    TrainedModel model = trained("model.heads=2");
    check_refusal(&model, (ExportWish){"out", EXPORT_FOLDER, TENSOR_NAMES_TIMM}, timm, 3);
    check_refusal(&model, (ExportWish){"w.safetensors", EXPORT_SAFETENSORS, TENSOR_NAMES_TIMM},
                  timm, 3);
    trained_model_free(&model);
    model = trained("model.pool=mean");
    check_refusal(&model, (ExportWish){"out", EXPORT_FOLDER, TENSOR_NAMES_HUGGING_FACE}, hugging,
                  2);
    trained_model_free(&model);
}

/* A checkpoint of an older release. */
static void without_its_data_a_model_is_weights_alone(void **state) {
    (void)state;
    static const char *const said[] = {"normalized", "config.json",
                                       "OUT.safetensors with --for timm"};
    Safetensors file;
    TrainedModel model = trained("model.pool=mean");
    checkpoint_data_free(&model.data);
    check_refusal(&model, (ExportWish){"out", EXPORT_FOLDER, TENSOR_NAMES_TIMM}, said, 3);
    assert_ok(export_write(&model, &(ExportWish){"w.onnx", EXPORT_ONNX, TENSOR_NAMES_OWN}));
    assert_ok(export_write(&model,
                           &(ExportWish){"w.safetensors", EXPORT_SAFETENSORS, TENSOR_NAMES_TIMM}));
    assert_ok(safetensors_open(&file, "w.safetensors"));
    assert_non_null(safetensors_note(&file, "vit_mpi.job"));
    assert_null(safetensors_note(&file, "vit_mpi.mean"));
    safetensors_close(&file);
    trained_model_free(&model);
}

/* A checkpoint may have any numbers; the program says them. */
static void numbers_of_any_size_are_said(void **state) {
    (void)state;
    TrainedModel model = trained("model.pool=class");
    model.data.channels = CHECKPOINT_CHANNELS_MOST;
    for (size_t c = 0; c < CHECKPOINT_CHANNELS_MOST; c++) {
        model.data.mean[c] = -1.23456789e307;
        model.data.variance[c] = 1.23456789e-300;
    }
    export_advice_show(&model, &(ExportWish){"m.onnx", EXPORT_ONNX, TENSOR_NAMES_OWN});
    trained_model_free(&model);
}

/* ---- folders ---- */

static void put(const char *path, const char *text) {
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fputs(text, stream);
    fclose(stream);
}

static void check_text(const char *path, const char *wanted) {
    char text[64] = "";
    FILE *stream = fopen(path, "r");
    assert_non_null(stream);
    assert_int_equal(fread(text, 1, sizeof text - 1, stream), strlen(wanted));
    fclose(stream);
    assert_string_equal(text, wanted);
}

static void a_folder_is_made_and_its_other_files_are_left_alone(void **state) {
    (void)state;
    TrainedModel model = trained("model.pool=class");
    const ExportWish wish = {"a/b", EXPORT_FOLDER, TENSOR_NAMES_HUGGING_FACE};
    assert_ok(export_write(&model, &wish));
    put("a/b/notes", "mine");
    put("a/b/config.json", "old");
    assert_ok(export_write(&model, &wish));
    check_text("a/b/notes", "mine");
    struct stat about;
    assert_true(stat("a/b/config.json", &about) == 0 && about.st_size > 100);
    assert_true(file_exists("a/b/preprocessor_config.json"));
    char there[DIGEST_TEXT], back[DIGEST_TEXT];
    digest_of_file("a/b/model.safetensors", &model, TENSOR_NAMES_HUGGING_FACE, back);
    assert_ok(checkpoint_digest(TRAINED_FILE, there));
    assert_string_equal(back, there);
    trained_model_free(&model);
}

/* Where a folder has the name of one file, all are as they were. */
static void check_unchanged(TensorNames names, const char *in_the_way) {
    static const char *const files[] = {"a/model.safetensors", "a/config.json",
                                        "a/preprocessor_config.json"};
    char path[64];
    TrainedModel model = trained("model.pool=class");
    assert_ok(file_make_folder("a"));
    for (size_t i = 0; i < 3; i++)
        put(files[i], "old");
    snprintf(path, sizeof path, "a/%s", in_the_way);
    assert_int_equal(remove(path), 0);
    assert_ok(file_make_folder(path));
    const ExportWish wish = {"a", EXPORT_FOLDER, names};
    assert_int_equal(export_write(&model, &wish), STATUS_IO);
    assert_non_null(strstr(status_message(), in_the_way));
    for (size_t i = 0; i < 3; i++) {
        char temporary[64];
        if (strcmp(files[i], path) != 0)
            check_text(files[i], "old");
        snprintf(temporary, sizeof temporary, "%s.tmp", files[i]);
        assert_false(file_exists(temporary));
    }
    assert_int_equal(remove(path), 0);
    trained_model_free(&model);
}

static void what_cannot_be_written_changes_no_file_of_the_folder(void **state) {
    (void)state;
    check_unchanged(TENSOR_NAMES_TIMM, "model.safetensors");
    check_unchanged(TENSOR_NAMES_TIMM, "config.json");
    check_unchanged(TENSOR_NAMES_HUGGING_FACE, "preprocessor_config.json");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(the_weights_are_those_of_the_checkpoint),
        test_in_folder(averaged_weights_come_before_the_trained_ones),
        test_in_folder(a_file_tells_what_it_is),
        test_in_folder(a_job_that_is_no_utf8_comes_through),
        test_in_folder(what_does_not_fit_is_refused_before_anything_is_written),
        test_in_folder(without_its_data_a_model_is_weights_alone),
        test_in_folder(numbers_of_any_size_are_said),
        test_in_folder(a_folder_is_made_and_its_other_files_are_left_alone),
        test_in_folder(what_cannot_be_written_changes_no_file_of_the_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
