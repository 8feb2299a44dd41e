#include "vit/data_writer.h"

#include "data_layout.h"
#include "vit/content.h"
#include "vit/data_survey.h"
#include "vit/file.h"
#include "vit/h5.h"
#include "vit/memory.h"
#include "vit/moments.h"
#include <string.h>
#include <unistd.h>

struct DataWriter {
    char path[FILE_PATH_MAX], temporary[FILE_PATH_MAX];
    hid_t file;
    DataOutline outline;
    size_t images[SPLIT_COUNT];       /* so far */
    DataSplit split;                  /* that rows are added to */
    uint16_t *labels, *coarse_labels; /* of that split, [outline.most[split]] */
    Moments moments;                  /* of training images */
    Digest content;
    DataHeader header; /* at the end */
};

static bool has_coarse(const DataWriter *writer) {
    return writer->outline.coarse_names.count > 0;
}

/* ---- splits, one after another ---- */

static void free_labels(DataWriter *writer) {
    memory_free(writer->labels);
    memory_free(writer->coarse_labels);
    writer->labels = writer->coarse_labels = NULL;
}

static Status make_labels(DataWriter *writer, DataSplit split, const char *what) {
    char name[DATA_PART_TEXT];
    return h5_make_dataset(writer->file, data_part(split, what, name), H5T_STD_U16LE, 1,
                           &writer->outline.most[split]);
}

static Status begin_split(DataWriter *writer, DataSplit split) {
    const Picture picture = writer->outline.picture;
    const size_t most = writer->outline.most[split];
    const size_t shape[4] = {most, picture.height, picture.width, picture.channels};
    char name[DATA_PART_TEXT];
    writer->split = split;
    STATUS_TRY(memory_allocate(&writer->labels, most, sizeof *writer->labels, "labels"));
    if (has_coarse(writer))
        STATUS_TRY(
            memory_allocate(&writer->coarse_labels, most, sizeof *writer->labels, "coarse labels"));
    if (split == SPLIT_VALIDATION)
        content_add_validation(&writer->content);
    STATUS_TRY(
        h5_make_dataset(writer->file, data_part(split, "images", name), H5T_STD_U8LE, 4, shape));
    STATUS_TRY(make_labels(writer, split, "labels"));
    return has_coarse(writer) ? make_labels(writer, split, "coarse_labels") : STATUS_OK;
}

static Status write_labels(DataWriter *writer, const char *what, const uint16_t *labels) {
    char name[DATA_PART_TEXT];
    const size_t images = writer->images[writer->split];
    data_part(writer->split, what, name);
    STATUS_TRY(h5_trim_rows(writer->file, name, images));
    content_add_labels(&writer->content, labels, images);
    return h5_write_rows(writer->file, name, H5T_NATIVE_UINT16, 0, images, labels);
}

static Status end_split(DataWriter *writer) {
    char name[DATA_PART_TEXT];
    STATUS_TRY(h5_trim_rows(writer->file, data_part(writer->split, "images", name),
                            writer->images[writer->split]));
    STATUS_TRY(write_labels(writer, "labels", writer->labels));
    if (has_coarse(writer))
        STATUS_TRY(write_labels(writer, "coarse_labels", writer->coarse_labels));
    free_labels(writer);
    return STATUS_OK;
}

/* Up to that split: all but the one for validation are there even if empty. */
static Status go_to(DataWriter *writer, DataSplit split) {
    while (writer->split < split) {
        STATUS_TRY(end_split(writer));
        STATUS_TRY(begin_split(writer, writer->split + 1));
    }
    return STATUS_OK;
}

/* ---- the life of a writer ---- */

static Status open_writer(DataWriter *writer, const char *path, const DataOutline *outline) {
    writer->outline = *outline;
    writer->file = H5I_INVALID_HID;
    STATUS_TRY(data_check_picture(path, "/train/images", outline->picture));
    STATUS_TRY(file_temporary(path, writer->temporary));
    memcpy(writer->path, path, strlen(path) + 1);
    STATUS_TRY(content_begin(&writer->content, outline->picture));
    STATUS_TRY(h5_create(writer->temporary, &writer->file));
    return begin_split(writer, SPLIT_TRAIN);
}

Status data_writer_open(DataWriter **writer, const char *path, const DataOutline *outline) {
    STATUS_TRY(memory_allocate(writer, 1, sizeof **writer, path));
    return open_writer(*writer, path, outline);
}

/* Keeps labels until the end of their split. */
static Status add_labels(DataWriter *writer, const char *what, size_t count, const uint16_t *labels,
                         const DataNames *names, uint16_t *kept) {
    char name[DATA_PART_TEXT];
    const size_t first = writer->images[writer->split];
    memcpy(kept + first, labels, count * sizeof *labels);
    return data_check_labels(writer->path, data_part(writer->split, what, name), labels, first,
                             count, names->count);
}

