/* last.h5 and the older ones beside it, also when the writer dies or the file system refuses. The
 * calls that change the folder are wrapped by the linker (see tests.cmake). */

#include "store/checkpoint_fixture.h"
#include "vit/checkpoint_last.h"
#include "vit/output_file.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

/* HDF5 does not free what it was reading or writing when that failed. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libhdf5";
}

/* ---- faults ---- */

enum { DIE, FAIL };
enum { KILLED = 99 };

/* The call with number `at` (from 1; 0: none) dies or fails. */
static struct {
    int how, at, calls;
    int links;         /* calls of link */
    int no_links;      /* errno of every link(), as on a file system without hard links */
    const char *zeros; /* the file that the next h5_close leaves with zeros in it */
} fault;

static void set_fault(int how, int at) {
    memset(&fault, 0, sizeof fault);
    fault.how = how;
    fault.at = at;
}

static bool fails_now(void) {
    fault.calls++;
    if (fault.at == 0 || fault.calls != fault.at)
        return false;
    if (fault.how == DIE)
        _exit(KILLED);
    errno = EIO;
    return true;
}

int __real_rename(const char *from, const char *to);
int __real_link(const char *from, const char *to);
int __real_unlink(const char *path);
int __real_fsync(int descriptor);
Status __real_h5_close(hid_t file);
int __wrap_rename(const char *from, const char *to);
int __wrap_link(const char *from, const char *to);
int __wrap_unlink(const char *path);
int __wrap_fsync(int descriptor);
Status __wrap_h5_close(hid_t file);

int __wrap_rename(const char *from, const char *to) {
    return fails_now() ? -1 : __real_rename(from, to);
}

int __wrap_link(const char *from, const char *to) {
    fault.links++;
    if (fault.no_links) {
        errno = fault.no_links;
        return -1;
    }
    return fails_now() ? -1 : __real_link(from, to);
}

int __wrap_unlink(const char *path) {
    return fails_now() ? -1 : __real_unlink(path);
}

int __wrap_fsync(int descriptor) {
    return fails_now() ? -1 : __real_fsync(descriptor);
}

Status __wrap_h5_close(hid_t file) {
    Status status = __real_h5_close(file);
    if (fault.zeros)
        assert_true(scratch_zero_middle(fault.zeros));
    fault.zeros = NULL;
    return status;
}

/* ---- helpers ---- */

static int setup(void **state) {
    static Fixture fixture;
    *state = &fixture;
    set_fault(FAIL, 0);
    return fixture_init(&fixture) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state) {
    fixture_free(*state);
    return 0;
}

static Status write_last(Fixture *f, size_t keep, uint64_t step) {
    f->checkpoint.progress.step = step;
    return checkpoint_last_write(f->folder, keep, &f->checkpoint);
}

/* The step of the i-th newest checkpoint, 0 when there is none or it is damaged. */
static uint64_t step_of(Fixture *f, size_t index) {
    char path[FILE_PATH_MAX];
    assert_int_equal(output_file_last(f->folder, index, path), STATUS_OK);
    Checkpoint read;
    Status status = fixture_read(path, &f->table, true, &read);
    uint64_t step = status == STATUS_OK ? read.progress.step : 0;
    fixture_free_read(&read);
    return step;
}

static void spoil(Fixture *f, const char *name) {
    char path[1024];
    scratch_path(f->folder, name, path);
    FILE *stream = fopen(path, "w");
    assert_non_null(stream);
    fputs("left by a killed writer", stream);
    assert_int_equal(fclose(stream), 0);
}

/* ---- tests ---- */

static void older_ones_are_shifted_and_forgotten(void **state) {
    Fixture *f = *state;
    for (uint64_t step = 1; step <= 5; step++)
        assert_int_equal(write_last(f, 3, step), STATUS_OK);
    assert_int_equal(step_of(f, 0), 5);
    assert_int_equal(step_of(f, 1), 4);
    assert_int_equal(step_of(f, 2), 3);
    assert_int_equal(scratch_count(f->folder), 3);
}

