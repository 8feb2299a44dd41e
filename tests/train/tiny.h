#ifndef VIT_TEST_TINY_H
#define VIT_TEST_TINY_H

/* A data file whose every pixel is known, and a job so small that a step takes a few milliseconds,
 * in a folder of the test's own that is the current one of all ranks. */

#include "folder.h"
#include "mpi_check.h"
#include "plan.h"
#include "vit/data_set.h"
#include "vit/memory.h"
#include <math.h>
#include <string.h>

/* With validation_split = 0.2: 19 images to train on, three batches of 8, 8 and 3; 5 to validate
 * with. The batch's units are of 2 images. */
enum {
    TINY_IMAGES = 24,
    TINY_TRAIN = 19,
    TINY_VALIDATION = TINY_IMAGES - TINY_TRAIN,
    TINY_TEST = 11,
    TINY_CLASSES = 7,
    TINY_BATCH = 8,
    TINY_UNIT = 2,
    TINY_PIXELS = 8 * 10 * 2 /* bytes of a picture */
};

static const Picture tiny_picture = {.height = 8, .width = 10, .channels = 2};

static const char tiny_job[] = "[data]\nfile = data.h5\nbatch_size = 8\nvalidation_split = 0.2\n"
                               "[augment]\nimage_size = 12\nrotation = 0.1\n"
                               "[model]\npatch_size = 4\ndim = 8\ndepth = 1\nheads = 2\n"
                               "key_dim = 4\nmlp = 8\nhead = 12\n"
                               "[train]\nepochs = 2\nunit_images = 2\n"
                               "[run]\nprogress = none\ntime_limit = none\n";

static inline uint16_t tiny_label(DataSplit split, size_t image) {
    return (uint16_t)((5 * image + split) % TINY_CLASSES);
}

static inline uint8_t tiny_pixel(DataSplit split, size_t image, size_t i) {
    return (uint8_t)((i * 2654435761u + image * 40503u + split * 977u) >> 9);
}

static inline void tiny_pixels(DataSplit split, size_t image, uint8_t pixels[static TINY_PIXELS]) {
    for (size_t i = 0; i < TINY_PIXELS; i++)
        pixels[i] = tiny_pixel(split, image, i);
}

/* The same for another file, in which classes stand one after another, four images of each. */
static inline uint16_t tiny_sorted_label(DataSplit split, size_t image) {
    (void)split;
    return (uint16_t)(image / 4);
}

static inline Status tiny_rows(DataRows *rows, DataSplit split, size_t count,
                               uint16_t (*label)(DataSplit split, size_t image)) {
    rows->count = count;
    STATUS_TRY(memory_allocate(&rows->images, count, TINY_PIXELS, "images"));
    STATUS_TRY(memory_allocate(&rows->labels, count, sizeof *rows->labels, "labels"));
    for (size_t image = 0; image < count; image++) {
        rows->labels[image] = label(split, image);
        tiny_pixels(split, image, rows->images + image * TINY_PIXELS);
    }
    return STATUS_OK;
}

/* A data file without coarse labels. */
static inline Status tiny_write_data(const char *path,
                                     uint16_t (*label)(DataSplit split, size_t image)) {
    DataSet set = {
        .picture = tiny_picture, .origin.source = "a test", .names = {TINY_CLASSES, 4, NULL}};
    Status status = memory_allocate(&set.names.text, TINY_CLASSES, 4, "names");
    for (size_t c = 0; status == STATUS_OK && c < TINY_CLASSES; c++)
        set.names.text[4 * c] = (char)('a' + c);
    if (status == STATUS_OK)
        status = tiny_rows(&set.split[SPLIT_TRAIN], SPLIT_TRAIN, TINY_IMAGES, label);
    if (status == STATUS_OK)
        status = tiny_rows(&set.split[SPLIT_TEST], SPLIT_TEST, TINY_TEST, label);
    if (status == STATUS_OK)
        status = data_set_write(path, &set);
    data_set_free(&set);
    return status;
}

static inline bool tiny_write_job(void) {
    FILE *file = fopen("tiny.ini", "w");
    return file && fputs(tiny_job, file) >= 0 && fclose(file) == 0;
}

/* After test_start; collective. The folder holds data.h5, sorted.h5 and tiny.ini. */
static inline void tiny_enter(void) {
    if (world.rank == 0) {
        CHECK(enter_folder(NULL) == 0);
        CHECK(tiny_write_data("data.h5", tiny_label) == STATUS_OK);
        CHECK(tiny_write_data("sorted.h5", tiny_sorted_label) == STATUS_OK);
        CHECK(tiny_write_job());
    }
    ranks_broadcast(&world, folder, sizeof folder);
    CHECK(chdir(folder) == 0);
}

/* Before test_end; collective. */
static inline void tiny_leave(void) {
    MPI_Barrier(world.comm);
    CHECK(world.rank != 0 || leave_folder(NULL) == 0);
}

/* tiny.ini with overrides, as after `vit_mpi tiny.ini --set ...`; command and overrides must
 * outlive the plan. Collective. */
static inline Status tiny_plan(Plan *plan, Command *command, size_t overrides,
                               const char **override) {
    *command = (Command){.job = "tiny.ini", .override_count = overrides, .overrides = override};
    return plan_read(plan, &world, command, INFINITY);
}

#endif
