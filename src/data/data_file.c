#include "vit/data_file.h"

#include "vit/file.h"
#include "vit/h5.h"
#include "vit/memory.h"
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { CLASSES_MAX = 65536, PART_BYTES = 64 };

static const char *const split_name[SPLIT_COUNT] = {"train", "test"};
static const char *const source_sha256_name[SPLIT_COUNT] = {"train_sha256", "test_sha256"};

/* "/train/images" */
static const char *part_name(DataSplit split, const char *what, char name[static PART_BYTES]) {
    snprintf(name, PART_BYTES, "/%s/%s", split_name[split], what);
    return name;
}

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

/* ---- what the header tells about the content ---- */

static void digest_add_labels(Digest *digest, const uint16_t *labels, size_t count) {
    unsigned char bytes[2048]; /* little-endian on every machine */
    for (size_t first = 0; first < count; first += sizeof bytes / 2) {
        size_t n = count - first < sizeof bytes / 2 ? count - first : sizeof bytes / 2;
        for (size_t i = 0; i < n; i++) {
            bytes[2 * i] = (unsigned char)(labels[first + i] & 0xff);
            bytes[2 * i + 1] = (unsigned char)(labels[first + i] >> 8);
        }
        digest_add(digest, bytes, 2 * n);
    }
}

/* The only form that pictures had in release 0.1.0, which left it out of the digest. */
static const Picture first_form = {.height = 32, .width = 32, .channels = 3};

/* The same bytes are other pictures in another form. */
static void digest_add_form(Digest *digest, Picture picture) {
    char text[64];
    if (picture.height == first_form.height && picture.width == first_form.width &&
        picture.channels == first_form.channels)
        return;
    snprintf(text, sizeof text, "%zux%zux%zu", picture.height, picture.width, picture.channels);
    digest_add(digest, text, strlen(text) + 1);
}

static Status content_digest(const DataSet *set, char text[static DIGEST_TEXT]) {
    Digest digest;
    STATUS_TRY(digest_init(&digest));
    digest_add_form(&digest, set->picture);
    for (size_t s = 0; s < SPLIT_COUNT; s++) {
        const DataRows *rows = &set->split[s];
        digest_add(&digest, rows->images, rows->count * picture_bytes(set->picture));
        digest_add_labels(&digest, rows->labels, rows->count);
        if (set->coarse_names.count)
            digest_add_labels(&digest, rows->coarse_labels, rows->count);
    }
    return digest_finish(&digest, text);
}

/* Mean and population variance of every channel, from exact integer sums. */
static void channel_moments(const DataRows *rows, DataHeader *header) {
    const size_t channels = header->picture.channels;
    const uint64_t n = rows->count * header->picture.height * header->picture.width;
    uint64_t sum[PICTURE_CHANNELS_MAX] = {0}, squares[PICTURE_CHANNELS_MAX] = {0};
    for (size_t i = 0; i < n; i++)
        for (size_t c = 0; c < channels; c++) {
            uint64_t pixel = rows->images[i * channels + c];
            sum[c] += pixel;
            squares[c] += pixel * pixel;
        }
    for (size_t c = 0; c < channels; c++) {
        unsigned __int128 spread = (unsigned __int128)n * squares[c];
        spread -= (unsigned __int128)sum[c] * sum[c];
        header->mean[c] = (double)sum[c] / (double)n;
        header->variance[c] = (double)spread / ((double)n * (double)n);
    }
}

/* ---- checks shared by reader and writer ---- */

static Status check_picture(const char *path, const char *name, Picture picture) {
    const bool fits = picture.height >= 1 && picture.height <= PICTURE_SIDE_MAX &&
                      picture.width >= 1 && picture.width <= PICTURE_SIDE_MAX &&
                      picture.channels >= 1 && picture.channels <= PICTURE_CHANNELS_MAX;
    if (fits)
        return STATUS_OK;
    return status_fail(
        STATUS_DATA,
        "%s: %s: has images of %zu rows, %zu columns and %zu channels (allowed: 1 to "
        "%d rows, 1 to %d columns and 1 to %d channels)",
        path, name, picture.height, picture.width, picture.channels, PICTURE_SIDE_MAX,
        PICTURE_SIDE_MAX, PICTURE_CHANNELS_MAX);
}

