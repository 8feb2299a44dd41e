#include "h5_file.h"
#include "h5_found.h"
#include "vit/h5.h"

#include "check.h"
#include "folder.h"
#include "vit/memory.h"
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Every test starts in an empty folder of its own, which is the current one, and must leave no HDF5
 * object open, whatever failed in it. */

static int leave_without_objects(void **state) {
    ssize_t open = H5Fget_obj_count((hid_t)H5F_OBJ_ALL, H5F_OBJ_ALL);
    if (open != 0) {
        fprintf(stderr, "%d HDF5 objects were left open\n", (int)open);
        return -1;
    }
    return leave_folder(state);
}

static void assert_says(const char *text) {
    if (!strstr(status_message(), text))
        fail_msg("\"%s\" does not say \"%s\"", status_message(), text);
}

static float *ramp(size_t count) {
    float *values = malloc(count * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)i * 0.5f - 7.0f;
    return values;
}

/* a.h5 with one of everything. */
static void write_sample(const char *path) {
    hid_t file;
    size_t shape[3] = {5, 3, 2};
    float *values = ramp(30);
    assert_ok(h5_create(path, &file));
    assert_ok(
        h5_write(file, "/model/head/kernel", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 3, shape, values));
    assert_ok(
        h5_write_strings(file, "/names", 3, 8, "red\0\0\0\0\0caf\xc3\xa9\0\0\0\0\0\0\0\0\0\0"));
    assert_ok(h5_set_text(file, "/", "source", "a text"));
    assert_ok(h5_set_real(file, "/model", "rate", 0.125));
    assert_ok(h5_close(file));
    free(values);
}

static void values_of_every_rank_read_back(void **state) {
    (void)state;
    static const size_t shapes[4][4] = {{7}, {300000, 2}, {1001, 3, 77}, {401, 32, 32, 3}};
    for (size_t rank = 1; rank <= 4; rank++) {
        size_t count = 1;
        for (size_t i = 0; i < rank; i++)
            count *= shapes[rank - 1][i];
        float *values = ramp(count), *back = calloc(count, sizeof *back);
        hid_t file;
        assert_ok(h5_create("a.h5", &file));
        assert_ok(
            h5_write(file, "/x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, rank, shapes[rank - 1], values));
        assert_ok(h5_close(file));
        assert_ok(h5_open("a.h5", &file));
        size_t found_rank, found[4];
        assert_ok(h5_shape(file, "/x", &found_rank, found));
        assert_int_equal(found_rank, rank);
        assert_memory_equal(found, shapes[rank - 1], rank * sizeof *found);
        assert_ok(h5_read(file, "/x", H5T_NATIVE_FLOAT, rank, shapes[rank - 1], back));
        assert_memory_equal(values, back, count * sizeof *back);
        assert_ok(h5_close(file));
        free(values);
        free(back);
    }
}

static void rows_are_written_and_read_in_pieces(void **state) {
    (void)state;
    enum { ROWS = 1000, ROW = 700 };
    size_t shape[2] = {ROWS, ROW};
    float *values = ramp(ROWS * ROW), *back = calloc(ROWS * ROW, sizeof *back);
    hid_t file;
    assert_ok(h5_create("a.h5", &file));
    assert_ok(h5_make_dataset(file, "/a/b/x", H5T_IEEE_F32LE, 2, shape));
    for (size_t first = 0; first < ROWS; first += 7) {
        size_t rows = ROWS - first < 7 ? ROWS - first : 7;
        assert_ok(
            h5_write_rows(file, "/a/b/x", H5T_NATIVE_FLOAT, first, rows, values + first * ROW));
    }
    assert_ok(h5_close(file));
    assert_ok(h5_open("a.h5", &file));
    for (size_t first = 0; first < ROWS; first += 333) {
        size_t rows = ROWS - first < 333 ? ROWS - first : 333;
        assert_ok(h5_read_rows(file, "/a/b/x", H5T_NATIVE_FLOAT, first, rows, back + first * ROW));
    }
    assert_memory_equal(values, back, sizeof *back * ROWS * ROW);
    assert_ok(h5_read_rows(file, "/a/b/x", H5T_NATIVE_FLOAT, ROWS, 0, NULL));
    assert_int_equal(h5_read_rows(file, "/a/b/x", H5T_NATIVE_FLOAT, ROWS - 1, 2, back),
                     STATUS_DATA);
    assert_says("a.h5: /a/b/x: has 1000 rows");
    assert_int_equal(h5_read_rows(file, "/a/b/x", H5T_NATIVE_FLOAT, 1, SIZE_MAX, back),
                     STATUS_DATA);
    assert_ok(h5_close(file));
    free(values);
    free(back);
}

/* As HDF5 does where a call fails. */
static void push_error(hid_t part, hid_t kind, const char *text) {
    assert_true(H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, part, kind, "%s",
                         text) >= 0);
}

static void lack_of_memory_is_no_damage(void **state) {
    (void)state;
    hid_t file;
    write_sample("a.h5");
    const struct {
        hid_t part, kind;
        Status of_reading;
    } errors[] = {{H5E_RESOURCE, H5E_NOSPACE, STATUS_INTERNAL},
                  {H5E_HEAP, H5E_CANTALLOC, STATUS_INTERNAL},
                  {H5E_IO, H5E_READERROR, STATUS_DATA}};
    assert_ok(h5_open("a.h5", &file));
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        H5Eclear2(H5E_DEFAULT);
        push_error(errors[i].part, errors[i].kind, "memory allocation failed");
        assert_int_equal(h5_fail_call(file, STATUS_DATA, "/x", "is damaged"), errors[i].of_reading);
        assert_says("memory allocation failed");
        H5Eclear2(H5E_DEFAULT);
        push_error(errors[i].part, errors[i].kind, "file allocation failed");
        assert_int_equal(h5_fail_call(file, STATUS_IO, "/x", "cannot be written"), STATUS_IO);
    }
    assert_ok(h5_close(file));
}

