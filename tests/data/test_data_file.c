#include "vit/data_set.h"

#include "check.h"
#include "folder.h"
#include "vit/file.h"
#include "vit/h5.h"
#include "vit/memory.h"
#include <math.h>
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

/* Every test starts in an empty folder of its own, which is the current one, and must leave no
 * temporary file in it. */

/* Pictures of most tests. */
enum { SIDE = 32, CHANNELS = 3, IMAGE_BYTES = SIDE * SIDE * CHANNELS };

static int leave_without_temporary(void **state) {
    bool left = file_exists("a.h5.tmp");
    return leave_folder(state) == 0 && !left ? 0 : -1;
}

static void assert_says(const char *text) {
    if (!strstr(status_message(), text))
        fail_msg("\"%s\" does not say \"%s\"", status_message(), text);
}

/* 3 classes of 2 coarse ones, pixels all over the range. */
static void make_set_of(Picture picture, DataSet *set, size_t train, size_t test) {
    const size_t bytes = picture_bytes(picture), counts[SPLIT_COUNT] = {train, test};
    *set = (DataSet){.picture = picture,
                     .origin.source = "a test",
                     .names = {3, 8, NULL},
                     .coarse_names = {2, 8, NULL}};
    memset(set->origin.sha256[SPLIT_TRAIN], 'a', DIGEST_TEXT - 1);
    assert_ok(memory_allocate(&set->names.text, 3, 8, "names"));
    assert_ok(memory_allocate(&set->coarse_names.text, 2, 8, "names"));
    memcpy(set->names.text, "ant\0\0\0\0\0bee\0\0\0\0\0cow", 19);
    memcpy(set->coarse_names.text, "insect\0\0mammal", 14);
    for (size_t s = 0; s < SPLIT_COUNT; s++) {
        DataRows *rows = &set->split[s];
        rows->count = counts[s];
        assert_ok(memory_allocate(&rows->images, rows->count, bytes, "images"));
        assert_ok(memory_allocate(&rows->labels, rows->count, 2, "labels"));
        assert_ok(memory_allocate(&rows->coarse_labels, rows->count, 2, "labels"));
        for (size_t i = 0; i < rows->count * bytes; i++)
            rows->images[i] = (uint8_t)((i * 2654435761u + s * 977) >> 11);
        for (size_t i = 0; i < rows->count; i++) {
            rows->labels[i] = (uint16_t)((i + s) % 3);
            rows->coarse_labels[i] = (uint16_t)(rows->labels[i] == 2);
        }
    }
}

static void make_set(DataSet *set, size_t train, size_t test) {
    make_set_of((Picture){SIDE, SIDE, CHANNELS}, set, train, test);
}

static void write_sample(size_t train, size_t test) {
    DataSet set;
    make_set(&set, train, test);
    assert_ok(data_set_write("a.h5", &set));
    data_set_free(&set);
}

/* In a.h5. */
static void replace_dataset(const char *name, hid_t type, size_t rank, const size_t *shape,
                            const void *values) {
    hid_t file = H5Fopen("a.h5", H5F_ACC_RDWR, H5P_DEFAULT);
    assert_true(H5Ldelete(file, name, H5P_DEFAULT) >= 0);
    assert_ok(h5_write(file, name, type, type, rank, shape, values));
    assert_ok(h5_close(file));
}

static bool same_names(const DataNames *a, const DataNames *b) {
    return a->count == b->count && a->width == b->width &&
           memcmp(a->text, b->text, a->count * a->width) == 0;
}

/* Of no bytes there need be none. */
static bool same_bytes(const void *a, const void *b, size_t bytes) {
    return bytes == 0 || memcmp(a, b, bytes) == 0;
}

static bool same_content(const DataSet *a, const DataSet *b) {
    if (memcmp(&a->picture, &b->picture, sizeof a->picture) != 0)
        return false;
    for (size_t s = 0; s < SPLIT_COUNT; s++) {
        const DataRows *x = &a->split[s], *y = &b->split[s];
        if (x->count != y->count ||
            !same_bytes(x->images, y->images, x->count * picture_bytes(a->picture)) ||
            !same_bytes(x->labels, y->labels, x->count * 2) ||
            !same_bytes(x->coarse_labels, y->coarse_labels, x->count * 2) ||
            strcmp(a->origin.sha256[s], b->origin.sha256[s]) != 0)
            return false;
    }
    return same_names(&a->names, &b->names) && same_names(&a->coarse_names, &b->coarse_names) &&
           strcmp(a->origin.source, b->origin.source) == 0;
}

