/* Structures as attributes, as three versions of a format have them. */

#include "fields.h"

#include "h5_found.h"
#include "store/scratch.h"
#include "vit/h5.h"
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct Ship {
    uint64_t masts;
    char name[16];
    double draught_m; /* since 2 */
    bool armed;       /* since 3 */
} Ship;

static const Field ship_field[] = {
    FIELD("/hull", "masts", FIELD_COUNT, Ship, masts, 1),
    FIELD("/papers", "name", FIELD_TEXT, Ship, name, 1),
    FIELD("/hull", "draught_m", FIELD_REAL, Ship, draught_m, 2),
    FIELD("/papers", "armed", FIELD_FLAG, Ship, armed, 3),
};
static const Fields ship_fields = {sizeof ship_field / sizeof *ship_field, ship_field};

static const Ship written = {.masts = 3, .name = "Beagle", .draught_m = 3.8, .armed = true};
/* What is in a structure before it is read. */
static const Ship unread = {.masts = 99, .name = "Unread", .draught_m = -1, .armed = false};

static hid_t file;
static char *folder;

static int make_file(void **state) {
    char path[1024];
    (void)state;
    folder = scratch_make();
    scratch_path(folder, "ship.h5", path);
    return h5_create(path, &file) == STATUS_OK && h5_make_group(file, "/hull") == STATUS_OK &&
                   h5_make_group(file, "/papers") == STATUS_OK
               ? 0
               : -1;
}

static int remove_file(void **state) {
    (void)state;
    h5_close(file);
    scratch_remove(folder);
    return 0;
}

static void each_version_has_its_fields(void **state) {
    (void)state;
    for (uint64_t version = 3; version >= 1; version--) {
        remove_file(NULL);
        assert_int_equal(make_file(NULL), 0);
        assert_int_equal(fields_write(file, &ship_fields, version, &written), STATUS_OK);
        assert_true(h5_has_attribute(file, "/hull", "masts"));
        assert_true(h5_has_attribute(file, "/papers", "name"));
        assert_int_equal(h5_has_attribute(file, "/hull", "draught_m"), version >= 2);
        assert_int_equal(h5_has_attribute(file, "/papers", "armed"), version >= 3);
    }
}

static void what_an_older_file_lacks_is_left_as_it_was(void **state) {
    (void)state;
    assert_int_equal(fields_write(file, &ship_fields, 3, &written), STATUS_OK);
    for (uint64_t version = 1; version <= 3; version++) {
        Ship read = unread;
        assert_int_equal(fields_read(file, "ship.h5", &ship_fields, version, &read), STATUS_OK);
        assert_int_equal(read.masts, 3);
        assert_string_equal(read.name, "Beagle");
        assert_true(read.draught_m == (version >= 2 ? 3.8 : -1));
        assert_int_equal(read.armed, version >= 3);
    }
}

static void what_the_version_should_have_is_missing(void **state) {
    (void)state;
    Ship read = unread;
    assert_int_equal(fields_write(file, &ship_fields, 1, &written), STATUS_OK);
    assert_int_equal(fields_read(file, "ship.h5", &ship_fields, 1, &read), STATUS_OK);
    assert_int_equal(fields_read(file, "ship.h5", &ship_fields, 2, &read), STATUS_DATA);
    assert_non_null(strstr(status_message(), "/hull @draught_m"));
}

static void other_types_and_long_texts_are_refused(void **state) {
    (void)state;
    Ship read = unread;
    assert_int_equal(fields_write(file, &ship_fields, 3, &written), STATUS_OK);
    assert_int_equal(h5_set_text(file, "/papers", "name", "A name of 16 by."), STATUS_OK);
    assert_int_equal(fields_read(file, "ship.h5", &ship_fields, 3, &read), STATUS_DATA);
    assert_non_null(strstr(status_message(), "ship.h5: /papers @name: is longer than 15 bytes"));
    assert_int_equal(h5_set_text(file, "/papers", "name", "A name of 15 b."), STATUS_OK);
    assert_int_equal(fields_read(file, "ship.h5", &ship_fields, 3, &read), STATUS_OK);
    assert_int_equal(h5_set_text(file, "/papers", "armed", "yes"), STATUS_OK);
    assert_int_equal(fields_read(file, "ship.h5", &ship_fields, 3, &read), STATUS_DATA);
}

static void digest_of(uint64_t version, const Ship *ship, char text[static DIGEST_TEXT]) {
    Digest digest;
    assert_int_equal(digest_init(&digest), STATUS_OK);
    fields_digest(&ship_fields, version, ship, &digest);
    assert_int_equal(digest_finish(&digest, text), STATUS_OK);
}

/* Ends with the same bytes, put down by hand. */
static void the_digest_is_of_the_bytes_that_it_says(void **state) {
    (void)state;
    char found[DIGEST_TEXT], expected[DIGEST_TEXT];
    const unsigned char number[] = {3, 0, 0, 0, 0, 0, 0, 0}, flag[] = {1};
    const double draught_m = 3.8;
    Digest digest;
    assert_int_equal(digest_init(&digest), STATUS_OK);
    digest_add(&digest, number, sizeof number);
    digest_add(&digest, "Beagle", 7);
    digest_add(&digest, &draught_m, 8);
    digest_add(&digest, flag, 1);
    assert_int_equal(digest_finish(&digest, expected), STATUS_OK);
    digest_of(3, &written, found);
    assert_string_equal(found, expected);
}

static void the_digest_covers_what_the_version_has(void **state) {
    (void)state;
    char one[DIGEST_TEXT], other[DIGEST_TEXT];
    for (uint64_t version = 1; version <= 3; version++) {
        Ship changed[3] = {written, written, written};
        changed[0].name[15] = 'x'; /* behind the text: nothing */
        changed[1].draught_m = 4;
        changed[2].armed = false;
        digest_of(version, &written, one);
        for (uint64_t i = 0; i < 3; i++) {
            digest_of(version, &changed[i], other);
            assert_int_equal(strcmp(one, other) != 0, i > 0 && i < version);
        }
        Ship renamed = written;
        renamed.name[5] = '\0';
        digest_of(version, &renamed, other);
        assert_string_not_equal(one, other);
    }
}

int main(void) {
#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, make_file, remove_file)
    const struct CMUnitTest tests[] = {
        WITH_FILE(each_version_has_its_fields),
        WITH_FILE(what_an_older_file_lacks_is_left_as_it_was),
        WITH_FILE(what_the_version_should_have_is_missing),
        WITH_FILE(other_types_and_long_texts_are_refused),
        cmocka_unit_test(the_digest_is_of_the_bytes_that_it_says),
        cmocka_unit_test(the_digest_covers_what_the_version_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