static void an_empty_dataset_is_legal(void **state) {
    (void)state;
    size_t shape[2] = {0, 3};
    hid_t file;
    assert_ok(h5_create("a.h5", &file));
    assert_ok(h5_write(file, "/x", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 2, shape, NULL));
    assert_ok(h5_write_strings(file, "/names", 0, 4, NULL));
    assert_ok(h5_close(file));
    assert_ok(h5_open("a.h5", &file));
    assert_ok(h5_read(file, "/x", H5T_NATIVE_DOUBLE, 2, shape, NULL));
    size_t count, width;
    char *names;
    assert_ok(h5_read_strings(file, "/names", &count, &width, &names));
    assert_int_equal(count, 0);
    memory_free(names);
    assert_ok(h5_close(file));
}

static void strings_read_back(void **state) {
    (void)state;
    write_sample("a.h5");
    hid_t file;
    size_t count, width;
    char *names;
    assert_ok(h5_open("a.h5", &file));
    assert_ok(h5_read_strings(file, "/names", &count, &width, &names));
    assert_int_equal(count, 3);
    assert_int_equal(width, 8);
    assert_string_equal(names, "red");
    assert_string_equal(names + 8, "caf\xc3\xa9");
    assert_string_equal(names + 16, "");
    memory_free(names);
    assert_int_equal(h5_read_strings(file, "/model/head/kernel", &count, &width, &names),
                     STATUS_DATA);
    assert_null(names);
    assert_ok(h5_close(file));
}

/* h5py pads with zeros and may leave no room for a terminating one. */
static void strings_without_a_terminating_zero_get_one(void **state) {
    (void)state;
    hid_t file;
    assert_ok(h5_create("a.h5", &file));
    hsize_t two = 2;
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &two, NULL);
    H5Tset_size(type, 3);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    hid_t dataset = H5Dcreate2(file, "/names", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    assert_true(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, "redsky") >= 0);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Tclose(type);
    size_t count, width;
    char *names;
    assert_ok(h5_read_strings(file, "/names", &count, &width, &names));
    assert_int_equal(width, 4);
    assert_string_equal(names, "red");
    assert_string_equal(names + 4, "sky");
    memory_free(names);
    assert_ok(h5_close(file));
}