Status data_writer_add(DataWriter *writer, DataSplit split, size_t count, const uint8_t *images,
                       const uint16_t *labels, const uint16_t *coarse_labels) {
    const DataOutline *outline = &writer->outline;
    char name[DATA_PART_TEXT];
    if (count == 0)
        return STATUS_OK;
    STATUS_TRY(go_to(writer, split));
    const size_t first = writer->images[split];
    if (writer->split != split || count > outline->most[split] - first)
        return status_fail(STATUS_INTERNAL, "%s: rows of %s that were not announced", writer->path,
                           data_part(split, "images", name));
    STATUS_TRY(add_labels(writer, "labels", count, labels, &outline->names, writer->labels));
    if (has_coarse(writer))
        STATUS_TRY(add_labels(writer, "coarse_labels", count, coarse_labels, &outline->coarse_names,
                              writer->coarse_labels));
    digest_add(&writer->content, images, count * picture_bytes(outline->picture));
    if (split == SPLIT_TRAIN)
        moments_add(&writer->moments, outline->picture, images, count);
    STATUS_TRY(h5_write_rows(writer->file, data_part(split, "images", name), H5T_NATIVE_UINT8,
                             first, count, images));
    writer->images[split] += count;
    return STATUS_OK;
}

/* ---- the end ---- */

static Status make_header(DataWriter *writer) {
    const DataOutline *outline = &writer->outline;
    DataHeader *header = &writer->header;
    *header = (DataHeader){.picture = outline->picture,
                           .classes = outline->names.count,
                           .coarse_classes = outline->coarse_names.count};
    memcpy(header->images, writer->images, sizeof header->images);
    header->has_statistics = header->images[SPLIT_TRAIN] > 0;
    if (header->has_statistics)
        moments_get(&writer->moments, outline->picture.channels, header->mean, header->variance);
    STATUS_TRY(data_file_check_header(writer->path, header));
    return digest_finish(&writer->content, header->content_sha256);
}

static Status write_names(const DataWriter *writer, const char *name, const DataNames *names) {
    return h5_write_strings(writer->file, name, names->count, names->width, names->text);
}

static Status write_attributes(const DataWriter *writer, const DataOrigin *origin) {
    const hid_t file = writer->file;
    const DataHeader *header = &writer->header;
    const size_t channels = header->picture.channels;
    char name[DATA_PART_TEXT];
    STATUS_TRY(write_names(writer, data_label_names, &writer->outline.names));
    if (has_coarse(writer))
        STATUS_TRY(write_names(writer, data_coarse_label_names, &writer->outline.coarse_names));
    for (DataSplit split = 0; split < SPLIT_COUNT; split++)
        if (data_has_split(header, split))
            STATUS_TRY(
                h5_set_text(file, "/", data_source_attribute(split, name), origin->sha256[split]));
    STATUS_TRY(h5_set_text(file, "/", "source", origin->source));
    STATUS_TRY(h5_set_text(file, "/", "content_sha256", header->content_sha256));
    STATUS_TRY(h5_set_reals(file, "/", "channel_mean", channels, header->mean));
    return h5_set_reals(file, "/", "channel_variance", channels, header->variance);
}

/* HDF5 may call a file closed that a full disk has cut, so only what can be read back counts. */
static Status verify_written(const DataWriter *writer) {
    const char *written = writer->header.content_sha256;
    DataSurvey survey;
    const Status status = data_survey(writer->temporary, &survey);
    const bool same = status == STATUS_OK && strcmp(survey.content_sha256, written) == 0 &&
                      strcmp(survey.header.content_sha256, written) == 0;
    data_survey_free(&survey);
    if (same || status == STATUS_INTERNAL)
        return status;
    return status_fail(STATUS_IO, "%s: was not written as it should be: %s", writer->temporary,
                       status == STATUS_OK ? "it reads back otherwise" : status_message());
}

static Status close_file(DataWriter *writer) {
    const Status status = h5_close(writer->file);
    writer->file = H5I_INVALID_HID;
    return status;
}

Status data_writer_finish(DataWriter *writer, const DataOrigin *origin) {
    STATUS_TRY(go_to(writer, SPLIT_TEST));
    STATUS_TRY(end_split(writer));
    STATUS_TRY(make_header(writer));
    STATUS_TRY(write_attributes(writer, origin));
    STATUS_TRY(close_file(writer));
    STATUS_TRY(verify_written(writer));
    const Status status = file_commit(writer->temporary, writer->path);
    writer->temporary[0] = '\0';
    return status;
}

void data_writer_free(DataWriter *writer) {
    if (!writer)
        return;
    close_file(writer);
    if (writer->temporary[0])
        unlink(writer->temporary);
    digest_free(&writer->content);
    free_labels(writer);
    memory_free(writer);
}
