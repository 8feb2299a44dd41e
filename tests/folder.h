#ifndef VIT_TEST_FOLDER_H
#define VIT_TEST_FOLDER_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* An empty folder of a test's own, which is the current one: cmocka's set-up and tear-down. */

static char folder[512];

static inline int enter_folder(void **state) {
    (void)state;
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/vit_test_XXXXXX", base ? base : "/tmp");
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static inline int leave_folder(void **state) {
    (void)state;
    char command[sizeof folder + 16];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return chdir("/") == 0 ? system(command) : -1;
}

#define test_in_folder(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)

#endif