static void attributes_read_back_and_are_replaced(void **state) {
    (void)state;
    enum { LONG = 200000 };
    char *text = malloc(LONG + 1), *back;
    memset(text, 'x', LONG);
    text[LONG] = '\0';
    double reals[3] = {1.5, -2.5, 1e300}, reals_back[3], real;
    uint64_t count;
    hid_t file;
    assert_ok(h5_create("a.h5", &file));
    assert_ok(h5_make_group(file, "/a/b"));
    assert_ok(h5_make_group(file, "/a/b"));
    assert_ok(h5_set_text(file, "/a/b", "job", "short"));
    assert_ok(h5_set_text(file, "/a/b", "job", text));
    assert_ok(h5_set_text(file, "/a", "nothing", ""));
    assert_ok(h5_set_count(file, "/", "step", UINT64_MAX));
    assert_ok(h5_set_real(file, "/", "rate", 0.1));
    assert_ok(h5_set_reals(file, "/", "means", 3, reals));
    assert_int_equal(h5_set_real(file, "/none", "rate", 0.1), STATUS_IO);
    assert_ok(h5_close(file));
    assert_ok(h5_open("a.h5", &file));
    assert_ok(h5_get_text(file, "/a/b", "job", &back));
    assert_string_equal(back, text);
    memory_free(back);
    assert_ok(h5_get_text(file, "/a", "nothing", &back));
    assert_string_equal(back, "");
    memory_free(back);
    assert_ok(h5_get_count(file, "/", "step", &count));
    assert_true(count == UINT64_MAX);
    assert_ok(h5_get_real(file, "/", "rate", &real));
    assert_true(real == 0.1);
    assert_ok(h5_get_reals(file, "/", "means", 3, reals_back));
    assert_memory_equal(reals, reals_back, sizeof reals);
    assert_true(h5_has_attribute(file, "/a", "nothing"));
    assert_false(h5_has_attribute(file, "/a", "something"));
    assert_false(h5_has_attribute(file, "/none", "nothing"));
    assert_ok(h5_close(file));
    free(text);
}

static void an_attribute_of_another_kind_is_refused(void **state) {
    (void)state;
    write_sample("a.h5");
    hid_t file;
    uint64_t count;
    double real[2];
    char *text;
    assert_ok(h5_open("a.h5", &file));
    assert_int_equal(h5_get_count(file, "/model", "rate", &count), STATUS_DATA);
    assert_says("a.h5: /model @rate: holds values of another type");
    assert_int_equal(h5_get_reals(file, "/model", "rate", 2, real), STATUS_DATA);
    assert_int_equal(h5_get_text(file, "/model", "rate", &text), STATUS_DATA);
    assert_null(text);
    assert_int_equal(h5_get_real(file, "/", "source", real), STATUS_DATA);
    assert_int_equal(h5_get_real(file, "/", "none", real), STATUS_DATA);
    assert_says("is missing");
    assert_ok(h5_close(file));
}

static void what_is_missing_or_different_is_named(void **state) {
    (void)state;
    write_sample("a.h5");
    hid_t file;
    double values[64];
    size_t shape[3] = {5, 3, 2}, other[3] = {5, 2, 3}, rank, found[4];
    assert_ok(h5_open("a.h5", &file));
    assert_true(h5_exists(file, "/"));
    assert_true(h5_exists(file, "/model/head/kernel"));
    assert_false(h5_exists(file, "/model/head/kernel/x"));
    assert_false(h5_exists(file, "/model/none/kernel"));
    assert_int_equal(h5_shape(file, "/model/none/kernel", &rank, found), STATUS_DATA);
    assert_says("a.h5: /model/none/kernel: is missing");
    assert_int_equal(h5_shape(file, "/model", &rank, found), STATUS_DATA);
    assert_int_equal(h5_read(file, "/model/head/kernel", H5T_NATIVE_FLOAT, 3, other, values),
                     STATUS_DATA);
    assert_says("has shape [5, 3, 2] instead of [5, 2, 3]");
    assert_int_equal(h5_read(file, "/model/head/kernel", H5T_NATIVE_FLOAT, 2, shape, values),
                     STATUS_DATA);
    assert_int_equal(h5_read(file, "/model/head/kernel", H5T_NATIVE_DOUBLE, 3, shape, values),
                     STATUS_DATA);
    assert_says("a.h5: /model/head/kernel: is float32 [5, 3, 2], not float64");
    assert_int_equal(h5_read(file, "/model/head", H5T_NATIVE_FLOAT, 3, shape, values), STATUS_DATA);
    assert_says("a.h5: /model/head: cannot be opened (not a dataset)");
    assert_ok(h5_close(file));
}

