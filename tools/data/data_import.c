#include "source.h"
#include "vit/log.h"
#include "vit/memory.h"
#include "vit_data.h"
#include <stdio.h>
#include <string.h>

/* What the format fixes. A record is label bytes, then PIXELS of red, of green, of blue. */
enum { SIDE = 32, CHANNELS = 3, PIXELS = SIDE * SIDE, IMAGE_BYTES = PIXELS * CHANNELS };

typedef struct Layout {
    const char *title;
    size_t label_bytes;
    size_t fine_at, coarse_at;        /* which of the label bytes */
    const char *names, *coarse_names; /* files; coarse_names NULL: no coarse labels */
} Layout;

static const Layout cifar100 = {.title = "CIFAR-100 binary version",
                                .label_bytes = 2,
                                .fine_at = 1,
                                .coarse_at = 0,
                                .names = "fine_label_names.txt",
                                .coarse_names = "coarse_label_names.txt"};
static const Layout cifar10 = {
    .title = "CIFAR-10 binary version", .label_bytes = 1, .names = "batches.meta.txt"};

/* The members of cifar-100-binary.tar.gz as published with it. */
static const char *const official_sha256[] = {
    "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
    "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a"};

bool data_is_official(DataSplit split, const char *sha256) {
    return split != SPLIT_VALIDATION && strcmp(sha256, official_sha256[split]) == 0;
}

/* The files of one split, in order. */
typedef struct Parts {
    size_t count;
    const SourceFile *file[SOURCE_FILES_MAX];
} Parts;

static bool is_batch(const char *name) {
    unsigned number;
    int end = 0;
    return sscanf(name, "data_batch_%4u.bin%n", &number, &end) == 1 && end > 0 && !name[end];
}