static Status check_labels(const char *path, const char *name, const uint16_t *labels, size_t first,
                           size_t count, size_t classes) {
    for (size_t i = 0; i < count; i++)
        if (labels[i] >= classes)
            return status_fail(STATUS_DATA,
                               "%s: %s: row %zu has label %u, but there are %zu classes", path,
                               name, first + i, labels[i], classes);
    return STATUS_OK;
}

static Status check_header(const char *path, const DataHeader *header) {
    if (header->classes < 1 || header->classes > CLASSES_MAX ||
        header->coarse_classes > CLASSES_MAX)
        return status_fail(STATUS_DATA, "%s: has %zu classes (allowed: 1 to %d)", path,
                           header->classes < 1 || header->classes > CLASSES_MAX
                               ? header->classes
                               : header->coarse_classes,
                           CLASSES_MAX);
    if (header->images[SPLIT_TRAIN] == 0)
        return status_fail(STATUS_DATA, "%s: has no training images", path);
    for (size_t c = 0; c < header->picture.channels; c++)
        if (!isfinite(header->mean[c]) || !isfinite(header->variance[c]) ||
            header->variance[c] <= 0.0)
            return status_fail(STATUS_DATA,
                               "%s: channel %zu has mean %g and variance %g; the training images "
                               "cannot be normalized",
                               path, c, header->mean[c], header->variance[c]);
    return STATUS_OK;
}

/* ---- reading ---- */

static Status check_dataset(const char *path, hid_t file, const char *name, hid_t type, size_t axes,
                            const size_t *wanted) {
    size_t found_axes, found[4];
    char found_text[H5_SHAPE_TEXT], wanted_text[H5_SHAPE_TEXT];
    STATUS_TRY(h5_shape(file, name, &found_axes, found));
    if (found_axes != axes || memcmp(found, wanted, axes * sizeof *found) != 0)
        return status_fail(STATUS_DATA, "%s: %s: has shape %s instead of %s", path, name,
                           h5_shape_text(found_axes, found, found_text),
                           h5_shape_text(axes, wanted, wanted_text));
    return h5_read_rows(file, name, type, 0, 0, NULL); /* its type, and that it is complete */
}

/* What all images of the file have to be, from the training images. */
static Status read_picture(const char *path, hid_t file, Picture *picture) {
    char name[PART_BYTES], text[H5_SHAPE_TEXT];
    size_t axes, shape[4];
    STATUS_TRY(h5_shape(file, part_name(SPLIT_TRAIN, "images", name), &axes, shape));
    if (axes != 4)
        return status_fail(STATUS_DATA,
                           "%s: %s: has shape %s; images are [number, height, width, channels]",
                           path, name, h5_shape_text(axes, shape, text));
    *picture = (Picture){shape[1], shape[2], shape[3]};
    return check_picture(path, name, *picture);
}

/* Images [number, height, width, channels] of the header's form, of any number. */
static Status read_image_count(const char *path, hid_t file, DataSplit split, DataHeader *header) {
    const Picture picture = header->picture;
    char name[PART_BYTES], train[PART_BYTES], text[H5_SHAPE_TEXT];
    size_t axes, shape[4];
    STATUS_TRY(h5_shape(file, part_name(split, "images", name), &axes, shape));
    if (axes != 4 || shape[1] != picture.height || shape[2] != picture.width ||
        shape[3] != picture.channels)
        return status_fail(STATUS_DATA,
                           "%s: %s: has shape %s, but the images of %s have %zu rows, %zu columns "
                           "and %zu channels",
                           path, name, h5_shape_text(axes, shape, text),
                           part_name(SPLIT_TRAIN, "images", train), picture.height, picture.width,
                           picture.channels);
    header->images[split] = shape[0];
    return STATUS_OK;
}

static void images_shape(const DataHeader *header, DataSplit split, size_t shape[static 4]) {
    shape[0] = header->images[split];
    shape[1] = header->picture.height;
    shape[2] = header->picture.width;
    shape[3] = header->picture.channels;
}