static void keep_one_means_only_last(void **state) {
    Fixture *f = *state;
    for (uint64_t step = 1; step <= 3; step++)
        assert_int_equal(write_last(f, 1, step), STATUS_OK);
    assert_int_equal(fault.links, 0); /* so that it works without hard links */
    assert_int_equal(step_of(f, 0), 3);
    assert_int_equal(scratch_count(f->folder), 1);
}

static void a_smaller_keep_forgets_the_surplus(void **state) {
    Fixture *f = *state;
    for (uint64_t step = 1; step <= 5; step++)
        assert_int_equal(write_last(f, 5, step), STATUS_OK);
    assert_int_equal(write_last(f, 2, 6), STATUS_OK);
    assert_int_equal(step_of(f, 0), 6);
    assert_int_equal(step_of(f, 1), 5);
    assert_int_equal(scratch_count(f->folder), 2);
}

static void leftovers_of_killed_writers_go(void **state) {
    Fixture *f = *state;
    assert_int_equal(write_last(f, 2, 1), STATUS_OK);
    spoil(f, "last.h5.tmp");
    spoil(f, "last.1.h5.tmp");
    assert_int_equal(write_last(f, 2, 2), STATUS_OK);
    assert_int_equal(step_of(f, 0), 2);
    assert_int_equal(step_of(f, 1), 1);
    assert_int_equal(scratch_count(f->folder), 2);
    spoil(f, "last.1.h5.tmp");
    assert_int_equal(write_last(f, 1, 3), STATUS_OK);
    assert_int_equal(scratch_count(f->folder), 1);
}

static void a_failed_write_shifts_nothing(void **state) {
    Fixture *f = *state;
    for (uint64_t step = 1; step <= 3; step++)
        assert_int_equal(write_last(f, 3, step), STATUS_OK);
    char path[1024];
    scratch_path(f->folder, "last.h5.tmp", path);
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(write_last(f, 3, 4), STATUS_IO);
    assert_int_equal(rmdir(path), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(step_of(f, i), 3 - i);
    assert_int_equal(scratch_count(f->folder), 3);
}

static void what_does_not_read_back_never_takes_its_place(void **state) {
    Fixture *f = *state;
    char path[1024];
    scratch_path(f->folder, "last.h5.tmp", path);
    for (uint64_t step = 1; step <= 2; step++)
        assert_int_equal(write_last(f, 2, step), STATUS_OK);
    fault.zeros = path;
    assert_int_equal(write_last(f, 2, 3), STATUS_IO);
    assert_non_null(strstr(status_message(), "does not read back"));
    assert_int_equal(step_of(f, 0), 2);
    assert_int_equal(step_of(f, 1), 1);
    assert_int_equal(scratch_count(f->folder), 2);
}

static void without_hard_links_as_many_are_kept(void **state) {
    Fixture *f = *state;
    static const int refusals[] = {EPERM, EXDEV};
    uint64_t step = 0;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        fault.no_links = refusals[i];
        scratch_empty(f->folder);
        for (int writes = 0; writes < 4; writes++)
            assert_int_equal(write_last(f, 3, ++step), STATUS_OK);
        for (size_t older = 0; older < 3; older++)
            assert_int_equal(step_of(f, older), step - older);
        assert_int_equal(scratch_count(f->folder), 3);
    }
}

/* A copy that cannot be made costs the older ones, and no more. */
static void without_hard_links_and_without_room_the_newest_is_kept(void **state) {
    Fixture *f = *state;
    char path[1024];
    fault.no_links = EPERM;
    assert_int_equal(write_last(f, 3, 1), STATUS_OK);
    scratch_path(f->folder, "last.1.h5.tmp", path);
    assert_int_equal(mkdir(path, 0777), 0);
    assert_int_equal(write_last(f, 3, 2), STATUS_OK);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(step_of(f, 0), 2);
    assert_int_equal(scratch_count(f->folder), 1);
}