/* Replaces values behind the back of data_file.c: with right checksums. */
static void overwrite(const char *name, size_t row, hid_t type, const void *values) {
    hid_t file = H5Fopen("a.h5", H5F_ACC_RDWR, H5P_DEFAULT);
    assert_ok(h5_write_rows(file, name, type, row, 1, values));
    assert_ok(h5_close(file));
}

static void what_is_written_reads_back(void **state) {
    (void)state;
    DataSet set, back;
    DataHeader header;
    make_set(&set, 700, 50); /* more than one chunk */
    assert_ok(data_set_write("a.h5", &set));
    assert_ok(data_set_read("a.h5", &header, &back));
    assert_true(same_content(&set, &back));
    assert_int_equal(header.images[SPLIT_TRAIN], 700);
    assert_int_equal(header.images[SPLIT_TEST], 50);
    assert_int_equal(header.classes, 3);
    assert_int_equal(header.coarse_classes, 2);
    assert_int_equal(strlen(header.content_sha256), DIGEST_TEXT - 1);
    data_set_free(&set);
    data_set_free(&back);
}

static void any_rows_can_be_read(void **state) {
    (void)state;
    DataSet set;
    DataHeader header;
    make_set(&set, 700, 50);
    assert_ok(data_set_write("a.h5", &set));
    assert_ok(data_file_read_header("a.h5", &header));
    const DataRows *rows = &set.split[SPLIT_TRAIN];
    uint8_t *images = malloc(400 * IMAGE_BYTES);
    uint16_t labels[400];
    for (size_t first = 0; first <= 700; first += 350)
        for (size_t count = 0; count <= 350 && first + count <= 700; count += 175) {
            assert_ok(data_file_read_rows("a.h5", &header, SPLIT_TRAIN, false, first, count, images,
                                          labels));
            assert_memory_equal(images, rows->images + first * IMAGE_BYTES, count * IMAGE_BYTES);
            assert_memory_equal(labels, rows->labels + first, count * sizeof *labels);
        }
    assert_ok(data_file_read_rows("a.h5", &header, SPLIT_TEST, true, 10, 40, images, labels));
    assert_memory_equal(labels, set.split[SPLIT_TEST].coarse_labels + 10, 40 * sizeof *labels);
    assert_int_equal(data_file_read_rows("a.h5", &header, SPLIT_TEST, true, 20, 31, images, labels),
                     STATUS_DATA);
    free(images);
    data_set_free(&set);
}

static void means_and_variances_are_those_of_the_training_images(void **state) {
    (void)state;
    DataSet set;
    DataHeader header;
    make_set(&set, 123, 5);
    assert_ok(data_set_write("a.h5", &set));
    assert_ok(data_file_read_header("a.h5", &header));
    const uint8_t *images = set.split[SPLIT_TRAIN].images;
    const size_t pixels = 123 * SIDE * SIDE;
    for (size_t c = 0; c < CHANNELS; c++) {
        long double mean = 0, variance = 0;
        for (size_t i = 0; i < pixels; i++)
            mean += images[i * CHANNELS + c];
        mean /= (long double)pixels;
        for (size_t i = 0; i < pixels; i++)
            variance += (images[i * CHANNELS + c] - mean) * (images[i * CHANNELS + c] - mean);
        variance /= (long double)pixels;
        /* A few roundings of doubles of the size of the values. */
        assert_true(fabsl(header.mean[c] - mean) < 1e-12L * 255);
        assert_true(fabsl(header.variance[c] - variance) < 1e-12L * 255 * 255);
    }
    data_set_free(&set);
}

static void coarse_labels_and_test_images_may_be_absent(void **state) {
    (void)state;
    DataSet set, back;
    DataHeader header;
    uint8_t image[IMAGE_BYTES];
    uint16_t label;
    make_set(&set, 6, 0);
    set.coarse_names.count = 0;
    assert_ok(data_set_write("a.h5", &set));
    assert_ok(data_set_read("a.h5", &header, &back));
    assert_int_equal(header.coarse_classes, 0);
    assert_int_equal(back.split[SPLIT_TEST].count, 0);
    assert_null(back.split[SPLIT_TRAIN].coarse_labels);
    assert_int_equal(data_file_read_rows("a.h5", &header, SPLIT_TRAIN, true, 0, 1, image, &label),
                     STATUS_DATA);
    assert_says("a.h5: has no coarse labels");
    data_set_free(&set);
    data_set_free(&back);
}

