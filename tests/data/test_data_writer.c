/* Data files written row by row, and what a survey finds in them. */

#include "vit/data_writer.h"

#include "check.h"
#include "folder.h"
#include "vit/data_survey.h"
#include "vit/file.h"
#include "vit/statistics.h"

enum { HEIGHT = 5, WIDTH = 7, BYTES = HEIGHT * WIDTH, CLASSES = 3, MOST = 400 };

static char names[] = "ant\0bee\0cow";
static const DataOrigin origin = {.source = "a test"};

static DataOutline outline(size_t train, size_t test, size_t validation) {
    return (DataOutline){.picture = {HEIGHT, WIDTH, 1},
                         .most = {train, test, validation},
                         .names = {CLASSES, 4, names}};
}

static void make_rows(size_t first, size_t count, uint8_t *images, uint16_t *labels) {
    for (size_t i = 0; i < count * BYTES; i++)
        images[i] = (uint8_t)(((first * BYTES + i) * 2654435761u) >> 13);
    for (size_t i = 0; i < count; i++)
        labels[i] = (uint16_t)((first + i) % 2 ? 2 : 0);
}

/* `count` rows, `step` at a time. */
static void add(DataWriter *writer, DataSplit split, size_t count, size_t step) {
    static uint8_t images[MOST * BYTES];
    static uint16_t labels[MOST];
    for (size_t first = 0; first < count; first += step) {
        const size_t now = count - first < step ? count - first : step;
        make_rows(first + 1000 * split, now, images, labels);
        assert_ok(data_writer_add(writer, split, now, images, labels, NULL));
    }
}

static void write_file(DataOutline what, const size_t rows[static SPLIT_COUNT], size_t step) {
    DataWriter *writer;
    assert_ok(data_writer_open(&writer, "a.h5", &what));
    for (DataSplit split = 0; split < SPLIT_COUNT; split++)
        add(writer, split, rows[split], step);
    assert_ok(data_writer_finish(writer, &origin));
    data_writer_free(writer);
    assert_false(file_exists("a.h5.tmp"));
}

/* However many rows come at once, and however many more were announced. */
static void the_same_rows_make_the_same_file(void **state) {
    (void)state;
    static const size_t rows[] = {200, 31, 17},
                        most[][3] = {{200, 31, 17}, {201, 100, 18}, {400, 31, 400}};
    DataSurvey first, other;
    write_file(outline(200, 31, 17), rows, 200);
    assert_ok(data_survey("a.h5", &first));
    assert_string_equal(first.content_sha256, first.header.content_sha256);
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        write_file(outline(most[i][0], most[i][1], most[i][2]), rows, 1 + 36 * i);
        assert_ok(data_survey("a.h5", &other));
        assert_memory_equal(other.header.images, rows, sizeof rows);
        assert_string_equal(other.content_sha256, first.content_sha256);
        assert_memory_equal(other.header.mean, first.header.mean, sizeof first.header.mean);
        data_survey_free(&other);
    }
    data_survey_free(&first);
}

static void a_survey_counts_the_images_of_each_class(void **state) {
    (void)state;
    static const size_t rows[] = {9, 4, 2};
    DataSurvey survey;
    write_file(outline(9, 4, 2), rows, 5);
    assert_ok(data_survey("a.h5", &survey));
    assert_memory_equal(survey.images[SPLIT_TRAIN], ((size_t[]){5, 0, 4}), 3 * sizeof(size_t));
    assert_memory_equal(survey.images[SPLIT_TEST], ((size_t[]){2, 0, 2}), 3 * sizeof(size_t));
    assert_memory_equal(survey.images[SPLIT_VALIDATION], ((size_t[]){1, 0, 1}), 3 * sizeof(size_t));
    data_survey_free(&survey);
}

