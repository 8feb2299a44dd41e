/* Checkpoints of other programs: older ones are read, newer ones refused by their versions. */

#include "checkpoint_header.h"
#include "store/checkpoint_changed.h"
#include "vit/format.h"
#include "vit/h5.h"
#include "vit/version.h"

static void assert_refused_as_newer(const char *path, const ParameterTable *table,
                                    const char *expected) {
    char digest[DIGEST_TEXT], *text;
    assert_refused(path, table, true, expected);
    assert_refused(path, table, false, "vit_mpi 9.8.7");
    assert_refused(path, table, false, version_text);
    assert_int_equal(checkpoint_read_job(path, &text), STATUS_DATA);
    assert_null(text);
    assert_int_equal(checkpoint_digest(path, digest), STATUS_DATA);
    assert_int_equal(checkpoint_check_version(path), STATUS_DATA);
    assert_non_null(strstr(status_message(), expected));
}

static void a_later_format_is_refused_with_both_versions(void **state) {
    Fixture *f = *state;
    char path[1024], expected[64];
    write_as(f, "last.h5", path);
    assert_int_equal(checkpoint_check_version(path), STATUS_OK);
    hid_t file = open_for_changes(path);
    assert_int_equal(h5_set_count(file, "/", "format_version", FORMAT_VERSION + 1), STATUS_OK);
    assert_int_equal(h5_set_text(file, "/build", "version", "9.8.7"), STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    snprintf(expected, sizeof expected, "in format version %d;", FORMAT_VERSION + 1);
    assert_refused_as_newer(path, &f->table, expected);
    snprintf(expected, sizeof expected, "which reads versions up to %d:", FORMAT_VERSION);
    assert_refused_as_newer(path, &f->table, expected);

    /* Wherever it may keep its own version. */
    file = open_for_changes(path);
    assert_true(H5Ldelete(file, "/build", H5P_DEFAULT) >= 0);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_refused(path, &f->table, true, "of an unknown version");
}

/* As a program does that knows more keys. */
static void replace_job(const char *path, const char *text) {
    hid_t file;
    CheckpointHeader header;
    bool newer;
    assert_int_equal(h5_open(path, &file), STATUS_OK);
    assert_int_equal(checkpoint_header_read(file, path, &header, &newer), STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    memory_free(header.job_text);
    header.job_text = (char *)text;
    snprintf(header.build.version, sizeof header.build.version, "9.8.7");
    assert_int_equal(checkpoint_header_digest(&header, header.sha256), STATUS_OK);
    file = open_for_changes(path);
    assert_int_equal(h5_set_text(file, "/job", "text", text), STATUS_OK);
    assert_int_equal(h5_set_text(file, "/build", "version", "9.8.7"), STATUS_OK);
    assert_int_equal(h5_set_text(file, "/", "state_sha256", header.sha256), STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    header.job_text = NULL;
    checkpoint_header_free(&header);
}

static void an_unknown_key_in_its_job_is_refused_with_both_versions(void **state) {
    Fixture *f = *state;
    char path[1024];
    write_as(f, "last.h5", path);
    replace_job(path, "[model]\ndim = 12\nmlp = 12\nflavour = 3\n");
    assert_refused_as_newer(path, &f->table, "[model] flavour");
}

/* So a key that is added needs the default that gives what was done before. */
static void a_key_that_its_job_lacks_has_its_default(void **state) {
    Fixture *f = *state;
    char path[1024], *text;
    Job job, preset;
    write_as(f, "last.h5", path);
    replace_job(path, "[job]\nseed = 9\n");
    assert_int_equal(checkpoint_check_version(path), STATUS_OK);
    assert_int_equal(checkpoint_read_job(path, &text), STATUS_OK);
    assert_int_equal(job_parse(&job, path, text, 0, NULL), STATUS_OK);
    assert_int_equal(job_parse(&preset, path, "", 0, NULL), STATUS_OK);
    assert_int_equal(job.seed, 9);
    assert_int_equal(job.batch_size, preset.batch_size);
    memory_free(text);
}

static void damage_is_no_matter_of_versions(void **state) {
    Fixture *f = *state;
    char path[1024];
    scratch_path(f->folder, "nowhere.h5", path);
    assert_int_equal(checkpoint_check_version(path), STATUS_IO);
    write_as(f, "last.h5", path);
    hid_t file = open_for_changes(path);
    assert_int_equal(h5_set_text(file, "/job", "text", "[model]\nflavour = 3\n"), STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_refused(path, &f->table, true, "is damaged");
    assert_int_equal(checkpoint_check_version(path), STATUS_OK);
    write_as(f, "last.h5", path);
    file = open_for_changes(path);
    assert_int_equal(h5_set_count(file, "/", "format_version", 0), STATUS_OK);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_refused(path, &f->table, true, "is damaged: it has format version 0");
    assert_int_equal(checkpoint_check_version(path), STATUS_OK);
}

static void a_missing_field_is_damage(void **state) {
    Fixture *f = *state;
    char path[1024];
    write_as(f, "last.h5", path);
    hid_t file = open_for_changes(path);
    assert_true(H5Adelete_by_name(file, "/progress", "hits", H5P_DEFAULT) >= 0);
    assert_int_equal(h5_close(file), STATUS_OK);
    assert_refused(path, &f->table, true, "/progress @hits: is missing");
    assert_int_equal(checkpoint_check_version(path), STATUS_OK);
}

/* ---- release 0.1.0 ---- */

/* What old.sh asks of whole programs. The numbers are those of its job: 4 steps an epoch over 48 of
 * 60 images in batches of 12, of which the run took 6. */
static void the_first_release_is_read(void **state) {
    (void)state;
    const char *path = OLD_CHECKPOINT;
    char *text, found[DIGEST_TEXT], expected[DIGEST_TEXT];
    Job job;
    ParameterTable table;
    Checkpoint read;
    assert_int_equal(checkpoint_check_version(path), STATUS_OK);
    assert_int_equal(checkpoint_read_job(path, &text), STATUS_OK);
    assert_int_equal(job_parse(&job, path, text, 0, NULL), STATUS_OK);
    memory_free(text);
    assert_string_equal(job.name, "old");
    assert_int_equal(job.max_steps, 6);
    const ModelShape shape = model_shape(&job, 3, 3);
    assert_int_equal(parameter_table_init(&table, &shape), STATUS_OK);
    assert_int_equal(fixture_read(path, &table, true, &read), STATUS_OK);
    assert_string_equal(read.build.version, "0.1.0");
    assert_int_equal(read.progress.step, 6);
    assert_int_equal(read.progress.adam_step, 6);
    assert_int_equal(read.progress.epoch, 1);
    assert_int_equal(read.progress.position, 24);
    assert_true(read.progress.finished);
    assert_string_equal(read.progress.start_sha256, "");
    assert_int_equal(read.history->epochs, 2);
    assert_int_equal(read.history->steps, 6);
    assert_int_equal(checkpoint_digest(path, found), STATUS_OK);
    assert_int_equal(parameter_digest(&table, read.weights, expected), STATUS_OK);
    assert_string_equal(found, expected);
    fixture_free_read(&read);
    parameter_table_free(&table);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(a_later_format_is_refused_with_both_versions),
        WITH_FIXTURE(an_unknown_key_in_its_job_is_refused_with_both_versions),
        WITH_FIXTURE(a_key_that_its_job_lacks_has_its_default),
        WITH_FIXTURE(damage_is_no_matter_of_versions),
        WITH_FIXTURE(a_missing_field_is_damage),
        cmocka_unit_test(the_first_release_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