/* Runs one write in a child that dies at the given call. Returns whether it got through all calls.
 */
static bool write_and_die(Fixture *f, size_t keep, uint64_t step, int at) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const int no_links = fault.no_links;
        set_fault(DIE, at);
        fault.no_links = no_links;
        Status status = write_last(f, keep, step);
        _exit(status == STATUS_OK ? 0 : 1);
    }
    int result;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_true(WIFEXITED(result));
    assert_true(WEXITSTATUS(result) == 0 || WEXITSTATUS(result) == KILLED);
    return WEXITSTATUS(result) == 0;
}

/* At one call after the other. */
static void die_everywhere(Fixture *f, size_t keep) {
    scratch_empty(f->folder);
    for (uint64_t step = 1; step <= 4; step++)
        assert_int_equal(write_last(f, keep, step), STATUS_OK);
    uint64_t step = 5;
    bool through = false;
    for (int at = 1; !through; at++, step++) {
        uint64_t before = step_of(f, 0);
        through = write_and_die(f, keep, step, at);
        uint64_t after = step_of(f, 0);
        assert_true(after == step || (after == before && !through));
        size_t older = 0;
        for (size_t i = 1; i < keep; i++) {
            assert_true(step_of(f, i) < after);
            older += step_of(f, i) > 0;
        }
        assert_true(keep < 3 || older > 0);
    }
    assert_true(step > 5 + 5); /* several calls were met */
    for (uint64_t more = 0; more < keep; more++)
        assert_int_equal(write_last(f, keep, step + more), STATUS_OK);
    for (size_t i = 0; i < keep; i++)
        assert_int_equal(step_of(f, i), step + keep - 1 - i);
    assert_int_equal(scratch_count(f->folder), keep);
}

static void last_is_complete_wherever_the_writer_dies(void **state) {
    for (size_t keep = 1; keep <= 4; keep++)
        die_everywhere(*state, keep);
}

static void last_is_complete_wherever_a_writer_without_hard_links_dies(void **state) {
    fault.no_links = EPERM;
    die_everywhere(*state, 3);
}

static void last_is_complete_whichever_call_fails(void **state) {
    Fixture *f = *state;
    for (uint64_t step = 1; step <= 3; step++)
        assert_int_equal(write_last(f, 3, step), STATUS_OK);
    uint64_t step = 4;
    bool reached = true;
    for (int at = 1; reached; at++, step++) {
        uint64_t before = step_of(f, 0);
        set_fault(FAIL, at);
        Status status = write_last(f, 3, step);
        reached = fault.calls >= at;
        fault.at = 0;
        uint64_t after = step_of(f, 0);
        assert_true(status == STATUS_OK ? after == step : after == step || after == before);
    }
    assert_int_equal(write_last(f, 3, step), STATUS_OK);
    assert_int_equal(scratch_count(f->folder), 3);
}

int main(void) {
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(older_ones_are_shifted_and_forgotten),
        WITH_FIXTURE(keep_one_means_only_last),
        WITH_FIXTURE(a_smaller_keep_forgets_the_surplus),
        WITH_FIXTURE(leftovers_of_killed_writers_go),
        WITH_FIXTURE(a_failed_write_shifts_nothing),
        WITH_FIXTURE(what_does_not_read_back_never_takes_its_place),
        WITH_FIXTURE(without_hard_links_as_many_are_kept),
        WITH_FIXTURE(without_hard_links_and_without_room_the_newest_is_kept),
        WITH_FIXTURE(last_is_complete_wherever_the_writer_dies),
        WITH_FIXTURE(last_is_complete_wherever_a_writer_without_hard_links_dies),
        WITH_FIXTURE(last_is_complete_whichever_call_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
