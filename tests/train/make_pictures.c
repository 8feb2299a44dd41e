/* make_pictures OUT.h5 HEIGHT WIDTH CHANNELS: a data file of noisy pictures of that form, 110 to
 * train on and 30 to test, in which brightness tells the class. For the shell tests. */

#include "vit/data_set.h"
#include "vit/memory.h"
#include <stdio.h>
#include <stdlib.h>

enum { CLASSES = 5, TRAIN = 110, TEST = 30, NAME_BYTES = 8 };

static Status make_rows(DataRows *rows, size_t count, size_t bytes) {
    rows->count = count;
    STATUS_TRY(memory_allocate(&rows->images, count, bytes, "images"));
    STATUS_TRY(memory_allocate(&rows->labels, count, sizeof *rows->labels, "labels"));
    for (size_t i = 0; i < count; i++) {
        rows->labels[i] = (uint16_t)(i % CLASSES);
        for (size_t b = 0; b < bytes; b++) {
            const size_t noise = ((i * bytes + b) * 2654435761u >> 11) % 100;
            rows->images[i * bytes + b] = (uint8_t)(30 * rows->labels[i] + noise);
        }
    }
    return STATUS_OK;
}

static Status make_set(DataSet *set) {
    const size_t bytes = picture_bytes(set->picture);
    STATUS_TRY(memory_allocate(&set->names.text, CLASSES, NAME_BYTES, "names"));
    for (size_t i = 0; i < CLASSES; i++)
        snprintf(set->names.text + i * NAME_BYTES, NAME_BYTES, "grey %zu", i);
    STATUS_TRY(make_rows(&set->split[SPLIT_TRAIN], TRAIN, bytes));
    return make_rows(&set->split[SPLIT_TEST], TEST, bytes);
}

int main(int argc, char **argv) {
    if (argc != 5)
        return 64;
    DataSet set = {.picture = {strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10),
                               strtoul(argv[4], NULL, 10)},
                   .origin.source = "a test",
                   .names = {.count = CLASSES, .width = NAME_BYTES}};
    Status status = make_set(&set);
    if (status == STATUS_OK)
        status = data_set_write(argv[1], &set);
    if (status != STATUS_OK)
        fprintf(stderr, "%s\n", status_message());
    data_set_free(&set);
    return (int)status;
}
