/* Rows as datasets, as three versions of a format have them. */

#include "columns.h"

#include "h5_found.h"
#include "store/scratch.h"
#include "vit/h5.h"
#include "vit/memory.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct Tide {
    uint64_t hour;
    double level_m;
    double wind_m_s; /* since 2 */
    uint64_t boats;  /* since 3 */
} Tide;

static const Column tide_column[] = {
    {"hour", offsetof(Tide, hour), true, 1},
    {"level_m", offsetof(Tide, level_m), false, 1},
    {"wind_m_s", offsetof(Tide, wind_m_s), false, 2},
    {"boats", offsetof(Tide, boats), true, 3},
};
static const Columns tide_columns = {"tide", sizeof tide_column / sizeof *tide_column, sizeof(Tide),
                                     tide_column};

static const Tide written[] = {{1, 0.5, 7, 12}, {2, NAN, 8, 13}, {3, 2.5, -9, UINT64_MAX}};
enum { ROWS = sizeof written / sizeof *written };

static hid_t file;
static char *folder;

static int make_file(void **state) {
    char path[1024];
    (void)state;
    folder = scratch_make();
    scratch_path(folder, "tides.h5", path);
    return h5_create(path, &file) == STATUS_OK ? 0 : -1;
}

static int remove_file(void **state) {
    (void)state;
    h5_close(file);
    scratch_remove(folder);
    return 0;
}

static void write_version(uint64_t version) {
    assert_int_equal(columns_write(file, "/log", &tide_columns, version, written, ROWS), STATUS_OK);
}

static void each_version_has_its_columns(void **state) {
    (void)state;
    write_version(1);
    assert_true(h5_exists(file, "/log/tide/hour") && h5_exists(file, "/log/tide/level_m"));
    assert_false(h5_exists(file, "/log/tide/wind_m_s"));
    assert_false(h5_exists(file, "/log/tide/boats"));
    assert_int_equal(columns_write(file, "/new", &tide_columns, 2, written, ROWS), STATUS_OK);
    assert_true(h5_exists(file, "/new/tide/wind_m_s"));
    assert_false(h5_exists(file, "/new/tide/boats"));
}

static void what_an_older_file_lacks_is_unknown_or_none(void **state) {
    (void)state;
    write_version(3);
    for (uint64_t version = 1; version <= 3; version++) {
        void *rows;
        size_t count;
        assert_int_equal(columns_read(file, "/log", &tide_columns, version, &rows, &count),
                         STATUS_OK);
        assert_int_equal(count, ROWS);
        for (size_t i = 0; i < ROWS; i++) {
            Tide expected = written[i];
            if (version < 2)
                expected.wind_m_s = NAN;
            if (version < 3)
                expected.boats = 0;
            assert_memory_equal((Tide *)rows + i, &expected, sizeof expected);
        }
        memory_free(rows);
    }
}

static void what_the_version_should_have_is_missing(void **state) {
    (void)state;
    void *rows;
    size_t count;
    write_version(2);
    assert_int_equal(columns_read(file, "/log", &tide_columns, 3, &rows, &count), STATUS_DATA);
    assert_non_null(strstr(status_message(), "/log/tide/boats"));
    assert_null(rows);
    assert_int_equal(count, 0);
}

/* Its length would be that of the array. */
static void a_first_column_that_is_a_single_number_is_refused(void **state) {
    (void)state;
    void *rows;
    size_t count;
    write_version(1);
    assert_true(H5Ldelete(file, "/log/tide/hour", H5P_DEFAULT) >= 0);
    const hid_t space = H5Screate(H5S_SCALAR);
    const hid_t hour = H5Dcreate2(file, "/log/tide/hour", H5T_STD_U64LE, space, H5P_DEFAULT,
                                  H5P_DEFAULT, H5P_DEFAULT);
    assert_true(hour >= 0 && H5Dclose(hour) >= 0 && H5Sclose(space) >= 0);
    assert_int_equal(columns_read(file, "/log", &tide_columns, 1, &rows, &count), STATUS_DATA);
    assert_null(rows);
}

static void no_rows_round_trip(void **state) {
    (void)state;
    void *rows;
    size_t count = 9;
    assert_int_equal(columns_write(file, "/log", &tide_columns, 3, NULL, 0), STATUS_OK);
    assert_int_equal(columns_read(file, "/log", &tide_columns, 3, &rows, &count), STATUS_OK);
    assert_int_equal(count, 0);
    memory_free(rows);
}

static void digest_of(uint64_t version, const Tide *rows, size_t count,
                      char text[static DIGEST_TEXT]) {
    Digest digest;
    assert_int_equal(digest_init(&digest), STATUS_OK);
    columns_digest(&tide_columns, version, rows, count, &digest);
    assert_int_equal(digest_finish(&digest, text), STATUS_OK);
}

/* Of a version that has all members the digest is that of the array. */
static void the_digest_is_of_the_bytes_that_it_says(void **state) {
    (void)state;
    char found[DIGEST_TEXT], expected[DIGEST_TEXT];
    const unsigned char number[] = {ROWS, 0, 0, 0, 0, 0, 0, 0};
    Digest digest;
    assert_int_equal(digest_init(&digest), STATUS_OK);
    digest_add(&digest, number, sizeof number);
    digest_add(&digest, written, sizeof written);
    assert_int_equal(digest_finish(&digest, expected), STATUS_OK);
    digest_of(3, written, ROWS, found);
    assert_string_equal(found, expected);
}

static void the_digest_covers_what_the_version_has(void **state) {
    (void)state;
    char one[DIGEST_TEXT], other[DIGEST_TEXT];
    for (uint64_t version = 1; version <= 3; version++) {
        Tide changed[3][ROWS];
        for (size_t i = 0; i < 3; i++)
            memcpy(changed[i], written, sizeof written);
        changed[0][1].hour = 9;
        changed[1][1].wind_m_s = 9;
        changed[2][1].boats = 9;
        digest_of(version, written, ROWS, one);
        for (uint64_t i = 0; i < 3; i++) {
            digest_of(version, changed[i], ROWS, other);
            assert_int_equal(strcmp(one, other) != 0, i < version);
        }
        digest_of(version, written, ROWS - 1, other);
        assert_string_not_equal(one, other);
    }
}

int main(void) {
#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, make_file, remove_file)
    const struct CMUnitTest tests[] = {
        WITH_FILE(each_version_has_its_columns),
        WITH_FILE(what_an_older_file_lacks_is_unknown_or_none),
        WITH_FILE(what_the_version_should_have_is_missing),
        WITH_FILE(a_first_column_that_is_a_single_number_is_refused),
        WITH_FILE(no_rows_round_trip),
        cmocka_unit_test(the_digest_is_of_the_bytes_that_it_says),
        cmocka_unit_test(the_digest_covers_what_the_version_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