/* The order of the digest is that of the splits, and a validation split is another content. */
static void a_validation_split_is_part_of_the_content(void **state) {
    (void)state;
    static const size_t with[] = {9, 4, 2}, without[] = {9, 4, 0};
    DataSurvey one, other;
    write_file(outline(9, 4, 2), with, 9);
    assert_ok(data_survey("a.h5", &one));
    write_file(outline(9, 4, 2), without, 9);
    assert_ok(data_survey("a.h5", &other));
    assert_int_equal(one.header.images[SPLIT_VALIDATION], 2);
    assert_int_equal(other.header.images[SPLIT_VALIDATION], 0);
    assert_string_not_equal(one.content_sha256, other.content_sha256);
    data_survey_free(&one);
    data_survey_free(&other);
}

static void what_is_not_finished_leaves_nothing(void **state) {
    (void)state;
    DataWriter *writer;
    const DataOutline what = outline(4, 4, 0), wrong = {.picture = {5, 0, 1}};
    uint8_t images[2 * BYTES];
    uint16_t labels[] = {0, 3};
    assert_ok(data_writer_open(&writer, "a.h5", &what));
    add(writer, SPLIT_TRAIN, 4, 4);
    data_writer_free(writer);
    assert_int_equal(data_writer_open(&writer, "a.h5", &wrong), STATUS_DATA);
    data_writer_free(writer);
    assert_ok(data_writer_open(&writer, "a.h5", &what));
    make_rows(0, 2, images, (uint16_t[2]){0});
    assert_int_equal(data_writer_add(writer, SPLIT_TRAIN, 2, images, labels, NULL), STATUS_DATA);
    assert_non_null(strstr(status_message(), "/train/labels: row 1 has label 3"));
    data_writer_free(writer);
    /* No training images. */
    assert_ok(data_writer_open(&writer, "a.h5", &what));
    add(writer, SPLIT_TEST, 4, 4);
    assert_int_equal(data_writer_finish(writer, &origin), STATUS_DATA);
    data_writer_free(writer);
    /* More than was announced, and a split that is over. */
    assert_ok(data_writer_open(&writer, "a.h5", &what));
    add(writer, SPLIT_TEST, 4, 4);
    labels[1] = 0;
    assert_int_equal(data_writer_add(writer, SPLIT_TEST, 1, images, labels, NULL), STATUS_INTERNAL);
    assert_int_equal(data_writer_add(writer, SPLIT_TRAIN, 1, images, labels, NULL),
                     STATUS_INTERNAL);
    data_writer_free(writer);
    assert_false(file_exists("a.h5"));
    assert_false(file_exists("a.h5.tmp"));
}

/* ---- statistics ---- */

/* Of pixels 10 and 30: mean 20, variance 100. */
static Status check(double mean, double variance, bool *same) {
    const uint8_t images[] = {10, 30, 30, 10};
    const Picture picture = {2, 2, 1};
    const DataHeader header = {
        .picture = picture, .has_statistics = true, .mean = {mean}, .variance = {variance}};
    Moments moments = {0};
    moments_add(&moments, picture, images, 1);
    return statistics_check("a.h5", &header, &moments, same);
}

static void statistics_belong_to_their_images(void **state) {
    (void)state;
    bool same;
    assert_ok(check(20, 100, &same));
    assert_true(same);
    assert_ok(check(20.05, 100.5, &same)); /* rounded */
    assert_true(same);
    assert_ok(check(25, 100, &same)); /* others that may be meant */
    assert_false(same);
    assert_ok(check(20, 250, &same));
    assert_false(same);
    assert_int_equal(check(20, 10, &same), STATUS_DATA); /* its standard deviation */
    assert_int_equal(check(20.0 / 255, 100.0 / 255 / 255, &same), STATUS_DATA);
    assert_int_equal(check(20.0 / 255, 100, &same), STATUS_DATA);
    assert_int_equal(check(20, 401, &same), STATUS_DATA);
    assert_non_null(strstr(status_message(), "whose means are 20.0000 and variances 100.0000"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(the_same_rows_make_the_same_file),
        test_in_folder(a_survey_counts_the_images_of_each_class),
        test_in_folder(a_validation_split_is_part_of_the_content),
        test_in_folder(what_is_not_finished_leaves_nothing),
        test_in_folder(statistics_belong_to_their_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