static bool is_wanted(const char *name) {
    static const char *const names[] = {
        "train.bin",      "test.bin",        "fine_label_names.txt", "coarse_label_names.txt",
        "test_batch.bin", "batches.meta.txt"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return is_batch(name);
}

static Status require(const Source *source, const char *path, const char *name,
                      const SourceFile **file) {
    *file = source_find(source, name);
    return *file ? STATUS_OK : status_fail(STATUS_DATA, "%s: %s is missing", path, name);
}

/* ---- names ---- */

/* The bytes of text without white space at its end. */
static size_t trimmed(const char *text, size_t bytes) {
    while (bytes && strchr(" \t\r\n", text[bytes - 1]))
        bytes--;
    return bytes;
}

/* Moves *at past the next line; false when there is none. */
static bool next_line(const char *text, size_t bytes, size_t *at, const char **line,
                      size_t *length) {
    if (*at >= bytes)
        return false;
    *line = text + *at;
    const char *end = memchr(*line, '\n', bytes - *at);
    *length = end ? (size_t)(end - *line) : bytes - *at;
    *at += *length + 1;
    if (*length && (*line)[*length - 1] == '\r')
        --*length;
    return true;
}

/* One name a line; empty lines at the end do not count. */
static Status import_names(const SourceFile *file, DataNames *names) {
    const char *text = (const char *)file->bytes, *line;
    size_t bytes = trimmed(text, file->count), length;
    for (size_t at = 0; next_line(text, bytes, &at, &line, &length);) {
        names->count++;
        if (length == 0 || memchr(line, '\0', length))
            return status_fail(STATUS_DATA, "%s: line %zu is not a name", file->path, names->count);
        if (names->width < length + 1)
            names->width = length + 1;
    }
    if (names->count == 0)
        return status_fail(STATUS_DATA, "%s: holds no names", file->path);
    STATUS_TRY(memory_allocate(&names->text, names->count, names->width, file->path));
    char *name = names->text;
    for (size_t at = 0; next_line(text, bytes, &at, &line, &length); name += names->width)
        memcpy(name, line, length);
    return STATUS_OK;
}

/* ---- records ---- */

static Status import_label(const SourceFile *file, size_t record, uint8_t label, const char *kind,
                           const DataNames *names, uint16_t *to) {
    *to = label;
    if (label < names->count)
        return STATUS_OK;
    return status_fail(STATUS_DATA, "%s: record %zu has %s label %u, but there are %zu names",
                       file->path, record, kind, label, names->count);
}

static Status import_records(const Layout *layout, const SourceFile *file, const DataSet *set,
                             DataRows *rows, size_t first) {
    size_t record_bytes = layout->label_bytes + IMAGE_BYTES;
    for (size_t i = 0; i < file->count / record_bytes; i++) {
        const uint8_t *record = file->bytes + i * record_bytes;
        STATUS_TRY(import_label(file, i, record[layout->fine_at],
                                layout->coarse_names ? "fine" : "class", &set->names,
                                &rows->labels[first + i]));
        if (layout->coarse_names)
            STATUS_TRY(import_label(file, i, record[layout->coarse_at], "coarse",
                                    &set->coarse_names, &rows->coarse_labels[first + i]));
        uint8_t *image = rows->images + (first + i) * IMAGE_BYTES;
        const uint8_t *planes = record + layout->label_bytes;
        for (size_t p = 0; p < PIXELS; p++)
            for (size_t c = 0; c < CHANNELS; c++)
                image[p * CHANNELS + c] = planes[c * PIXELS + p];
    }
    return STATUS_OK;
}

static Status count_records(const Layout *layout, const Parts *parts, size_t *records) {
    size_t record_bytes = layout->label_bytes + IMAGE_BYTES;
    *records = 0;
    for (size_t i = 0; i < parts->count; i++) {
        const SourceFile *file = parts->file[i];
        if (file->count == 0 || file->count % record_bytes != 0)
            return status_fail(STATUS_DATA,
                               "%s: its %zu bytes are %zu records of %zu bytes and %zu bytes more",
                               file->path, file->count, file->count / record_bytes, record_bytes,
                               file->count % record_bytes);
        *records += file->count / record_bytes;
    }
    return STATUS_OK;
}

static Status digest_parts(const Parts *parts, char text[static DIGEST_TEXT]) {
    Digest digest;
    STATUS_TRY(digest_init(&digest));
    for (size_t i = 0; i < parts->count; i++)
        digest_add(&digest, parts->file[i]->bytes, parts->file[i]->count);
    return digest_finish(&digest, text);
}

static Status import_split(const Layout *layout, const Parts *parts, DataSplit split,
                           DataSet *set) {
    DataRows *rows = &set->split[split];
    STATUS_TRY(count_records(layout, parts, &rows->count));
    STATUS_TRY(digest_parts(parts, set->origin.sha256[split]));
    STATUS_TRY(memory_allocate(&rows->images, rows->count, IMAGE_BYTES, "images"));
    STATUS_TRY(memory_allocate(&rows->labels, rows->count, sizeof *rows->labels, "labels"));
    if (layout->coarse_names)
        STATUS_TRY(memory_allocate(&rows->coarse_labels, rows->count, sizeof *rows->labels,
                                   "coarse labels"));
    size_t record_bytes = layout->label_bytes + IMAGE_BYTES;
    for (size_t i = 0, first = 0; i < parts->count; i++) {
        STATUS_TRY(import_records(layout, parts->file[i], set, rows, first));
        first += parts->file[i]->count / record_bytes;
    }
    return STATUS_OK;
}

/* ---- the two layouts ---- */

/* data_batch_1.bin, data_batch_2.bin, ...: as many as there are, without a gap. */
static Status find_batches(const Source *source, const char *path, Parts *parts) {
    size_t batches = 0;
    for (size_t i = 0; i < source->count; i++)
        batches += is_batch(source->file[i].name);
    for (; parts->count < batches || batches == 0; parts->count++) {
        char name[SOURCE_NAME_MAX];
        snprintf(name, sizeof name, "data_batch_%zu.bin", parts->count + 1);
        STATUS_TRY(require(source, path, name, &parts->file[parts->count]));
    }
    return STATUS_OK;
}

static Status find_parts(const Source *source, const char *path, const Layout *layout,
                         Parts parts[static SPLIT_COUNT]) {
    bool is_100 = layout == &cifar100;
    parts[SPLIT_TRAIN].count = parts[SPLIT_TEST].count = 0;
    if (!is_100) {
        STATUS_TRY(find_batches(source, path, &parts[SPLIT_TRAIN]));
    } else {
        STATUS_TRY(require(source, path, "train.bin", &parts[SPLIT_TRAIN].file[0]));
        parts[SPLIT_TRAIN].count = 1;
    }
    parts[SPLIT_TEST].count = 1;
    return require(source, path, is_100 ? "test.bin" : "test_batch.bin",
                   &parts[SPLIT_TEST].file[0]);
}

static Status find_layout(const Source *source, const char *path, const Layout **layout) {
    *layout = &cifar10;
    if (source_find(source, "train.bin") || source_find(source, "test.bin"))
        *layout = &cifar100;
    else if (!source_find(source, "test_batch.bin") && !source_find(source, "data_batch_1.bin"))
        return status_fail(STATUS_DATA,
                           "%s: holds neither train.bin (CIFAR-100) nor data_batch_1.bin "
                           "(CIFAR-10); it must be the 'binary version'",
                           path);
    return STATUS_OK;
}

static Status import_source(const Source *source, const char *path, const Layout *layout,
                            DataSet *set) {
    Parts parts[SPLIT_COUNT];
    const SourceFile *names;
    set->picture = (Picture){SIDE, SIDE, CHANNELS};
    STATUS_TRY(find_parts(source, path, layout, parts));
    STATUS_TRY(require(source, path, layout->names, &names));
    STATUS_TRY(import_names(names, &set->names));
    if (layout->coarse_names) {
        STATUS_TRY(require(source, path, layout->coarse_names, &names));
        STATUS_TRY(import_names(names, &set->coarse_names));
    }
    for (DataSplit split = 0; split < SPLIT_VALIDATION; split++)
        STATUS_TRY(import_split(layout, &parts[split], split, set));
    const char *slash = strrchr(path, '/');
    snprintf(set->origin.source, sizeof set->origin.source, "%s from %s", layout->title,
             slash && slash[1] ? slash + 1 : path);
    return STATUS_OK;
}

static void say_official(const DataSet *set) {
    static const char *const name[] = {"train.bin", "test.bin"};
    for (DataSplit split = 0; split < SPLIT_VALIDATION; split++) {
        if (data_is_official(split, set->origin.sha256[split]))
            log_info("%s is the official CIFAR-100 file (SHA-256 %s).", name[split],
                     set->origin.sha256[split]);
        else
            log_warning("%s is not the official CIFAR-100 file: its SHA-256 is %s, that of the "
                        "official one %s.",
                        name[split], set->origin.sha256[split], official_sha256[split]);
    }
}

Status data_import(const char *path, const char *out) {
    Source source;
    DataSet set = {0};
    const Layout *layout = NULL;
    Status status = source_read(path, is_wanted, &source);
    if (status == STATUS_OK)
        status = find_layout(&source, path, &layout);
    if (status == STATUS_OK)
        status = import_source(&source, path, layout, &set);
    source_free(&source);
    if (status == STATUS_OK && layout == &cifar100)
        say_official(&set);
    if (status == STATUS_OK)
        status = data_write(out, &set);
    data_set_free(&set);
    return status;
}