static Status check_split(const char *path, hid_t file, DataSplit split, DataHeader *header) {
    char name[PART_BYTES];
    size_t wanted[4];
    STATUS_TRY(read_image_count(path, file, split, header));
    images_shape(header, split, wanted);
    STATUS_TRY(
        check_dataset(path, file, part_name(split, "images", name), H5T_NATIVE_UINT8, 4, wanted));
    STATUS_TRY(
        check_dataset(path, file, part_name(split, "labels", name), H5T_NATIVE_UINT16, 1, wanted));
    if (header->coarse_classes == 0)
        return STATUS_OK;
    return check_dataset(path, file, part_name(split, "coarse_labels", name), H5T_NATIVE_UINT16, 1,
                         wanted);
}

static Status count_names(hid_t file, const char *name, size_t *count) {
    char *text;
    size_t width;
    STATUS_TRY(h5_read_strings(file, name, count, &width, &text));
    memory_free(text);
    return STATUS_OK;
}

/* A digest attribute; "" is allowed where there was nothing to digest. */
static Status read_digest(const char *path, hid_t file, const char *attribute, bool may_be_empty,
                          char digest[static DIGEST_TEXT]) {
    char *text;
    STATUS_TRY(h5_get_text(file, "/", attribute, &text));
    size_t length = strlen(text);
    bool fits = length == DIGEST_TEXT - 1 || (length == 0 && may_be_empty);
    if (fits)
        memcpy(digest, text, length + 1);
    memory_free(text);
    return fits ? STATUS_OK
                : status_fail(STATUS_DATA, "%s: / @%s: is not a SHA-256", path, attribute);
}

static Status read_header(const char *path, hid_t file, DataHeader *header) {
    *header = (DataHeader){0};
    STATUS_TRY(count_names(file, "/label_names", &header->classes));
    if (h5_exists(file, "/coarse_label_names"))
        STATUS_TRY(count_names(file, "/coarse_label_names", &header->coarse_classes));
    STATUS_TRY(read_picture(path, file, &header->picture));
    for (DataSplit split = 0; split < SPLIT_COUNT; split++)
        STATUS_TRY(check_split(path, file, split, header));
    const size_t channels = header->picture.channels;
    STATUS_TRY(h5_get_reals(file, "/", "channel_mean", channels, header->mean));
    STATUS_TRY(h5_get_reals(file, "/", "channel_variance", channels, header->variance));
    STATUS_TRY(read_digest(path, file, "content_sha256", false, header->content_sha256));
    return check_header(path, header);
}

Status data_file_read_header(const char *path, DataHeader *header) {
    hid_t file;
    STATUS_TRY(h5_open(path, &file));
    Status status = read_header(path, file, header);
    Status closed = h5_close(file);
    return status != STATUS_OK ? status : closed;
}

/* The shapes are checked with every reading: this may be another file than the one that the header
 * was read from, on another machine or replaced since, and its rows must fit into the caller's. */
static Status read_images(const char *path, hid_t file, const DataHeader *header, DataSplit split,
                          size_t first, size_t count, uint8_t *images) {
    char name[PART_BYTES];
    size_t shape[4];
    images_shape(header, split, shape);
    part_name(split, "images", name);
    STATUS_TRY(check_dataset(path, file, name, H5T_NATIVE_UINT8, 4, shape));
    return h5_read_rows(file, name, H5T_NATIVE_UINT8, first, count, images);
}

static Status read_labels(const char *path, hid_t file, const DataHeader *header, DataSplit split,
                          bool coarse, size_t first, size_t count, uint16_t *labels) {
    char name[PART_BYTES];
    part_name(split, coarse ? "coarse_labels" : "labels", name);
    STATUS_TRY(check_dataset(path, file, name, H5T_NATIVE_UINT16, 1, &header->images[split]));
    STATUS_TRY(h5_read_rows(file, name, H5T_NATIVE_UINT16, first, count, labels));
    return check_labels(path, name, labels, first, count,
                        coarse ? header->coarse_classes : header->classes);
}

