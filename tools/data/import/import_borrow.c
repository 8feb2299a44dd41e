#include "import_borrow.h"

#include "class_names.h"
#include "vit/memory.h"
#include "vit/size.h"
#include <string.h>

enum { BLOCK_BYTES = 8 << 20 };

Status import_borrow_open(ImportBorrow *borrow, const char *path) {
    *borrow = (ImportBorrow){.path = path};
    if (!path)
        return STATUS_OK;
    STATUS_TRY(data_file_read_header(path, &borrow->header));
    return data_file_read_origin(path, &borrow->origin);
}

/* ---- classes ---- */

static Status make_test_split(const char *source, ImportSet *set) {
    ImportSamples *train = &set->split[SPLIT_TRAIN], *test = &set->split[SPLIT_TEST];
    if (train->count && test->count)
        return status_fail(STATUS_USAGE,
                           "%s: has pictures for training; --train-from is for what has none",
                           source);
    if (train->count == 0)
        return STATUS_OK;
    memory_free(test->sample);
    *test = *train;
    *train = (ImportSamples){0};
    return STATUS_OK;
}

/* The number that the file has for each of the set's classes, [set->names.count]. */
static Status find_classes(const ImportBorrow *borrow, const char *source, const ImportSet *set,
                           const DataNames *names, uint16_t *number) {
    for (size_t i = 0; i < set->names.count; i++) {
        const char *name = class_names_at(&set->names, i);
        size_t class = 0;
        while (class < names->count && strcmp(class_names_at(names, class), name) != 0)
            class ++;
        if (class == names->count)
            return status_fail(STATUS_DATA, "%s: the class %s is not in %s", source, name,
                               borrow->path);
        number[i] = (uint16_t) class;
    }
    return STATUS_OK;
}

static void renumber(ImportSet *set, const uint16_t *number) {
    for (size_t s = 0; s < SPLIT_COUNT; s++)
        for (size_t i = 0; i < set->split[s].count; i++)
            set->split[s].sample[i].label = number[set->split[s].sample[i].label];
}

static Status match_names(const ImportBorrow *borrow, const char *source, const DataNames *names,
                          ImportSet *set) {
    uint16_t *number;
    if (set->is_numbered)
        return set->names.count <= names->count
                   ? STATUS_OK
                   : status_fail(STATUS_DATA, "%s: has label %zu, but %s has %zu classes", source,
                                 set->names.count - 1, borrow->path, names->count);
    STATUS_TRY(memory_allocate(&number, set->names.count, sizeof *number, "classes"));
    const Status status = find_classes(borrow, source, set, names, number);
    if (status == STATUS_OK)
        renumber(set, number);
    memory_free(number);
    return status;
}

Status import_borrow_classes(const ImportBorrow *borrow, const char *source, ImportSet *set) {
    DataNames names;
    STATUS_TRY(make_test_split(source, set));
    STATUS_TRY(data_file_read_names(borrow->path, false, &names));
    const Status status = match_names(borrow, source, &names, set);
    if (status != STATUS_OK) {
        memory_free(names.text);
        return status;
    }
    memory_free(set->names.text);
    memory_free(set->coarse_names.text);
    set->names = names;
    set->coarse_names = (DataNames){0};
    return STATUS_OK;
}

/* ---- images ---- */

static Status copy_rows(const ImportBorrow *borrow, size_t rows, uint8_t *images, uint16_t *labels,
                        DataWriter *writer) {
    const size_t all = borrow->header.images[SPLIT_TRAIN];
    for (size_t first = 0; first < all; first += rows) {
        const size_t count = size_smaller(rows, all - first);
        STATUS_TRY(data_file_read_rows(borrow->path, &borrow->header, SPLIT_TRAIN, false, first,
                                       count, images, labels));
        STATUS_TRY(data_writer_add(writer, SPLIT_TRAIN, count, images, labels, NULL));
    }
    return STATUS_OK;
}

Status import_borrow_copy(const ImportBorrow *borrow, DataWriter *writer) {
    const size_t bytes = picture_bytes(borrow->header.picture);
    const size_t rows = size_groups(BLOCK_BYTES, bytes);
    uint8_t *images;
    uint16_t *labels = NULL;
    STATUS_TRY(memory_allocate(&images, rows, bytes, "images"));
    Status status = memory_allocate(&labels, rows, sizeof *labels, "labels");
    if (status == STATUS_OK)
        status = copy_rows(borrow, rows, images, labels, writer);
    memory_free(labels);
    memory_free(images);
    return status;
}