static void rows_that_were_never_written_are_noticed(void **state) {
    (void)state;
    size_t shape[2] = {2000, 300}; /* several chunks */
    float *values = ramp(2000 * 300);
    hid_t file;
    assert_ok(h5_create("a.h5", &file));
    assert_ok(h5_make_dataset(file, "/x", H5T_IEEE_F32LE, 2, shape));
    assert_ok(h5_write_rows(file, "/x", H5T_NATIVE_FLOAT, 0, 1000, values));
    assert_ok(h5_close(file));
    assert_ok(h5_open("a.h5", &file));
    assert_int_equal(h5_read(file, "/x", H5T_NATIVE_FLOAT, 2, shape, values), STATUS_DATA);
    assert_says("is incomplete");
    assert_ok(h5_close(file));
    free(values);
}

/* Chunks that end beyond the values along every axis: what is stored is more than the values even
 * where chunks are missing. */
static void chunks_that_were_never_written_are_noticed(void **state) {
    (void)state;
    hid_t file;
    const hsize_t shape[2] = {10, 10}, chunk[2] = {6, 6}, start[2] = {0, 0}, rows[2] = {6, 10};
    uint8_t values[100] = {0};
    assert_ok(h5_create("a.h5", &file));
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, shape, NULL);
    const hid_t memory = H5Screate_simple(2, rows, NULL);
    assert_true(H5Pset_chunk(creation, 2, chunk) >= 0);
    const hid_t dataset =
        H5Dcreate2(file, "/x", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    assert_true(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, rows, NULL) >= 0);
    assert_true(H5Dwrite(dataset, H5T_NATIVE_UINT8, memory, space, H5P_DEFAULT, values) >= 0);
    H5Pclose(creation);
    H5Sclose(memory);
    const size_t wanted[2] = {10, 10};
    assert_int_equal(h5_read(file, "/x", H5T_NATIVE_UINT8, 2, wanted, values), STATUS_DATA);
    assert_says("a.h5: /x: is incomplete");
    assert_true(H5Sselect_all(space) >= 0);
    assert_true(H5Dwrite(dataset, H5T_NATIVE_UINT8, space, space, H5P_DEFAULT, values) >= 0);
    assert_ok(h5_read(file, "/x", H5T_NATIVE_UINT8, 2, wanted, values));
    H5Sclose(space);
    H5Dclose(dataset);
    assert_ok(h5_close(file));
}

/* References to one text take little room in a file, and the text a name's length in memory each.
 */
static void more_strings_than_there_are_names_are_not_read(void **state) {
    (void)state;
    hid_t file;
    const hsize_t count = H5_STRINGS_MOST + 1;
    size_t found, width;
    char *strings;
    assert_ok(h5_create("a.h5", &file));
    const hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate_simple(1, &count, NULL);
    assert_true(H5Tset_size(type, H5T_VARIABLE) >= 0);
    const hid_t dataset =
        H5Dcreate2(file, "/names", type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const char **name = calloc(count, sizeof *name);
    for (size_t i = 0; i < count; i++)
        name[i] = "a";
    assert_true(H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, name) >= 0);
    free(name);
    H5Dclose(dataset);
    H5Sclose(space);
    H5Tclose(type);
    assert_int_equal(h5_read_strings(file, "/names", &found, &width, &strings), STATUS_DATA);
    assert_says("a.h5: /names: holds 65537 texts (allowed: 65536 at most)");
    assert_null(strings);
    assert_ok(h5_close(file));
}