static Status check_coarse(const char *path, const DataHeader *header, bool coarse) {
    return coarse && header->coarse_classes == 0
               ? status_fail(STATUS_DATA, "%s: has no coarse labels", path)
               : STATUS_OK;
}

Status data_file_read_labels(const char *path, const DataHeader *header, DataSplit split,
                             bool coarse, uint16_t *labels) {
    STATUS_TRY(check_coarse(path, header, coarse));
    hid_t file;
    STATUS_TRY(h5_open(path, &file));
    Status status =
        read_labels(path, file, header, split, coarse, 0, header->images[split], labels);
    Status closed = h5_close(file);
    return status != STATUS_OK ? status : closed;
}

Status data_file_read_rows(const char *path, const DataHeader *header, DataSplit split, bool coarse,
                           size_t first, size_t count, uint8_t *images, uint16_t *labels) {
    STATUS_TRY(check_coarse(path, header, coarse));
    hid_t file;
    STATUS_TRY(h5_open(path, &file));
    Status status = read_images(path, file, header, split, first, count, images);
    if (status == STATUS_OK)
        status = read_labels(path, file, header, split, coarse, first, count, labels);
    Status closed = h5_close(file);
    return status != STATUS_OK ? status : closed;
}

static Status read_split(const char *path, hid_t file, const DataHeader *header, DataSplit split,
                         DataRows *rows) {
    const size_t count = rows->count = header->images[split];
    STATUS_TRY(memory_allocate(&rows->images, count, picture_bytes(header->picture), "images"));
    STATUS_TRY(memory_allocate(&rows->labels, count, sizeof *rows->labels, "labels"));
    STATUS_TRY(read_images(path, file, header, split, 0, count, rows->images));
    STATUS_TRY(read_labels(path, file, header, split, false, 0, count, rows->labels));
    if (header->coarse_classes == 0)
        return STATUS_OK;
    STATUS_TRY(memory_allocate(&rows->coarse_labels, count, sizeof *rows->labels, "coarse labels"));
    return read_labels(path, file, header, split, true, 0, count, rows->coarse_labels);
}

static Status read_names(hid_t file, const char *name, DataNames *names) {
    return h5_read_strings(file, name, &names->count, &names->width, &names->text);
}

static Status read_all(const char *path, hid_t file, DataHeader *header, DataSet *set) {
    STATUS_TRY(read_header(path, file, header));
    set->picture = header->picture;
    STATUS_TRY(read_names(file, "/label_names", &set->names));
    if (header->coarse_classes)
        STATUS_TRY(read_names(file, "/coarse_label_names", &set->coarse_names));
    char *source;
    STATUS_TRY(h5_get_text(file, "/", "source", &source));
    snprintf(set->source, sizeof set->source, "%s", source);
    memory_free(source);
    for (DataSplit split = 0; split < SPLIT_COUNT; split++) {
        STATUS_TRY(
            read_digest(path, file, source_sha256_name[split], true, set->source_sha256[split]));
        STATUS_TRY(read_split(path, file, header, split, &set->split[split]));
    }
    char digest[DIGEST_TEXT];
    STATUS_TRY(content_digest(set, digest));
    if (strcmp(digest, header->content_sha256) != 0)
        return status_fail(STATUS_DATA,
                           "%s: the images and labels have SHA-256 %s, but the file says %s", path,
                           digest, header->content_sha256);
    return STATUS_OK;
}

Status data_file_read_all(const char *path, DataHeader *header, DataSet *set) {
    *set = (DataSet){0};
    hid_t file;
    STATUS_TRY(h5_open(path, &file));
    Status status = read_all(path, file, header, set);
    Status closed = h5_close(file);
    if (status == STATUS_OK)
        status = closed;
    if (status != STATUS_OK)
        data_set_free(set);
    return status;
}

/* ---- writing ---- */

