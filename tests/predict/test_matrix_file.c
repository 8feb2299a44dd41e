/* The confusion matrix as a table and as a picture. */

#include "matrix_file.h"

#include "check.h"
#include "folder.h"
#include "matrix_picture.h"
#include "picture.h"
#include "vit/memory.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MOST = 1 << 20 };

/* Reads a whole file; *count bytes of it. */
static uint8_t *read_file(const char *path, size_t *count) {
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(FILE_MOST);
    assert_true(file && bytes);
    *count = fread(bytes, 1, FILE_MOST - 1, file);
    bytes[*count] = '\0';
    fclose(file);
    return bytes;
}

/* Two images of each of `classes` classes; one of the first class's is taken for the second, the
 * rest is right. */
static void make_results(size_t classes, ClassResults *results) {
    float *logits = calloc(2 * classes * classes, sizeof *logits);
    uint16_t *label = calloc(2 * classes, sizeof *label);
    assert_true(logits && label);
    for (size_t i = 0; i < 2 * classes; i++) {
        label[i] = (uint16_t)(i / 2);
        logits[i * classes + (i == 0 ? 1 : i / 2)] = 1;
    }
    assert_ok(class_results_init(results, 2 * classes, classes, logits, label));
    free(logits);
    free(label);
}

static void a_table_has_a_row_a_label(void **state) {
    (void)state;
    static const char text[] = "a, b\0\0\0\"q\"\0\0\0\0\0\0\0\0\0\0";
    const ClassNames names = {.count = 3, .width = 7, .text = text};
    ClassResults results;
    size_t count;
    make_results(3, &results);
    assert_ok(matrix_file_write("m.csv", &results, &names));
    uint8_t *bytes = read_file("m.csv", &count);
    assert_string_equal((const char *)bytes, "label,\"a, b\",\"\"\"q\"\"\",2\n"
                                             "\"a, b\",1,1,0\n"
                                             "\"\"\"q\"\"\",0,2,0\n"
                                             "2,0,0,2\n");
    free(bytes);
    class_results_free(&results);
}

static void read_picture(const char *path, Image *image) {
    size_t count;
    uint8_t *bytes = read_file(path, &count);
    assert_ok(picture_decode(path, bytes, count, (PictureWish){0}, image));
    free(bytes);
}

static size_t count_pixels(const Image *image, uint8_t red, uint8_t green, uint8_t blue) {
    size_t found = 0;
    for (size_t i = 0; i < image->height * image->width; i++) {
        const uint8_t *pixel = image->pixels + 3 * i;
        found += pixel[0] == red && pixel[1] == green && pixel[2] == blue;
    }
    return found;
}

/* With 100 classes a cell has 14 pixels a side, one of which divides it from the next. The scale
 * has each darkness in some columns of 16 pixels, the greatest in one. */
static void a_cell_of_the_picture_is_as_dark_as_its_share(void **state) {
    (void)state;
    enum { CLASSES = 100, CELL = 13 * 13, COLUMN = 16 };
    const ClassNames none = {0};
    ClassResults results;
    Image image = {0};
    make_results(CLASSES, &results);
    assert_ok(matrix_file_write("m.png", &results, &none));
    read_picture("m.png", &image);
    assert_true(image.width >= CLASSES * 14 && image.height >= CLASSES * 14);
    assert_true(image.width < CLASSES * 14 + 200 && image.height < CLASSES * 14 + 200);
    assert_int_equal(count_pixels(&image, 8, 40, 96), (CLASSES - 1) * CELL + COLUMN);
    /* Two have a half, of which sqrt(1/2) lies between the middle and the end of the scale. */
    size_t halves = 0;
    for (size_t i = 0; i < 3 * image.height * image.width; i += 3) {
        const double part = 2 * 0.70710678 - 1, red = 66 * (1 - part) + 8 * part;
        halves += image.pixels[i] > red - 1 && image.pixels[i] < red + 1 &&
                  image.pixels[i + 2] > image.pixels[i] + 40;
    }
    assert_true(halves >= 2 * CELL && halves < 3 * CELL);
    image_free(&image);
    class_results_free(&results);
}

static void a_picture_has_bounds(void **state) {
    (void)state;
    const ClassNames none = {0};
    const ClassResults many = {.classes = MATRIX_PICTURE_CLASSES + 1};
    ClassResults one;
    Image image = {0};
    assert_int_equal(matrix_file_write("many.png", &many, &none), STATUS_DATA);
    assert_non_null(strstr(status_message(), "4097 classes are too many"));
    const float logits[] = {0};
    const uint16_t label[] = {0};
    assert_ok(class_results_init(&one, 1, 1, logits, label));
    assert_ok(matrix_file_write("one.png", &one, &none));
    read_picture("one.png", &image);
    assert_true(image.width > 256); /* there is room for the scale */
    image_free(&image);
    class_results_free(&one);
}

static void the_end_of_the_name_tells_what_is_written(void **state) {
    (void)state;
    assert_ok(matrix_file_check("a.b/m.CSV"));
    assert_ok(matrix_file_check("m.png"));
    assert_int_equal(matrix_file_check("m.txt"), STATUS_USAGE);
    assert_int_equal(matrix_file_check("png"), STATUS_USAGE);
}

static void what_cannot_be_written_is_known_before(void **state) {
    (void)state;
    assert_int_equal(matrix_file_try("nowhere/m.csv", 2), STATUS_IO);
    assert_int_equal(matrix_file_try("nowhere/m.png", 2), STATUS_IO);
    assert_int_equal(mkdir("folder.csv", 0700), 0);
    assert_int_equal(matrix_file_try("folder.csv", 2), STATUS_IO);
    assert_int_equal(matrix_file_try("m.png", MATRIX_PICTURE_CLASSES + 1), STATUS_DATA);
    assert_ok(matrix_file_try("tried.png", MATRIX_PICTURE_CLASSES));
    assert_ok(matrix_file_try("tried.csv", MATRIX_PICTURE_CLASSES + 1));
    assert_int_equal(access("tried.csv", F_OK), -1);
    assert_int_equal(access("tried.csv.tmp", F_OK), -1);
}

static void what_cannot_be_written_leaves_nothing(void **state) {
    (void)state;
    const ClassNames none = {0};
    ClassResults results;
    make_results(2, &results);
    assert_int_equal(matrix_file_write("nowhere/m.csv", &results, &none), STATUS_IO);
    assert_int_equal(matrix_file_write("nowhere/m.png", &results, &none), STATUS_IO);
    class_results_free(&results);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        test_in_folder(a_table_has_a_row_a_label),
        test_in_folder(a_cell_of_the_picture_is_as_dark_as_its_share),
        test_in_folder(a_picture_has_bounds),
        test_in_folder(the_end_of_the_name_tells_what_is_written),
        test_in_folder(what_cannot_be_written_is_known_before),
        test_in_folder(what_cannot_be_written_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