static void files_that_cannot_be_opened_are_told_from_damaged_ones(void **state) {
    (void)state;
    hid_t file;
    assert_int_equal(h5_open("none.h5", &file), STATUS_IO);
    assert_says("none.h5: cannot be opened: No such file");
    assert_true(file < 0);
    assert_ok(h5_close(file));
    assert_int_equal(h5_open(".", &file), STATUS_IO);
    assert_int_equal(h5_create("none/a.h5", &file), STATUS_IO);
    assert_true(file < 0);
    FILE *text = fopen("text.h5", "w");
    fputs("This is no HDF5 file.\n", text);
    fclose(text);
    assert_int_equal(h5_open("text.h5", &file), STATUS_DATA);
    assert_says("text.h5: is not an HDF5 file");
    fclose(fopen("empty.h5", "w"));
    assert_int_equal(h5_open("empty.h5", &file), STATUS_DATA);
}

static void a_file_cut_anywhere_is_refused(void **state) {
    (void)state;
    write_sample("a.h5");
    struct stat found;
    assert_int_equal(stat("a.h5", &found), 0);
    for (off_t length = found.st_size - 1; length > 0; length -= 1 + length / 20) {
        hid_t file;
        assert_int_equal(truncate("a.h5", length), 0);
        assert_int_equal(h5_open("a.h5", &file), STATUS_DATA);
        assert_says("a.h5: is ");
    }
}

/* Whether a.h5 still reads as write_sample made it; false where reading fails. */
static bool sample_reads(float *values) {
    hid_t file;
    size_t shape[3] = {5, 3, 2}, count = 0, width;
    char *names = NULL, *text = NULL;
    double rate = 0;
    if (h5_open("a.h5", &file) != STATUS_OK)
        return false;
    bool read =
        h5_read(file, "/model/head/kernel", H5T_NATIVE_FLOAT, 3, shape, values) == STATUS_OK &&
        h5_read_strings(file, "/names", &count, &width, &names) == STATUS_OK &&
        h5_get_text(file, "/", "source", &text) == STATUS_OK &&
        h5_get_real(file, "/model", "rate", &rate) == STATUS_OK;
    if (read) {
        assert_int_equal(count, 3);
        assert_string_equal(names, "red");
        assert_string_equal(text, "a text");
        assert_true(rate == 0.125);
    }
    memory_free(names);
    memory_free(text);
    return h5_close(file) == STATUS_OK && read;
}

static void a_changed_byte_is_noticed_or_harmless(void **state) {
    (void)state;
    write_sample("a.h5");
    float *values = ramp(30), back[30];
    int noticed = 0;
    FILE *stream = fopen("a.h5", "r+b");
    fseek(stream, 0, SEEK_END);
    for (long at = ftell(stream) - 1; at >= 0; at--) {
        fseek(stream, at, SEEK_SET);
        int byte = fgetc(stream);
        fseek(stream, at, SEEK_SET);
        fputc(byte ^ (at % 2 ? 0xff : 0x10), stream);
        fflush(stream);
        if (sample_reads(back))
            assert_memory_equal(values, back, sizeof back);
        else
            noticed++;
        fseek(stream, at, SEEK_SET);
        fputc(byte, stream);
        fflush(stream);
    }
    fclose(stream);
    assert_true(noticed > 500); /* most bytes are unused space */
    assert_true(sample_reads(back));
    free(values);
}