static Status check_set(const char *path, const DataSet *set) {
    STATUS_TRY(check_picture(path, "/train/images", set->picture));
    for (DataSplit split = 0; split < SPLIT_COUNT; split++) {
        const DataRows *rows = &set->split[split];
        char name[PART_BYTES];
        STATUS_TRY(check_labels(path, part_name(split, "labels", name), rows->labels, 0,
                                rows->count, set->names.count));
        if (set->coarse_names.count)
            STATUS_TRY(check_labels(path, part_name(split, "coarse_labels", name),
                                    rows->coarse_labels, 0, rows->count, set->coarse_names.count));
    }
    return STATUS_OK;
}

static Status make_header(const char *path, const DataSet *set, DataHeader *header) {
    *header = (DataHeader){.picture = set->picture,
                           .classes = set->names.count,
                           .coarse_classes = set->coarse_names.count};
    for (size_t s = 0; s < SPLIT_COUNT; s++)
        header->images[s] = set->split[s].count;
    channel_moments(&set->split[SPLIT_TRAIN], header);
    STATUS_TRY(check_header(path, header));
    return content_digest(set, header->content_sha256);
}

static Status write_split(hid_t file, const DataHeader *header, DataSplit split,
                          const DataRows *rows) {
    char name[PART_BYTES];
    size_t shape[4];
    images_shape(header, split, shape);
    STATUS_TRY(h5_write(file, part_name(split, "images", name), H5T_STD_U8LE, H5T_NATIVE_UINT8, 4,
                        shape, rows->images));
    STATUS_TRY(h5_write(file, part_name(split, "labels", name), H5T_STD_U16LE, H5T_NATIVE_UINT16, 1,
                        shape, rows->labels));
    if (header->coarse_classes == 0)
        return STATUS_OK;
    return h5_write(file, part_name(split, "coarse_labels", name), H5T_STD_U16LE, H5T_NATIVE_UINT16,
                    1, shape, rows->coarse_labels);
}

static Status write_all(hid_t file, const DataHeader *header, const DataSet *set) {
    const size_t channels = header->picture.channels;
    for (DataSplit split = 0; split < SPLIT_COUNT; split++) {
        STATUS_TRY(write_split(file, header, split, &set->split[split]));
        STATUS_TRY(h5_set_text(file, "/", source_sha256_name[split], set->source_sha256[split]));
    }
    STATUS_TRY(h5_write_strings(file, "/label_names", set->names.count, set->names.width,
                                set->names.text));
    if (header->coarse_classes)
        STATUS_TRY(h5_write_strings(file, "/coarse_label_names", set->coarse_names.count,
                                    set->coarse_names.width, set->coarse_names.text));
    STATUS_TRY(h5_set_text(file, "/", "source", set->source));
    STATUS_TRY(h5_set_text(file, "/", "content_sha256", header->content_sha256));
    STATUS_TRY(h5_set_reals(file, "/", "channel_mean", channels, header->mean));
    return h5_set_reals(file, "/", "channel_variance", channels, header->variance);
}

/* HDF5 may call a file closed that a full disk has cut, so only what can be read back counts. */
static Status verify_written(const char *path, const DataHeader *written) {
    DataHeader header;
    DataSet set;
    Status status = data_file_read_all(path, &header, &set);
    data_set_free(&set);
    if (status == STATUS_OK && strcmp(header.content_sha256, written->content_sha256) == 0)
        return STATUS_OK;
    if (status == STATUS_INTERNAL)
        return status;
    return status_fail(STATUS_IO, "%s: was not written as it should be: %s", path,
                       status == STATUS_OK ? "it reads back otherwise" : status_message());
}

Status data_file_write(const char *path, const DataSet *set) {
    DataHeader header;
    char temporary[FILE_PATH_MAX];
    STATUS_TRY(check_set(path, set));
    STATUS_TRY(make_header(path, set, &header));
    STATUS_TRY(file_temporary(path, temporary));
    hid_t file;
    Status status = h5_create(temporary, &file);
    if (status == STATUS_OK)
        status = write_all(file, &header, set);
    Status closed = h5_close(file);
    if (status == STATUS_OK)
        status = closed;
    if (status == STATUS_OK)
        status = verify_written(temporary, &header);
    if (status == STATUS_OK)
        return file_commit(temporary, path);
    unlink(temporary);
    return status;
}
