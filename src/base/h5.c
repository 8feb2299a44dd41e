#include "h5_file.h"

#include "vit/memory.h"
#include <stdio.h>
#include <string.h>

enum { RANK_MAX = 4, CHUNK_BYTES = 1 << 20 };

/* Chunks of whole rows with checksums; never filled with zeros first. Negative on error. */
static hid_t dataset_creation(hid_t type, size_t rank, const hsize_t *shape) {
    hsize_t chunk[RANK_MAX], row_bytes = H5Tget_size(type);
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
    if (rank < 1 || rank > RANK_MAX)
        return status_fail(STATUS_INTERNAL, "%s: a dataset of rank %zu", name, rank);
    const char *slash = strrchr(name, '/');
    STATUS_TRY(h5_make_groups(file, name, slash ? (size_t)(slash - name) : 0));
    hsize_t sizes[RANK_MAX];
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

/* A dataset with its shape. */
typedef struct Dataset {
    hid_t id, space;
    size_t rank;
    hsize_t shape[RANK_MAX];
} Dataset;

static bool dataset_close(Dataset *dataset) {
    bool closed = dataset->space < 0 || H5Sclose(dataset->space) >= 0;
    return (dataset->id < 0 || H5Dclose(dataset->id) >= 0) && closed;
}

/* Opens without a cache of chunks: every call moves whole ranges of rows once, and a chunk that a
 * full disk refused must not stay behind, where it would fail again, and crash, when the process
 * ends. */
static hid_t open_uncached(hid_t file, const char *name) {
    hid_t access = H5Pcreate(H5P_DATASET_ACCESS), id = H5I_INVALID_HID;
    if (access >= 0 && H5Pset_chunk_cache(access, 0, 0, H5D_CHUNK_CACHE_W0_DEFAULT) >= 0)
        id = H5Dopen2(file, name, access);
    if (access >= 0)
        H5Pclose(access);
    return id;
}

/* Needs dataset_close also after an error. */
static Status dataset_open(hid_t file, const char *name, Dataset *dataset) {
    *dataset = (Dataset){.id = H5I_INVALID_HID, .space = H5I_INVALID_HID};
    if (!h5_exists(file, name))
        return h5_fail_content(file, name, "is missing");
    dataset->id = open_uncached(file, name);
    if (dataset->id < 0)
        return h5_fail_call(file, STATUS_DATA, name, "cannot be opened");
    dataset->space = H5Dget_space(dataset->id);
    if (dataset->space < 0)
        return h5_fail_call(file, STATUS_DATA, name, "has no readable shape");
    int rank = H5Sget_simple_extent_ndims(dataset->space);
    if (rank < 1 || rank > RANK_MAX)
        return h5_fail_content(file, name, "is not an array of 1 to 4 dimensions");
    dataset->rank = (size_t)rank;
    if (H5Sget_simple_extent_dims(dataset->space, dataset->shape, NULL) != rank)
        return h5_fail_call(file, STATUS_DATA, name, "has no readable shape");
    return STATUS_OK;
}

static Status dataset_check_type(hid_t file, const char *name, const Dataset *dataset,
                                 hid_t memory_type) {
    hid_t stored = H5Dget_type(dataset->id);
    bool same = h5_same_type(stored, memory_type);
    if (stored >= 0)
        H5Tclose(stored);
    return same ? STATUS_OK : h5_fail_content(file, name, "holds values of another type");
}

/* Sets *most to the bytes of values that a file of this length can hold of the dataset: its own
 * length, or with filters beside checksums 2048 times that (deflate makes values at most 1032 times
 * smaller). */
static bool most_bytes(hid_t file, const Dataset *dataset, hsize_t *most) {
    enum { SHRINKS_AT_MOST = 2048 };
    hid_t creation = H5Dget_create_plist(dataset->id);
    int filters = creation < 0 ? -1 : H5Pget_nfilters(creation);
    bool smaller =
        filters > 1 || (filters == 1 && H5Pget_filter_by_id2(creation, H5Z_FILTER_FLETCHER32, NULL,
                                                             NULL, NULL, 0, NULL, NULL) < 0);
    if (creation >= 0)
        H5Pclose(creation);
    if (filters < 0 || H5Fget_filesize(file, most) < 0)
        return false;
    if (smaller && __builtin_mul_overflow(*most, (hsize_t)SHRINKS_AT_MOST, most))
        *most = UINT64_MAX;
    return true;
}

/* Readers make room for what a dataset says that it holds, so it must not say more than the file
 * can hold. */
static Status dataset_check_size(hid_t file, const char *name, const Dataset *dataset) {
    hid_t type = H5Dget_type(dataset->id);
    hsize_t bytes = type < 0 ? 0 : H5Tget_size(type), most;
    if (type >= 0)
        H5Tclose(type);
    if (bytes == 0 || !most_bytes(file, dataset, &most))
        return h5_fail_call(file, STATUS_DATA, name, "has no readable size");
    bool fits = true;
    for (size_t i = 0; i < dataset->rank; i++)
        fits = fits && !__builtin_mul_overflow(bytes, dataset->shape[i], &bytes);
    return fits && bytes <= most
               ? STATUS_OK
               : h5_fail_content(file, name, "says that it holds more than the file can");
}

/* How many chunks cover the dataset; 0 when it is empty or no file of ours: HDF5 1.10.8 finds none
 * in a dataset of one chunk without checksums. */
static hsize_t chunks_needed(const Dataset *dataset) {
    hsize_t chunk[RANK_MAX], needed = 1;
    hid_t creation = H5Dget_create_plist(dataset->id);
    if (creation < 0)
        return 0;
    if (H5Pget_layout(creation) != H5D_CHUNKED || H5Pget_nfilters(creation) < 1 ||
        H5Pget_chunk(creation, RANK_MAX, chunk) != (int)dataset->rank)
        needed = 0;
    H5Pclose(creation);
    for (size_t i = 0; needed && i < dataset->rank; i++)
        needed *= (dataset->shape[i] + chunk[i] - 1) / chunk[i];
    return needed;
}

/* Chunks that a failed writer never reached would otherwise read as whatever is in memory. */
static Status dataset_check_complete(hid_t file, const char *name, const Dataset *dataset) {
    hsize_t needed = chunks_needed(dataset), stored = needed;
#if H5_VERSION_GE(1, 10, 5)
    if (needed > 0 && H5Dget_num_chunks(dataset->id, dataset->space, &stored) < 0)
        return h5_fail_call(file, STATUS_DATA, name, "is damaged");
#endif
    if (stored < needed)
        return h5_fail_content(file, name, "is incomplete: not all of its rows were written");
    return dataset_check_size(file, name, dataset);
}

/* Selects rows in the dataset's space and makes the matching memory space (H5Sclose). */
static Status dataset_select(hid_t file, const char *name, Dataset *dataset, size_t first,
                             size_t rows, hid_t *memory_space) {
    *memory_space = H5I_INVALID_HID;
    if (first > dataset->shape[0] || rows > dataset->shape[0] - first) {
        char path[FILE_PATH_MAX];
        h5_file_name(file, path);
        return status_fail(STATUS_DATA, "%s: %s: has %zu rows, but %zu from row %zu on are needed",
                           path, name, (size_t)dataset->shape[0], rows, first);
    }
    hsize_t start[RANK_MAX] = {first}, count[RANK_MAX];
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
    Dataset dataset;
    hid_t memory_space = H5I_INVALID_HID;
    Status status = dataset_open(file, name, &dataset);
    if (status == STATUS_OK)
        status = dataset_select(file, name, &dataset, first, rows, &memory_space);
    if (status == STATUS_OK && rows > 0 &&
        H5Dwrite(dataset.id, memory_type, memory_space, dataset.space, H5P_DEFAULT, values) < 0)
        status = h5_fail_call(file, STATUS_IO, name, "cannot be written");
    if (memory_space >= 0)
        H5Sclose(memory_space);
    /* The last chunk reaches the disk here. */
    if (!dataset_close(&dataset) && status == STATUS_OK)
        status = h5_fail_call(file, STATUS_IO, name, "cannot be written");
    return status;
}

Status h5_write(hid_t file, const char *name, hid_t file_type, hid_t memory_type, size_t rank,
                const size_t *shape, const void *values) {
    STATUS_TRY(h5_make_dataset(file, name, file_type, rank, shape));
    return h5_write_rows(file, name, memory_type, 0, shape[0], values);
}

Status h5_read_rows(hid_t file, const char *name, hid_t memory_type, size_t first, size_t rows,
                    void *values) {
    Dataset dataset;
    hid_t memory_space = H5I_INVALID_HID;
    Status status = dataset_open(file, name, &dataset);
    if (status == STATUS_OK)
        status = dataset_check_type(file, name, &dataset, memory_type);
    if (status == STATUS_OK)
        status = dataset_check_complete(file, name, &dataset);
    if (status == STATUS_OK)
        status = dataset_select(file, name, &dataset, first, rows, &memory_space);
    if (status == STATUS_OK && rows > 0 &&
        H5Dread(dataset.id, memory_type, memory_space, dataset.space, H5P_DEFAULT, values) < 0)
        status = h5_fail_call(file, STATUS_DATA, name, "is damaged");
    if (memory_space >= 0)
        H5Sclose(memory_space);
    if (!dataset_close(&dataset) && status == STATUS_OK)
        status = h5_fail_call(file, STATUS_DATA, name, "cannot be closed");
    return status;
}

Status h5_shape(hid_t file, const char *name, size_t *rank, size_t shape[static 4]) {
    Dataset dataset;
    Status status = dataset_open(file, name, &dataset);
    if (status == STATUS_OK)
        status = dataset_check_complete(file, name, &dataset);
    *rank = dataset.rank;
    for (size_t i = 0; i < dataset.rank; i++)
        shape[i] = dataset.shape[i];
    if (!dataset_close(&dataset) && status == STATUS_OK)
        status = h5_fail_call(file, STATUS_DATA, name, "cannot be closed");
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
    hid_t type = h5_string_type(width);
    if (type < 0)
        return h5_fail_call(file, STATUS_INTERNAL, name, "its type cannot be made");
    Status status = h5_write(file, name, type, type, 1, &count, strings);
    H5Tclose(type);
    return status;
}

static Status read_strings(hid_t file, const char *name, Dataset *dataset, hid_t type, size_t width,
                           char **strings) {
    if (dataset->rank != 1)
        return h5_fail_content(file, name, "is not a list of strings");
    STATUS_TRY(dataset_check_complete(file, name, dataset));
    size_t count = dataset->shape[0];
    STATUS_TRY(memory_allocate(strings, count, width, name));
    if (count > 0 && H5Dread(dataset->id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *strings) < 0)
        return h5_fail_call(file, STATUS_DATA, name, "is damaged");
    for (size_t i = 0; i < count; i++)
        (*strings)[(i + 1) * width - 1] = '\0';
    return STATUS_OK;
}

Status h5_read_strings(hid_t file, const char *name, size_t *count, size_t *width, char **strings) {
    *count = *width = 0;
    *strings = NULL;
    Dataset dataset;
    Status status = dataset_open(file, name, &dataset);
    hid_t stored = status == STATUS_OK ? H5Dget_type(dataset.id) : H5I_INVALID_HID;
    size_t bytes = h5_string_width(stored);
    hid_t type = bytes ? h5_string_memory_type(stored, bytes) : H5I_INVALID_HID;
    if (status == STATUS_OK && type < 0)
        status = h5_fail_content(file, name, "does not hold strings of fixed length");
    if (status == STATUS_OK)
        status = read_strings(file, name, &dataset, type, bytes, strings);
    if (status == STATUS_OK) {
        *count = dataset.shape[0];
        *width = bytes;
    } else {
        memory_free(*strings);
        *strings = NULL;
    }
    if (stored >= 0)
        H5Tclose(stored);
    if (type >= 0)
        H5Tclose(type);
    dataset_close(&dataset);
    return status;
}
