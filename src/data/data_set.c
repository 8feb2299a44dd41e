#include "vit/data_set.h"

#include "data_layout.h"
#include "vit/content.h"
#include "vit/data_writer.h"
#include "vit/memory.h"
#include <string.h>

void data_set_free(DataSet *set) {
    for (size_t s = 0; s < SPLIT_COUNT; s++) {
        memory_free(set->split[s].images);
        memory_free(set->split[s].labels);
        memory_free(set->split[s].coarse_labels);
    }
    memory_free(set->names.text);
    memory_free(set->coarse_names.text);
    *set = (DataSet){0};
}

/* ---- reading ---- */

static Status read_split(const char *path, const DataHeader *header, DataSplit split,
                         DataRows *rows) {
    const size_t count = rows->count = header->images[split];
    STATUS_TRY(memory_allocate(&rows->images, count, picture_bytes(header->picture), "images"));
    STATUS_TRY(memory_allocate(&rows->labels, count, sizeof *rows->labels, "labels"));
    if (!data_has_split(header, split))
        return STATUS_OK;
    STATUS_TRY(
        data_file_read_rows(path, header, split, false, 0, count, rows->images, rows->labels));
    if (header->coarse_classes == 0)
        return STATUS_OK;
    STATUS_TRY(memory_allocate(&rows->coarse_labels, count, sizeof *rows->labels, "coarse labels"));
    return data_file_read_labels(path, header, split, true, rows->coarse_labels);
}

static Status digest_set(const DataSet *set, char text[static DIGEST_TEXT]) {
    Digest digest;
    STATUS_TRY(content_begin(&digest, set->picture));
    for (size_t s = 0; s < SPLIT_COUNT; s++) {
        const DataRows *rows = &set->split[s];
        if (s == SPLIT_VALIDATION && rows->count)
            content_add_validation(&digest);
        digest_add(&digest, rows->images, rows->count * picture_bytes(set->picture));
        content_add_labels(&digest, rows->labels, rows->count);
        if (set->coarse_names.count)
            content_add_labels(&digest, rows->coarse_labels, rows->count);
    }
    return digest_finish(&digest, text);
}

static Status read_all(const char *path, DataHeader *header, DataSet *set) {
    char digest[DIGEST_TEXT];
    STATUS_TRY(data_file_read_header(path, header));
    set->picture = header->picture;
    STATUS_TRY(data_file_read_names(path, false, &set->names));
    if (header->coarse_classes)
        STATUS_TRY(data_file_read_names(path, true, &set->coarse_names));
    STATUS_TRY(data_file_read_origin(path, &set->origin));
    for (DataSplit split = 0; split < SPLIT_COUNT; split++)
        STATUS_TRY(read_split(path, header, split, &set->split[split]));
    STATUS_TRY(digest_set(set, digest));
    return data_file_check_content(path, header, digest);
}

Status data_set_read(const char *path, DataHeader *header, DataSet *set) {
    *set = (DataSet){0};
    const Status status = read_all(path, header, set);
    if (status != STATUS_OK)
        data_set_free(set);
    return status;
}

/* ---- writing ---- */

static Status write_rows(DataWriter *writer, const DataSet *set) {
    for (DataSplit split = 0; split < SPLIT_COUNT; split++) {
        const DataRows *rows = &set->split[split];
        STATUS_TRY(data_writer_add(writer, split, rows->count, rows->images, rows->labels,
                                   rows->coarse_labels));
    }
    return data_writer_finish(writer, &set->origin);
}

Status data_set_write(const char *path, const DataSet *set) {
    DataOutline outline = {
        .picture = set->picture, .names = set->names, .coarse_names = set->coarse_names};
    DataWriter *writer;
    for (size_t s = 0; s < SPLIT_COUNT; s++)
        outline.most[s] = set->split[s].count;
    Status status = data_writer_open(&writer, path, &outline);
    if (status == STATUS_OK)
        status = write_rows(writer, set);
    data_writer_free(writer);
    return status;
}