static void unfit_sets_are_refused_and_leave_the_old_file(void **state) {
    (void)state;
    DataSet set;
    DataHeader header, old;
    write_sample(5, 5);
    assert_ok(data_file_read_header("a.h5", &old));

    make_set(&set, 10, 5);
    set.split[SPLIT_TRAIN].labels[7] = 3;
    assert_int_equal(data_set_write("a.h5", &set), STATUS_DATA);
    assert_says("/train/labels: row 7 has label 3, but there are 3 classes");
    set.split[SPLIT_TRAIN].labels[7] = 0;
    set.split[SPLIT_TEST].coarse_labels[4] = 2;
    assert_int_equal(data_set_write("a.h5", &set), STATUS_DATA);
    assert_says("/test/coarse_labels: row 4");
    data_set_free(&set);

    make_set(&set, 0, 5);
    assert_int_equal(data_set_write("a.h5", &set), STATUS_DATA);
    assert_says("has no training images");
    data_set_free(&set);

    make_set(&set, 4, 5);
    memset(set.split[SPLIT_TRAIN].images, 9, 4 * IMAGE_BYTES);
    assert_int_equal(data_set_write("a.h5", &set), STATUS_DATA);
    assert_says("cannot be normalized");
    data_set_free(&set);

    assert_ok(data_file_read_header("a.h5", &header));
    assert_string_equal(header.content_sha256, old.content_sha256);
}

static void a_label_without_a_class_is_found_by_its_row(void **state) {
    (void)state;
    write_sample(40, 10);
    DataHeader header;
    DataSet set;
    uint8_t *images = malloc(40 * IMAGE_BYTES);
    uint16_t wrong = 3, labels[40];
    overwrite("/train/labels", 25, H5T_NATIVE_UINT16, &wrong);
    assert_ok(data_file_read_header("a.h5", &header));
    assert_ok(data_file_read_rows("a.h5", &header, SPLIT_TRAIN, false, 0, 25, images, labels));
    assert_int_equal(
        data_file_read_rows("a.h5", &header, SPLIT_TRAIN, false, 20, 20, images, labels),
        STATUS_DATA);
    assert_says("a.h5: /train/labels: row 25 has label 3, but there are 3 classes");
    assert_int_equal(data_set_read("a.h5", &header, &set), STATUS_DATA);
    assert_null(set.split[SPLIT_TRAIN].images);
    free(images);
}

static void a_replaced_pixel_is_found_by_the_digest(void **state) {
    (void)state;
    write_sample(40, 10);
    DataHeader header;
    DataSet set;
    uint8_t image[IMAGE_BYTES];
    uint16_t label;
    assert_ok(data_file_read_header("a.h5", &header));
    assert_ok(data_file_read_rows("a.h5", &header, SPLIT_TEST, false, 9, 1, image, &label));
    image[IMAGE_BYTES - 1] ^= 1;
    overwrite("/test/images", 9, H5T_NATIVE_UINT8, image);
    assert_int_equal(data_set_read("a.h5", &header, &set), STATUS_DATA);
    assert_says("the images and labels have SHA-256");
}

/* The same bytes in another form are other pictures, which no run may go on with. */
static void the_digest_tells_the_form(void **state) {
    (void)state;
    static const Picture form[] = {{48, 40, 1}, {40, 48, 1}, {24, 40, 2}, {40, 12, 4}};
    enum { FORMS = sizeof form / sizeof *form };
    DataHeader header[FORMS];
    for (size_t i = 0; i < FORMS; i++) {
        DataSet set;
        make_set_of(form[i], &set, 12, 3);
        assert_ok(data_set_write("f.h5", &set));
        assert_ok(data_file_read_header("f.h5", &header[i]));
        data_set_free(&set);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(header[i].content_sha256, header[j].content_sha256);
    }
}

static void other_files_are_refused(void **state) {
    (void)state;
    DataHeader header;
    hid_t file;
    assert_int_equal(data_file_read_header("none.h5", &header), STATUS_IO);
    FILE *text = fopen("b.h5", "w");
    fputs("no HDF5\n", text);
    fclose(text);
    assert_int_equal(data_file_read_header("b.h5", &header), STATUS_DATA);
    assert_ok(h5_create("b.h5", &file));
    assert_ok(h5_close(file));
    assert_int_equal(data_file_read_header("b.h5", &header), STATUS_DATA);
    assert_says("b.h5: /label_names: is missing");
}

