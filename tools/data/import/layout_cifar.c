#include "layout.h"
#include "layout_file.h"
#include "vit/memory.h"
#include <stdio.h>

/* What the format fixes. A record is label bytes, then a plane of red, of green, of blue. */
static const Picture cifar_picture = {32, 32, 3};
enum { IMAGE_BYTES = 32 * 32 * 3 };

typedef struct Version {
    const char *title;
    size_t label_bytes;
    size_t fine_at, coarse_at;        /* which of the label bytes */
    const char *train, *test;         /* files; train NULL: data_batch_1.bin and so on */
    const char *names, *coarse_names; /* files; coarse_names NULL: no coarse labels */
} Version;

static const Version cifar100 = {.title = "CIFAR-100 binary version",
                                 .label_bytes = 2,
                                 .fine_at = 1,
                                 .coarse_at = 0,
                                 .train = "train.bin",
                                 .test = "test.bin",
                                 .names = "fine_label_names.txt",
                                 .coarse_names = "coarse_label_names.txt"};
static const Version cifar10 = {.title = "CIFAR-10 binary version",
                                .label_bytes = 1,
                                .test = "test_batch.bin",
                                .names = "batches.meta.txt"};

static size_t record_bytes(const Version *version) {
    return version->label_bytes + IMAGE_BYTES;
}

/* ---- labels ---- */

/* Those of one kind, `at` that byte of each record. */
static Status read_labels(const Version *version, const LayoutFile *file, size_t at,
                          const char *kind, const DataNames *names, uint16_t *labels) {
    for (size_t i = 0; i < file->count / record_bytes(version); i++) {
        labels[i] = file->bytes[i * record_bytes(version) + at];
        if (labels[i] >= names->count)
            return status_fail(STATUS_DATA,
                               "%s: record %zu has %s label %u, but there are %zu names",
                               file->name, i, kind, labels[i], names->count);
    }
    return STATUS_OK;
}

static Status add_records(const Version *version, const LayoutFile *file, DataSplit split,
                          uint16_t *labels, uint16_t *coarse, ImportSet *set) {
    const ImportRows rows =
        import_set_plane_rows(file->bytes + version->label_bytes, cifar_picture,
                              record_bytes(version), file->count / record_bytes(version));
    STATUS_TRY(read_labels(version, file, version->fine_at,
                           version->coarse_names ? "fine" : "class", &set->names, labels));
    if (version->coarse_names)
        STATUS_TRY(
            read_labels(version, file, version->coarse_at, "coarse", &set->coarse_names, coarse));
    return import_set_add_rows(set, file->name, split, &rows, labels, coarse);
}

static Status add_file(const void *context, const LayoutFile *file, DataSplit split,
                       ImportSet *set) {
    const Version *version = context;
    const size_t records = file->count / record_bytes(version);
    uint16_t *labels;
    if (records == 0 || file->count % record_bytes(version) != 0)
        return status_fail(STATUS_DATA,
                           "%s: its %zu bytes are %zu records of %zu bytes and %zu bytes more",
                           file->name, file->count, records, record_bytes(version),
                           file->count % record_bytes(version));
    STATUS_TRY(memory_allocate(&labels, 2 * records, sizeof *labels, "labels"));
    const Status status = add_records(version, file, split, labels, labels + records, set);
    memory_free(labels);
    return status;
}

/* ---- the layout ---- */

static bool is_100(const Source *source) {
    return source_has(source, "train.bin") || source_has(source, "test.bin");
}

bool layout_cifar_recognizes(const Source *source) {
    return is_100(source) || source_has(source, "test_batch.bin") ||
           source_has(source, "data_batch_1.bin");
}

Status layout_cifar_list(Source *source, ImportSet *set) {
    const Version *version = is_100(source) ? &cifar100 : &cifar10;
    const LayoutSplits splits = {version->train, version->test, "data_batch_",
                                 ".bin",         add_file,      version};
    STATUS_TRY(layout_file_need_names(source, version->names, &set->names));
    if (version->coarse_names)
        STATUS_TRY(layout_file_need_names(source, version->coarse_names, &set->coarse_names));
    snprintf(set->title, sizeof set->title, "%s", version->title);
    set->keeps_order = true;
    set->is_cifar100 = version == &cifar100;
    return layout_file_list_splits(source, &splits, set);
}
