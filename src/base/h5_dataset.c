#include "h5_dataset.h"

#include "h5_link.h"
#include "vit/memory.h"
#include <string.h>

bool h5_dataset_close(H5Dataset *dataset) {
    bool closed = dataset->space < 0 || H5Sclose(dataset->space) >= 0;
    return (dataset->id < 0 || H5Dclose(dataset->id) >= 0) && closed;
}

static Status fail_missing(hid_t file, const char *name) {
    char broken[FILE_PATH_MAX], path[FILE_PATH_MAX];
    H5Link link = {0};
    if (h5_link_is_broken(file, name, broken))
        STATUS_TRY(h5_link_read(file, broken, &link));
    if (!link.value)
        return h5_fail_content(file, name, "is missing");
    h5_file_name(file, path);
    status_fail(STATUS_DATA, "%s: %s: is a link to %s%s%s, which cannot be opened", path, broken,
                link.file ? link.file : "", link.file ? ": " : "", link.object);
    memory_free(link.value);
    return STATUS_DATA;
}

static Status fail_open(hid_t file, const char *name) {
    const Status status = h5_link_fail_call(file, name, "cannot be opened");
    if (strstr(status_message(), "version number"))
        return status_fail(status, "%s: a newer HDF5 than this one, %d.%d.%d, may have written it",
                           status_message(), H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE);
    return status;
}

/* Opens without a cache of chunks: every call moves whole ranges of rows once, and a chunk that a
 * full disk refused must not stay behind, where it would fail again, and crash, when the process
 * ends. */
static Status open_uncached(hid_t file, const char *name, hid_t *id) {
    const hid_t access = H5Pcreate(H5P_DATASET_ACCESS);
    if (access >= 0 && H5Pset_chunk_cache(access, 0, 0, H5D_CHUNK_CACHE_W0_DEFAULT) >= 0)
        *id = H5Dopen2(file, name, access);
    /* Before the list is closed, which makes HDF5 forget the reason. */
    const Status status = *id < 0 ? fail_open(file, name) : STATUS_OK;
    if (access >= 0)
        H5Pclose(access);
    return status;
}

Status h5_dataset_open(hid_t file, const char *name, H5Dataset *dataset) {
    *dataset = (H5Dataset){.id = H5I_INVALID_HID, .space = H5I_INVALID_HID};
    bool found;
    STATUS_TRY(h5_find(file, name, &found));
    if (!found)
        return fail_missing(file, name);
    STATUS_TRY(open_uncached(file, name, &dataset->id));
    dataset->space = H5Dget_space(dataset->id);
    if (dataset->space < 0)
        return h5_fail_call(file, STATUS_DATA, name, "has no readable shape");
    int rank = H5Sget_simple_extent_ndims(dataset->space);
    if (rank < 1 || rank > H5_RANK_MAX)
        return h5_fail_content(file, name, "is not an array of 1 to 4 dimensions");
    dataset->rank = (size_t)rank;
    if (H5Sget_simple_extent_dims(dataset->space, dataset->shape, NULL) != rank)
        return h5_fail_call(file, STATUS_DATA, name, "has no readable shape");
    return STATUS_OK;
}