static void datasets_of_another_shape_or_type_are_refused(void **state) {
    (void)state;
    DataHeader header;
    size_t small[4] = {5, 16, 16, 3}, short_labels[1] = {4}, right[4] = {5, 32, 32, 3};
    static uint8_t zeros[5 * IMAGE_BYTES * 4];
    const struct {
        const char *name;
        hid_t type;
        size_t rank, *shape;
    } wrong[] = {{"/train/images", H5T_NATIVE_UINT8, 4, small},
                 {"/train/images", H5T_NATIVE_FLOAT, 4, right},
                 {"/test/labels", H5T_NATIVE_UINT16, 1, short_labels},
                 {"/test/coarse_labels", H5T_NATIVE_DOUBLE, 1, right},
                 {"/test/labels", H5T_NATIVE_UINT16, 2, right}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        write_sample(5, 5);
        assert_ok(data_file_read_header("a.h5", &header));
        replace_dataset(wrong[i].name, wrong[i].type, wrong[i].rank, wrong[i].shape, zeros);
        assert_int_equal(data_file_read_header("a.h5", &header), STATUS_DATA);
        assert_says(wrong[i].name);
    }
}

static void pictures_may_have_any_sides_and_up_to_four_channels(void **state) {
    (void)state;
    static const Picture pictures[] = {
        {48, 40, 1}, {64, 64, 3}, {1, 7, 2}, {5, 1, 4}, {1, PICTURE_SIDE_MAX, 1}};
    for (size_t p = 0; p < sizeof pictures / sizeof *pictures; p++) {
        DataSet set, back;
        DataHeader header;
        uint16_t labels[3];
        const size_t bytes = picture_bytes(pictures[p]);
        uint8_t *images = test_array(3, bytes);
        make_set_of(pictures[p], &set, 20, 5);
        assert_ok(data_set_write("a.h5", &set));
        assert_ok(data_set_read("a.h5", &header, &back));
        assert_true(same_content(&set, &back));
        assert_memory_equal(&header.picture, &pictures[p], sizeof header.picture);
        assert_ok(data_file_read_rows("a.h5", &header, SPLIT_TEST, false, 2, 3, images, labels));
        assert_memory_equal(images, set.split[SPLIT_TEST].images + 2 * bytes, 3 * bytes);
        for (size_t c = 0; c < pictures[p].channels; c++) {
            double mean = 0.0;
            for (size_t i = c; i < 20 * bytes; i += pictures[p].channels)
                mean += set.split[SPLIT_TRAIN].images[i];
            mean /= 20.0 * (double)(pictures[p].height * pictures[p].width);
            assert_true(fabs(header.mean[c] - mean) < 1e-9 * 255);
        }
        memory_free(images);
        data_set_free(&set);
        data_set_free(&back);
    }
}

static void pictures_of_other_forms_are_refused(void **state) {
    (void)state;
    static const struct {
        Picture picture;
        const char *found;
    } wrong[] = {{{4, 4, 0}, "has images of 4 rows, 4 columns and 0 channels"},
                 {{4, 4, 5}, "has images of 4 rows, 4 columns and 5 channels"},
                 {{0, 4, 3}, "has images of 0 rows, 4 columns"},
                 {{PICTURE_SIDE_MAX + 1, 1, 1}, "has images of 4097 rows, 1 columns"},
                 {{1, PICTURE_SIDE_MAX + 1, 1}, "has images of 1 rows, 4097 columns"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const Picture picture = wrong[i].picture;
        DataSet set;
        DataHeader header;
        make_set_of(picture, &set, 5, 5);
        assert_int_equal(data_set_write("a.h5", &set), STATUS_DATA);
        assert_says(wrong[i].found);
        assert_says("1 to 4096 rows, 1 to 4096 columns and 1 to 4 channels");
        /* The same by reading, in a file that another program wrote. */
        write_sample(5, 5);
        const size_t shape[4] = {5, picture.height, picture.width, picture.channels};
        replace_dataset("/train/images", H5T_NATIVE_UINT8, 4, shape, set.split[SPLIT_TRAIN].images);
        assert_int_equal(data_file_read_header("a.h5", &header), STATUS_DATA);
        assert_says(wrong[i].found);
        data_set_free(&set);
    }
}

static void test_images_have_the_form_of_training_images(void **state) {
    (void)state;
    static const size_t other[][4] = {{5, 31, 32, 3}, {5, 32, 40, 3}, {5, 32, 32, 1}};
    static uint8_t zeros[5 * 40 * 32 * 3];
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        DataHeader header;
        char wanted[128], shape[H5_SHAPE_TEXT];
        write_sample(5, 5);
        replace_dataset("/test/images", H5T_NATIVE_UINT8, 4, other[i], zeros);
        assert_int_equal(data_file_read_header("a.h5", &header), STATUS_DATA);
        snprintf(wanted, sizeof wanted, "/test/images: has shape %s, but the images of /train",
                 h5_shape_text(4, other[i], shape));
        assert_says(wanted);
        assert_says("32 rows, 32 columns and 3 channels");
    }
}

