#include "h5_dataset.h"
#include "h5_storage.h"
#include "h5_text.h"
#include "h5_type.h"
#include "vit/memory.h"
#include <stdio.h>
#include <string.h>

enum { CHUNK_BYTES = 1 << 20 };

/* Chunks of whole rows with checksums; never filled with zeros first. Negative on error. */
static hid_t dataset_creation(hid_t type, size_t rank, const hsize_t *shape) {
    hsize_t chunk[H5_RANK_MAX], row_bytes = H5Tget_size(type);
    for (size_t i = 1; i < rank; i++) {
        chunk[i] = shape[i] ? shape[i] : 1;
        row_bytes *= chunk[i];
    }
    chunk[0] = row_bytes && row_bytes < CHUNK_BYTES ? CHUNK_BYTES / row_bytes : 1;
    if (chunk[0] > shape[0])
        chunk[0] = shape[0] ? shape[0] : 1;
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (creation >= 0 && H5Pset_chunk(creation, (int)rank, chunk) >= 0 &&
        H5Pset_fletcher32(creation) >= 0 && H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER) >= 0 &&
        H5Pset_obj_track_times(creation, false) >= 0)
        return creation;
    if (creation >= 0)
        H5Pclose(creation);
    return H5I_INVALID_HID;
}