/* Values that deflate made a thousand times smaller are all there. */
static void compressed_values_may_be_longer_than_the_file(void **state) {
    (void)state;
    enum { COUNT = 1 << 20 };
    const hsize_t size = COUNT;
    const size_t shape = COUNT;
    uint8_t *zeros = calloc(COUNT, 1), *back = malloc(COUNT);
    hid_t file, creation = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(1, &size, NULL);
    assert_true(H5Pset_chunk(creation, 1, &size) >= 0 && H5Pset_deflate(creation, 9) >= 0);
    assert_ok(h5_create("a.h5", &file));
    hid_t made = H5Dcreate2(file, "/x", H5T_STD_U8LE, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    assert_true(H5Dwrite(made, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros) >= 0);
    H5Sclose(space);
    H5Pclose(creation);
    assert_ok(h5_close(file));
    assert_ok(h5_open("a.h5", &file));
    assert_ok(h5_read(file, "/x", H5T_NATIVE_UINT8, 1, &shape, back));
    assert_memory_equal(back, zeros, COUNT);
    assert_ok(h5_close(file));
    free(zeros);
    free(back);
}

static void equal_calls_make_equal_bytes(void **state) {
    (void)state;
    write_sample("a.h5");
    sleep(1); /* times in HDF5 files are in seconds */
    write_sample("b.h5");
    assert_int_equal(system("cmp a.h5 b.h5"), 0);
}

/* Writes more than the limit on the size of files allows; exits with 0 when it is told as it should
 * be. */
static void write_too_much(void) {
    size_t shape[1] = {3000000};
    float *values = ramp(shape[0]);
    struct rlimit limit = {5000000, 5000000};
    hid_t file = H5I_INVALID_HID;
    signal(SIGXFSZ, SIG_IGN);
    bool told = setrlimit(RLIMIT_FSIZE, &limit) == 0 && h5_create("a.h5", &file) == STATUS_OK;
    told = told &&
           h5_write(file, "/x", H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, 1, shape, values) == STATUS_IO;
    told = told && strstr(status_message(), "a.h5: /x: cannot be written (File too large)");
    h5_close(file);
    free(values);
    exit(told ? 0 : 1);
}

/* The limit stands for a full disk: write(2) fails in the same way. */
static void a_write_that_fails_is_an_error_and_no_crash(void **state) {
    (void)state;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        write_too_much();
    int end;
    assert_int_equal(waitpid(child, &end, 0), child);
    assert_true(WIFEXITED(end));
    assert_int_equal(WEXITSTATUS(end), 0);
}

static void files_are_known_by_their_first_bytes(void **state) {
    (void)state;
    write_sample("a.h5");
    assert_true(h5_may_be("a.h5"));
    FILE *file = fopen("text", "wb");
    assert_non_null(file);
    fputs("\x89HD", file); /* shorter than the signature */
    fclose(file);
    assert_false(h5_may_be("text"));
    assert_false(h5_may_be("nothing"));
    assert_false(h5_may_be("."));
    assert_int_equal(mkfifo("pipe", 0600), 0); /* nobody will ever write to it */
    assert_false(h5_may_be("pipe"));
}

#define test_here(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_without_objects)

int main(void) {
    const struct CMUnitTest tests[] = {
        test_here(values_of_every_rank_read_back),
        test_here(rows_are_written_and_read_in_pieces),
        test_here(lack_of_memory_is_no_damage),
        test_here(an_empty_dataset_is_legal),
        test_here(strings_read_back),
        test_here(strings_without_a_terminating_zero_get_one),
        test_here(attributes_read_back_and_are_replaced),
        test_here(an_attribute_of_another_kind_is_refused),
        test_here(what_is_missing_or_different_is_named),
        test_here(rows_that_were_never_written_are_noticed),
        test_here(chunks_that_were_never_written_are_noticed),
        test_here(more_strings_than_there_are_names_are_not_read),
        test_here(files_are_known_by_their_first_bytes),
        test_here(files_that_cannot_be_opened_are_told_from_damaged_ones),
        test_here(a_file_cut_anywhere_is_refused),
        test_here(a_changed_byte_is_noticed_or_harmless),
        test_here(compressed_values_may_be_longer_than_the_file),
        test_here(equal_calls_make_equal_bytes),
        test_here(a_write_that_fails_is_an_error_and_no_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