static void means_must_be_one_a_channel(void **state) {
    (void)state;
    static const double two[2] = {100.0, 100.0};
    DataHeader header;
    write_sample(5, 5);
    hid_t file = H5Fopen("a.h5", H5F_ACC_RDWR, H5P_DEFAULT);
    assert_ok(h5_set_reals(file, "/", "channel_mean", 2, two));
    assert_ok(h5_close(file));
    assert_int_equal(data_file_read_header("a.h5", &header), STATUS_DATA);
    assert_says("channel_mean");
}

/* As when another machine has another file under this path: its rows would not fit. */
static void rows_that_do_not_fit_the_header_are_refused(void **state) {
    (void)state;
    DataHeader header;
    size_t large[4] = {5, 64, 64, 3}, more_labels[1] = {6};
    static uint8_t zeros[5 * 64 * 64 * 3];
    const struct {
        const char *name;
        hid_t type;
        size_t rank, *shape;
        const char *says;
    } other[] = {{"/train/images", H5T_NATIVE_UINT8, 4, large, "instead of [5, 32, 32, 3]"},
                 {"/train/labels", H5T_NATIVE_UINT16, 1, more_labels, "but there are 5 images"}};
    uint8_t *images = malloc(5 * IMAGE_BYTES);
    uint16_t *labels = malloc(5 * sizeof *labels);
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        write_sample(5, 5);
        assert_ok(data_file_read_header("a.h5", &header));
        replace_dataset(other[i].name, other[i].type, other[i].rank, other[i].shape, zeros);
        assert_int_equal(
            data_file_read_rows("a.h5", &header, SPLIT_TRAIN, false, 0, 5, images, labels),
            STATUS_DATA);
        assert_says(other[i].name);
        assert_says(other[i].says);
    }
    free(images);
    free(labels);
}

/* Room is made for as many names or rows as a file says that it has. */
static void a_file_that_says_it_holds_more_than_it_can_is_refused(void **state) {
    (void)state;
    DataHeader header;
    DataSet set;
    const hsize_t huge[4] = {(hsize_t)1 << 40, SIDE, SIDE, CHANNELS};
    const hsize_t row[4] = {1, SIDE, SIDE, CHANNELS};
    const struct {
        const char *name;
        int rank;
    } part[] = {{"/train/images", 4}, {"/label_names", 1}};
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        write_sample(5, 5);
        hid_t file = H5Fopen("a.h5", H5F_ACC_RDWR, H5P_DEFAULT);
        hid_t old = H5Dopen2(file, part[i].name, H5P_DEFAULT), type = H5Dget_type(old);
        H5Dclose(old);
        hid_t space = H5Screate_simple(part[i].rank, huge, NULL);
        hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
        assert_true(H5Pset_chunk(creation, part[i].rank, row) >= 0);
        assert_true(H5Ldelete(file, part[i].name, H5P_DEFAULT) >= 0);
        hid_t made =
            H5Dcreate2(file, part[i].name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
        assert_true(made >= 0 && H5Dclose(made) >= 0);
        H5Pclose(creation);
        H5Sclose(space);
        H5Tclose(type);
        assert_ok(h5_close(file));
        assert_int_equal(data_file_read_header("a.h5", &header), STATUS_DATA);
        assert_says(part[i].name);
        assert_says("says that it holds more than the file can");
        assert_int_equal(data_set_read("a.h5", &header, &set), STATUS_DATA);
    }
}

static void a_file_cut_anywhere_is_refused(void **state) {
    (void)state;
    write_sample(40, 10);
    struct stat found;
    assert_int_equal(stat("a.h5", &found), 0);
    for (off_t length = found.st_size - 1; length >= 0; length -= 1 + length / 30) {
        DataHeader header;
        DataSet set;
        assert_int_equal(truncate("a.h5", length), 0);
        assert_int_equal(data_file_read_header("a.h5", &header), STATUS_DATA);
        assert_int_equal(data_set_read("a.h5", &header, &set), STATUS_DATA);
    }
}

