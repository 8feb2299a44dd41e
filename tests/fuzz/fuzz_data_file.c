/* Data files as the program reads them: see hdf5_edit.c. */

#include "fuzz.h"
#include "vit/data_set.h"
#include "vit/memory.h"
#include <math.h>
#include <string.h>

static const Picture picture = {32, 32, 3};

static void make_split(DataRows *rows, size_t count, unsigned seed) {
    const size_t bytes = picture_bytes(picture);
    rows->count = count;
    DEMAND(memory_allocate(&rows->images, count, bytes, "fuzz") == STATUS_OK);
    DEMAND(memory_allocate(&rows->labels, count, 2, "fuzz") == STATUS_OK);
    DEMAND(memory_allocate(&rows->coarse_labels, count, 2, "fuzz") == STATUS_OK);
    for (size_t i = 0; i < count * bytes; i++)
        rows->images[i] = (uint8_t)((i * 2654435761u + seed) >> 11);
    for (size_t i = 0; i < count; i++) {
        rows->labels[i] = (uint16_t)((i + seed) % 3);
        rows->coarse_labels[i] = rows->labels[i] == 2;
    }
}

Status subject_write(const char *path) {
    DataSet set = {.picture = picture,
                   .origin.source = "a fuzzer",
                   .names = {3, 4, NULL},
                   .coarse_names = {2, 7, NULL}};
    memset(set.origin.sha256[SPLIT_TRAIN], 'a', DIGEST_TEXT - 1);
    DEMAND(memory_allocate(&set.names.text, 3, 4, "fuzz") == STATUS_OK);
    DEMAND(memory_allocate(&set.coarse_names.text, 2, 7, "fuzz") == STATUS_OK);
    memcpy(set.names.text, "ant\0bee\0cow", 12);
    memcpy(set.coarse_names.text, "insect\0mammal", 14);
    make_split(&set.split[SPLIT_TRAIN], 4, 0);
    make_split(&set.split[SPLIT_TEST], 2, 1);
    Status status = data_set_write(path, &set);
    data_set_free(&set);
    return status;
}

static void add_header(Digest *digest, const DataHeader *header) {
    digest_add(digest, header->images, sizeof header->images);
    digest_add(digest, &header->picture, sizeof header->picture);
    digest_add(digest, &header->classes, sizeof header->classes);
    digest_add(digest, &header->coarse_classes, sizeof header->coarse_classes);
    digest_add(digest, header->mean, sizeof header->mean);
    digest_add(digest, header->variance, sizeof header->variance);
    digest_add(digest, header->content_sha256, sizeof header->content_sha256);
}

static void check_header(const DataHeader *header) {
    DEMAND(header->classes >= 1 && header->classes <= 65536 && header->coarse_classes <= 65536);
    DEMAND(header->images[SPLIT_TRAIN] > 0);
    DEMAND(strlen(header->content_sha256) == DIGEST_TEXT - 1 || !header->content_sha256[0]);
    DEMAND(header->picture.height >= 1 && header->picture.height <= PICTURE_SIDE_MAX);
    DEMAND(header->picture.width >= 1 && header->picture.width <= PICTURE_SIDE_MAX);
    DEMAND(header->picture.channels >= 1 && header->picture.channels <= PICTURE_CHANNELS_MAX);
    for (size_t c = 0; header->has_statistics && c < header->picture.channels; c++)
        DEMAND(isfinite(header->mean[c]) && isfinite(header->variance[c]) &&
               header->variance[c] > 0);
}

static Status add_rows(Digest *digest, const char *path, const DataHeader *header, DataSplit split,
                       bool coarse) {
    const size_t count = header->images[split], bytes = picture_bytes(header->picture);
    uint8_t *images = NULL;
    uint16_t *labels = NULL;
    Status status = memory_allocate(&images, count, bytes, "fuzz");
    if (status == STATUS_OK)
        status = memory_allocate(&labels, count, sizeof *labels, "fuzz");
    if (status == STATUS_OK)
        status = data_file_read_rows(path, header, split, coarse, 0, count, images, labels);
    if (status == STATUS_OK) {
        digest_add(digest, images, count * bytes);
        digest_add(digest, labels, count * sizeof *labels);
        for (size_t i = 0; i < count; i++)
            DEMAND(labels[i] < (coarse ? header->coarse_classes : header->classes));
    }
    memory_free(images);
    memory_free(labels);
    return status;
}

/* What a training does. */
static Status read_for_training(const char *path, char content[static DIGEST_TEXT]) {
    DataHeader header;
    Digest digest;
    STATUS_TRY(data_file_read_header(path, &header));
    check_header(&header);
    STATUS_TRY(digest_init(&digest));
    add_header(&digest, &header);
    Status status = STATUS_OK;
    for (DataSplit split = 0; split < SPLIT_COUNT && status == STATUS_OK; split++) {
        if (split == SPLIT_VALIDATION && header.images[split] == 0)
            continue;
        status = add_rows(&digest, path, &header, split, false);
        if (status == STATUS_OK && header.coarse_classes)
            status = add_rows(&digest, path, &header, split, true);
    }
    Status finished = __real_digest_finish(&digest, content);
    return status == STATUS_OK ? finished : status;
}

static void add_names(Digest *digest, const DataNames *names) {
    for (size_t i = 0; i < names->count; i++)
        DEMAND(memchr(names->text + i * names->width, '\0', names->width));
    digest_add(digest, &names->count, sizeof names->count);
    digest_add(digest, &names->width, sizeof names->width);
    digest_add(digest, names->text, names->count * names->width);
}

/* What `vit_data info` does. */
static Status read_all(const char *path, char content[static DIGEST_TEXT]) {
    DataHeader header;
    DataSet set;
    Digest digest;
    STATUS_TRY(data_set_read(path, &header, &set));
    check_header(&header);
    DEMAND(digest_init(&digest) == STATUS_OK);
    add_header(&digest, &header);
    add_names(&digest, &set.names);
    add_names(&digest, &set.coarse_names);
    digest_add(&digest, set.origin.source, strlen(set.origin.source));
    digest_add(&digest, &set.origin.sha256, sizeof set.origin.sha256);
    for (size_t s = 0; s < SPLIT_COUNT; s++) {
        const DataRows *rows = &set.split[s];
        digest_add(&digest, rows->images, rows->count * picture_bytes(set.picture));
        digest_add(&digest, rows->labels, rows->count * sizeof *rows->labels);
        if (rows->coarse_labels)
            digest_add(&digest, rows->coarse_labels, rows->count * sizeof *rows->labels);
    }
    data_set_free(&set);
    return __real_digest_finish(&digest, content);
}

const Reader subject_readers[] = {{"training", read_for_training}, {"all", read_all}};
const size_t subject_reader_count = sizeof subject_readers / sizeof *subject_readers;
