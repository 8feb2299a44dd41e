/* Files that were damaged after they were written, and writers that run out of room. */

#define _GNU_SOURCE
#include "store/checkpoint_fixture.h"
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cmocka.h>

/* HDF5 does not free what it was reading or writing when that failed. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libhdf5";
}

static int setup(void **state) {
    static Fixture fixture;
    *state = &fixture;
    return fixture_init(&fixture) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state) {
    fixture_free(*state);
    return 0;
}

typedef struct Bytes {
    size_t count;
    unsigned char *byte;
} Bytes;

static Bytes read_bytes(const char *path) {
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    Bytes bytes = {(size_t)info.st_size, malloc((size_t)info.st_size)};
    FILE *stream = fopen(path, "rb");
    assert_non_null(stream);
    assert_int_equal(fread(bytes.byte, 1, bytes.count, stream), bytes.count);
    fclose(stream);
    return bytes;
}

static void write_bytes(const char *path, const unsigned char *byte, size_t count) {
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    assert_int_equal(fwrite(byte, 1, count, stream), count);
    assert_int_equal(fclose(stream), 0);
}

/* A damaged file must be refused or be as good as the undamaged one. Returns whether it was
 * refused. */
static bool is_refused(const char *path, const Checkpoint *written) {
    Checkpoint read;
    Status status = fixture_read(path, written->table, true, &read);
    if (status == STATUS_OK)
        assert_true(same_content(written, &read));
    else
        assert_int_equal(status, STATUS_DATA);
    fixture_free_read(&read);
    return status != STATUS_OK;
}

/* Numbers that look random but are the same in every run. */
static size_t scattered(size_t i, size_t below) {
    return (size_t)(((uint64_t)i * 0x9e3779b97f4a7c15u >> 20) % below);
}

static void flipped_bits_are_found_or_harmless(void **state) {
    Fixture *f = *state;
    char path[1024];
    scratch_path(f->folder, "last.h5", path);
    assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_OK);
    Bytes good = read_bytes(path);
    size_t refused = 0;
    for (size_t i = 0; i < 500; i++) {
        size_t at = scattered(i, good.count);
        unsigned char bit = (unsigned char)(1u << i % 8);
        good.byte[at] ^= bit;
        write_bytes(path, good.byte, good.count);
        refused += is_refused(path, &f->checkpoint);
        good.byte[at] ^= bit;
    }
    assert_true(refused > 100); /* the rest is room that HDF5 does not use */
    free(good.byte);
}

/* What a full disk leaves behind. */
static void zeroed_parts_are_found_or_harmless(void **state) {
    Fixture *f = *state;
    char path[1024];
    scratch_path(f->folder, "last.h5", path);
    assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_OK);
    Bytes good = read_bytes(path);
    unsigned char *damaged = malloc(good.count);
    size_t refused = 0, tried = 0;
    for (size_t from = 0; from < good.count; from += 1024, tried++) {
        size_t length = good.count - from < 1024 ? good.count - from : 1024;
        memcpy(damaged, good.byte, good.count);
        memset(damaged + from, 0, length);
        write_bytes(path, damaged, good.count);
        refused += is_refused(path, &f->checkpoint);
    }
    assert_true(refused > tried / 4);
    memset(damaged, 0, good.count);
    write_bytes(path, damaged, good.count);
    assert_true(is_refused(path, &f->checkpoint));
    free(damaged);
    free(good.byte);
}

static void cut_files_are_found(void **state) {
    Fixture *f = *state;
    char path[1024];
    scratch_path(f->folder, "last.h5", path);
    assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_OK);
    Bytes good = read_bytes(path);
    for (size_t i = 0; i < 100; i++) {
        size_t length = i < 4 ? good.count - 1 - i : scattered(i, good.count);
        write_bytes(path, good.byte, i == 4 ? 0 : length);
        assert_true(is_refused(path, &f->checkpoint));
    }
    free(good.byte);
}

/* Tries to replace `path` where that must fail; the old file must be as it was and alone. */
static void assert_write_fails(Fixture *f, const char *folder, const char *path, Bytes old) {
    Status status = checkpoint_write(path, &f->checkpoint);
    assert_int_equal(status, STATUS_IO);
    Bytes now = read_bytes(path);
    assert_int_equal(now.count, old.count);
    assert_memory_equal(now.byte, old.byte, old.count);
    free(now.byte);
    assert_int_equal(scratch_count(folder), 1);
}

/* Every write beyond the limit fails, as on a full disk. */
static void failed_writes_leave_the_old_file(void **state) {
    Fixture *f = *state;
    char path[1024];
    scratch_path(f->folder, "last.h5", path);
    assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_OK);
    Bytes old = read_bytes(path);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit usual;
    getrlimit(RLIMIT_FSIZE, &usual);
    for (size_t i = 0; i < 40; i++) {
        struct rlimit tight = {old.count * i / 40 + i, usual.rlim_max};
        setrlimit(RLIMIT_FSIZE, &tight);
        assert_write_fails(f, f->folder, path, old);
        setrlimit(RLIMIT_FSIZE, &usual);
    }
    assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_OK);
    free(old.byte);
}

/* A small file system of this process's own, or false where the system does not let us. */
static bool mount_small(const char *folder, size_t bytes) {
    char options[64];
    snprintf(options, sizeof options, "size=%zu", bytes);
    if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return false;
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", folder, "tmpfs", 0, options) == 0;
}

static void a_full_disk_leaves_the_old_file(void **state) {
    Fixture *f = *state;
    char path[1024], ballast[1024];
    scratch_path(f->folder, "last.h5", path);
    assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_OK);
    Bytes old = read_bytes(path);
    if (!mount_small(f->folder, 4 * old.count)) {
        free(old.byte);
        print_message("no file system can be mounted here: not tested\n");
        skip();
    }
    assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_OK);
    for (size_t left = 0; left < 20; left++) {
        struct statvfs room;
        assert_int_equal(statvfs(f->folder, &room), 0);
        size_t fill = room.f_bfree * room.f_frsize - old.count * left / 20;
        scratch_path(f->folder, "ballast", ballast);
        unsigned char *zeros = calloc(1, fill);
        write_bytes(ballast, zeros, fill);
        free(zeros);
        assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_IO);
        assert_int_equal(unlink(ballast), 0);
        assert_int_equal(scratch_count(f->folder), 1);
        assert_false(is_refused(path, &f->checkpoint));
    }
    assert_int_equal(checkpoint_write(path, &f->checkpoint), STATUS_OK);
    free(old.byte);
    assert_int_equal(umount(f->folder), 0);
}

int main(void) {
#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(flipped_bits_are_found_or_harmless),
        WITH_FIXTURE(zeroed_parts_are_found_or_harmless),
        WITH_FIXTURE(cut_files_are_found),
        WITH_FIXTURE(failed_writes_leave_the_old_file),
        WITH_FIXTURE(a_full_disk_leaves_the_old_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