/* What a training run reads: header and rows. False when that fails. */
static bool rows_read(DataRows *rows) {
    DataHeader header;
    return data_file_read_header("a.h5", &header) == STATUS_OK &&
           header.images[SPLIT_TRAIN] == rows->count &&
           data_file_read_rows("a.h5", &header, SPLIT_TRAIN, false, 0, rows->count, rows->images,
                               rows->labels) == STATUS_OK;
}

/* Every byte of the metadata at both ends, and some of the bulk between. */
static void a_changed_byte_is_noticed_or_harmless(void **state) {
    (void)state;
    DataSet set, read, back;
    make_set(&set, 40, 10);
    make_set(&read, 40, 10);
    assert_ok(data_set_write("a.h5", &set));
    FILE *stream = fopen("a.h5", "r+b");
    setvbuf(stream, NULL, _IONBF, 0);
    fseek(stream, 0, SEEK_END);
    long size = ftell(stream);
    int noticed = 0, tried = 0;
    for (long at = 0; at < size; at += at < 3000 || at > size - 2000 ? 1 : 211, tried++) {
        DataHeader header;
        fseek(stream, at, SEEK_SET);
        int byte = fgetc(stream);
        fseek(stream, at, SEEK_SET);
        fputc(byte ^ (1 << at % 8), stream);
        if (rows_read(&read.split[SPLIT_TRAIN]))
            assert_memory_equal(read.split[SPLIT_TRAIN].images, set.split[SPLIT_TRAIN].images,
                                40 * IMAGE_BYTES);
        if (data_set_read("a.h5", &header, &back) == STATUS_OK)
            assert_true(same_content(&set, &back));
        else
            noticed++;
        data_set_free(&back);
        fseek(stream, at, SEEK_SET);
        fputc(byte, stream);
    }
    fclose(stream);
    assert_true(noticed > tried / 10); /* much of the metadata is unused space */
    data_set_free(&set);
    data_set_free(&read);
}

/* In a process whose files may not grow beyond `bytes`; exits with the status. */
static void write_limited(const DataSet *set, rlim_t bytes) {
    struct rlimit limit = {bytes, bytes};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    exit((int)data_set_write("a.h5", set));
}

/* The limit stands for a full disk: write(2) fails in the same way. */
static void a_disk_that_fills_up_anywhere_is_an_error(void **state) {
    (void)state;
    DataSet set;
    DataHeader old, header;
    struct stat found;
    write_sample(5, 5);
    assert_ok(data_file_read_header("a.h5", &old));
    make_set(&set, 40, 10);
    assert_ok(data_set_write("b.h5", &set));
    assert_int_equal(stat("b.h5", &found), 0);
    size_t size = (size_t)found.st_size;
    for (size_t limit = 0; limit < size; limit += 1 + size / 40) {
        int end;
        fflush(NULL);
        pid_t child = fork();
        if (child == 0)
            write_limited(&set, limit);
        assert_int_equal(waitpid(child, &end, 0), child);
        assert_true(WIFEXITED(end));
        assert_int_equal(WEXITSTATUS(end), STATUS_IO);
        assert_false(file_exists("a.h5.tmp"));
        assert_ok(data_file_read_header("a.h5", &header));
        assert_string_equal(header.content_sha256, old.content_sha256);
    }
    data_set_free(&set);
}

#define test_here(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_without_temporary)

int main(void) {
    const struct CMUnitTest tests[] = {
        test_here(what_is_written_reads_back),
        test_here(any_rows_can_be_read),
        test_here(means_and_variances_are_those_of_the_training_images),
        test_here(coarse_labels_and_test_images_may_be_absent),
        test_here(unfit_sets_are_refused_and_leave_the_old_file),
        test_here(a_label_without_a_class_is_found_by_its_row),
        test_here(a_replaced_pixel_is_found_by_the_digest),
        test_here(the_digest_tells_the_form),
        test_here(other_files_are_refused),
        test_here(datasets_of_another_shape_or_type_are_refused),
        test_here(pictures_may_have_any_sides_and_up_to_four_channels),
        test_here(pictures_of_other_forms_are_refused),
        test_here(test_images_have_the_form_of_training_images),
        test_here(means_must_be_one_a_channel),
        test_here(rows_that_do_not_fit_the_header_are_refused),
        test_here(a_file_that_says_it_holds_more_than_it_can_is_refused),
        test_here(a_file_cut_anywhere_is_refused),
        test_here(a_changed_byte_is_noticed_or_harmless),
        test_here(a_disk_that_fills_up_anywhere_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
