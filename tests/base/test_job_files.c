#include "vit/job.h"

#include "vit/memory.h"
#include <ctype.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The job files that come with the program; VIT_SOURCE_DIR is the project's root. */

static void every_job_file_is_valid(void **state) {
    (void)state;
    glob_t found;
    assert_int_equal(glob(VIT_SOURCE_DIR "/jobs/*.ini", 0, NULL, &found), 0);
    assert_true(found.gl_pathc >= 2);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        Job job;
        char *text;
        assert_int_equal(job_read_text(found.gl_pathv[i], &text), STATUS_OK);
        if (job_parse(&job, found.gl_pathv[i], text, 0, NULL) != STATUS_OK)
            fail_msg("%s", status_message());
        memory_free(text);
    }
    globfree(&found);
}

/* In place: drops comments, blank lines and the blanks at a line's end. */
static void keep_what_counts(char *text) {
    char *to = text;
    for (char *line = text, *next; *line; line = next) {
        size_t length = strcspn(line, "\n");
        next = line + length + (line[length] == '\n');
        if (*line == '#')
            continue;
        char *comment = memchr(line, ';', length);
        if (comment)
            length = (size_t)(comment - line);
        while (length && isspace((unsigned char)line[length - 1]))
            length--;
        if (length == 0)
            continue;
        memmove(to, line, length);
        to += length;
        *to++ = '\n';
    }
    *to = '\0';
}

static void the_reference_recipe_spells_every_key_with_its_default(void **state) {
    (void)state;
    Job defaults;
    char *spelled, *expected;
    assert_int_equal(job_parse(&defaults, "jobs/cifar100.ini", "", 0, NULL), STATUS_OK);
    assert_int_equal(job_to_text(&defaults, &expected), STATUS_OK);
    assert_int_equal(job_read_text(VIT_SOURCE_DIR "/jobs/cifar100.ini", &spelled), STATUS_OK);
    keep_what_counts(spelled);
    keep_what_counts(expected);
    assert_string_equal(spelled, expected);
    memory_free(spelled);
    memory_free(expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_file_is_valid),
        cmocka_unit_test(the_reference_recipe_spells_every_key_with_its_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