Status h5_make_dataset(hid_t file, const char *name, hid_t file_type, size_t rank,
                       const size_t *shape) {
    if (rank < 1 || rank > H5_RANK_MAX)
        return status_fail(STATUS_INTERNAL, "%s: a dataset of rank %zu", name, rank);
    const char *slash = strrchr(name, '/');
    STATUS_TRY(h5_make_groups(file, name, slash ? (size_t)(slash - name) : 0));
    hsize_t sizes[H5_RANK_MAX];
    for (size_t i = 0; i < rank; i++)
        sizes[i] = shape[i];
    hid_t creation = dataset_creation(file_type, rank, sizes);
    hid_t space = H5Screate_simple((int)rank, sizes, NULL), dataset = H5I_INVALID_HID;
    if (creation >= 0 && space >= 0)
        dataset = H5Dcreate2(file, name, file_type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    Status status = STATUS_OK;
    if (dataset < 0 || H5Dclose(dataset) < 0)
        status = h5_fail_call(file, STATUS_IO, name, "cannot be created");
    if (creation >= 0)
        H5Pclose(creation);
    if (space >= 0)
        H5Sclose(space);
    return status;
}

const char *h5_shape_text(size_t rank, const size_t *shape, char text[static H5_SHAPE_TEXT]) {
    size_t used = (size_t)snprintf(text, H5_SHAPE_TEXT, "[");
    for (size_t i = 0; i < rank; i++)
        used +=
            (size_t)snprintf(text + used, H5_SHAPE_TEXT - used, "%s%zu", i ? ", " : "", shape[i]);
    snprintf(text + used, H5_SHAPE_TEXT - used, "]");
    return text;
}

/* As h5_describe; for an open dataset. */
static const char *describe(const H5Dataset *dataset, char text[static H5_DESCRIPTION_TEXT]) {
    char type[H5_TYPE_TEXT], shape_text[H5_SHAPE_TEXT];
    size_t shape[H5_RANK_MAX] = {0};
    const hid_t stored = H5Dget_type(dataset->id);
    for (size_t i = 0; i < dataset->rank; i++)
        shape[i] = dataset->shape[i];
    snprintf(text, H5_DESCRIPTION_TEXT, "%s %s", h5_type_text(stored, type),
             h5_shape_text(dataset->rank, shape, shape_text));
    if (stored >= 0)
        H5Tclose(stored);
    return text;
}

static Status check_type(hid_t file, const char *name, const H5Dataset *dataset,
                         hid_t memory_type) {
    char found[H5_DESCRIPTION_TEXT], wanted[H5_TYPE_TEXT], what[160];
    const hid_t stored = H5Dget_type(dataset->id);
    const bool same = h5_type_is_same(stored, memory_type);
    if (stored >= 0)
        H5Tclose(stored);
    if (same)
        return STATUS_OK;
    snprintf(what, sizeof what, "is %s, not %s", describe(dataset, found),
             h5_type_text(memory_type, wanted));
    return h5_fail_content(file, name, what);
}

/* Selects rows in the dataset's space and makes the matching memory space (H5Sclose). */
static Status select_rows(hid_t file, const char *name, H5Dataset *dataset, size_t first,
                          size_t rows, hid_t *memory_space) {
    *memory_space = H5I_INVALID_HID;
    if (first > dataset->shape[0] || rows > dataset->shape[0] - first) {
        char path[FILE_PATH_MAX];
        h5_file_name(file, path);
        return status_fail(STATUS_DATA, "%s: %s: has %zu rows, but %zu from row %zu on are needed",
                           path, name, (size_t)dataset->shape[0], rows, first);
    }
    hsize_t start[H5_RANK_MAX] = {first}, count[H5_RANK_MAX];
    memcpy(count, dataset->shape, sizeof count);
    count[0] = rows;
    *memory_space = H5Screate_simple((int)dataset->rank, count, NULL);
    if (*memory_space < 0 ||
        H5Sselect_hyperslab(dataset->space, H5S_SELECT_SET, start, NULL, count, NULL) < 0)
        return h5_fail_call(file, STATUS_INTERNAL, name, "its rows cannot be selected");
    return STATUS_OK;
}

Status h5_write_rows(hid_t file, const char *name, hid_t memory_type, size_t first, size_t rows,
                     const void *values) {
    H5Dataset dataset;
    hid_t memory_space = H5I_INVALID_HID;
    Status status = h5_dataset_open(file, name, &dataset);
    if (status == STATUS_OK)
        status = select_rows(file, name, &dataset, first, rows, &memory_space);
    if (status == STATUS_OK && rows > 0 &&
        H5Dwrite(dataset.id, memory_type, memory_space, dataset.space, H5P_DEFAULT, values) < 0)
        status = h5_fail_call(file, STATUS_IO, name, "cannot be written");
    if (memory_space >= 0)
        H5Sclose(memory_space);
    /* The last chunk reaches the disk here. */
    if (!h5_dataset_close(&dataset) && status == STATUS_OK)
        status = h5_fail_call(file, STATUS_IO, name, "cannot be written");
    return status;
}

Status h5_write(hid_t file, const char *name, hid_t file_type, hid_t memory_type, size_t rank,
                const size_t *shape, const void *values) {
    STATUS_TRY(h5_make_dataset(file, name, file_type, rank, shape));
    return h5_write_rows(file, name, memory_type, 0, shape[0], values);
}

/* After a virtual dataset was read: for a source that HDF5 could not open it gave zeros. Those that
 * it did open are closed with the dataset. */
static Status check_sources(hid_t file, const char *name, H5Dataset *dataset) {
    if (!h5_storage_is_virtual(dataset))
        return STATUS_OK;
    if (!h5_dataset_close(dataset))
        return h5_fail_call(file, STATUS_INTERNAL, name, "cannot be closed");
    STATUS_TRY(h5_dataset_open(file, name, dataset));
    return h5_storage_check(file, name, dataset);
}

static Status read_rows(hid_t file, const char *name, H5Dataset *dataset, hid_t memory_type,
                        size_t first, size_t rows, void *values) {
    hid_t memory_space = H5I_INVALID_HID;
    Status status = h5_storage_check(file, name, dataset);
    if (status == STATUS_OK)
        status = select_rows(file, name, dataset, first, rows, &memory_space);
    if (status == STATUS_OK && rows > 0 &&
        H5Dread(dataset->id, memory_type, memory_space, dataset->space, H5P_DEFAULT, values) < 0)
        status = h5_fail_call(file, STATUS_DATA, name, "is damaged");
    if (memory_space >= 0)
        H5Sclose(memory_space);
    return status == STATUS_OK && rows > 0 ? check_sources(file, name, dataset) : status;
}

static Status close_read(hid_t file, const char *name, H5Dataset *dataset, Status status) {
    if (!h5_dataset_close(dataset) && status == STATUS_OK)
        return h5_fail_call(file, STATUS_INTERNAL, name, "cannot be closed");
    return status;
}

Status h5_read_rows(hid_t file, const char *name, hid_t memory_type, size_t first, size_t rows,
                    void *values) {
    H5Dataset dataset;
    Status status = h5_dataset_open(file, name, &dataset);
    if (status == STATUS_OK)
        status = check_type(file, name, &dataset, memory_type);
    if (status == STATUS_OK)
        status = read_rows(file, name, &dataset, memory_type, first, rows, values);
    return close_read(file, name, &dataset, status);
}

/* [rows] or [rows, 1]. */
static Status check_integers(hid_t file, const char *name, const H5Dataset *dataset) {
    char found[H5_DESCRIPTION_TEXT], what[160];
    const hid_t stored = H5Dget_type(dataset->id);
    const bool whole = h5_type_converts(stored, H5T_NATIVE_INT64);
    if (stored >= 0)
        H5Tclose(stored);
    if (whole && (dataset->rank == 1 || (dataset->rank == 2 && dataset->shape[1] == 1)))
        return STATUS_OK;
    snprintf(what, sizeof what, "is %s, not whole numbers [%llu]", describe(dataset, found),
             (unsigned long long)dataset->shape[0]);
    return h5_fail_content(file, name, what);
}

Status h5_read_integers(hid_t file, const char *name, size_t first, size_t rows, int64_t *values) {
    H5Dataset dataset;
    Status status = h5_dataset_open(file, name, &dataset);
    if (status == STATUS_OK)
        status = check_integers(file, name, &dataset);
    if (status == STATUS_OK)
        status = read_rows(file, name, &dataset, H5T_NATIVE_INT64, first, rows, values);
    return close_read(file, name, &dataset, status);
}

Status h5_trim_rows(hid_t file, const char *name, size_t rows) {
    H5Dataset dataset;
    Status status = h5_dataset_open(file, name, &dataset);
    if (status == STATUS_OK && rows < dataset.shape[0]) {
        dataset.shape[0] = rows;
        if (H5Dset_extent(dataset.id, dataset.shape) < 0)
            status = h5_fail_call(file, STATUS_IO, name, "cannot be made shorter");
    }
    if (!h5_dataset_close(&dataset) && status == STATUS_OK)
        status = h5_fail_call(file, STATUS_IO, name, "cannot be made shorter");
    return status;
}

Status h5_describe(hid_t file, const char *name, char text[static H5_DESCRIPTION_TEXT]) {
    H5Dataset dataset;
    Status status = h5_dataset_open(file, name, &dataset);
    if (status == STATUS_OK)
        describe(&dataset, text);
    return close_read(file, name, &dataset, status);
}

bool h5_holds(hid_t file, const char *name, hid_t memory_type) {
    H5Dataset dataset;
    bool holds = false;
    if (h5_dataset_open(file, name, &dataset) == STATUS_OK) {
        const hid_t stored = H5Dget_type(dataset.id);
        holds = h5_type_is_same(stored, memory_type);
        H5Tclose(stored);
    }
    h5_dataset_close(&dataset);
    return holds;
}

Status h5_shape(hid_t file, const char *name, size_t *rank, size_t shape[static 4]) {
    H5Dataset dataset;
    Status status = h5_dataset_open(file, name, &dataset);
    if (status == STATUS_OK)
        status = h5_storage_check(file, name, &dataset);
    *rank = dataset.rank;
    for (size_t i = 0; i < dataset.rank; i++)
        shape[i] = dataset.shape[i];
    return close_read(file, name, &dataset, status);
}

Status h5_read(hid_t file, const char *name, hid_t memory_type, size_t rank, const size_t *shape,
               void *values) {
    size_t found_rank, found[4];
    STATUS_TRY(h5_shape(file, name, &found_rank, found));
    if (found_rank != rank || memcmp(found, shape, rank * sizeof *shape) != 0) {
        char path[FILE_PATH_MAX], is[H5_SHAPE_TEXT], wanted[H5_SHAPE_TEXT];
        h5_file_name(file, path);
        return status_fail(STATUS_DATA, "%s: %s: has shape %s instead of %s", path, name,
                           h5_shape_text(found_rank, found, is),
                           h5_shape_text(rank, shape, wanted));
    }
    return h5_read_rows(file, name, memory_type, 0, shape[0], values);
}

Status h5_write_strings(hid_t file, const char *name, size_t count, size_t width,
                        const char *strings) {
    hid_t type = h5_text_type(width);
    if (type < 0)
        return h5_fail_call(file, STATUS_INTERNAL, name, "its type cannot be made");
    Status status = h5_write(file, name, type, type, 1, &count, strings);
    H5Tclose(type);
    return status;
}

static herr_t read_texts(hid_t dataset, hid_t memory_type, void *values) {
    return H5Dread(dataset, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
}

static Status fail_count(hid_t file, const char *name, hsize_t count) {
    char what[80];
    snprintf(what, sizeof what, "holds %llu texts (allowed: %d at most)", (unsigned long long)count,
             H5_STRINGS_MOST);
    return h5_fail_content(file, name, what);
}

static Status read_strings(hid_t file, const char *name, const H5Dataset *dataset, H5Texts *texts) {
    if (dataset->rank != 1)
        return h5_fail_content(file, name, "is not a list of strings");
    STATUS_TRY(h5_storage_check(file, name, dataset));
    if (dataset->shape[0] > H5_STRINGS_MOST)
        return fail_count(file, name, dataset->shape[0]);
    const hid_t stored = H5Dget_type(dataset->id);
    const H5TextSource source = {
        file, name, dataset->id, stored, dataset->space, dataset->shape[0], read_texts};
    const Status status = h5_text_read(&source, texts);
    if (stored >= 0)
        H5Tclose(stored);
    return status;
}

Status h5_read_strings(hid_t file, const char *name, size_t *count, size_t *width, char **strings) {
    H5Dataset dataset;
    H5Texts texts = {0};
    Status status = h5_dataset_open(file, name, &dataset);
    if (status == STATUS_OK)
        status = read_strings(file, name, &dataset, &texts);
    *count = texts.count;
    *width = texts.width;
    *strings = texts.text;
    h5_dataset_close(&dataset);
    return status;
}
