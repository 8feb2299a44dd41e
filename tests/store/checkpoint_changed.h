#ifndef VIT_TEST_CHECKPOINT_CHANGED_H
#define VIT_TEST_CHECKPOINT_CHANGED_H

#include "store/checkpoint_fixture.h"
#include "vit/h5.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* For cmocka tests that write the fixture's checkpoint, change the file, and look at what its
 * reader says. */

static inline int setup(void **state) {
    static Fixture fixture;
    *state = &fixture;
    return fixture_init(&fixture) == STATUS_OK ? 0 : -1;
}

static inline int teardown(void **state) {
    fixture_free(*state);
    return 0;
}

static inline void write_as(Fixture *f, const char *name, char path[static 1024]) {
    scratch_path(f->folder, name, path);
    assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_OK);
}

static inline hid_t open_for_changes(const char *path) {
    const hid_t file = H5Fopen(path, H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(file >= 0);
    return file;
}

/* `expected` is part of the message. */
static inline void assert_refused(const char *path, const ParameterTable *table, bool moments,
                                  const char *expected) {
    Checkpoint read;
    assert_int_equal(fixture_read(path, table, moments, &read), STATUS_DATA);
    if (!strstr(status_message(), expected))
        fail_msg("'%s' is not in '%s'", expected, status_message());
    fixture_free_read(&read);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
