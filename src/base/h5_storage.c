#include "h5_storage.h"

#include "h5_link.h"
#include "h5_type.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How far sources of virtual datasets, which may be virtual themselves, are followed. */
enum { DEPTH_MOST = 4, SOURCES_MOST = 1000000 };

typedef struct Search {
    int depth;
    size_t sources; /* looked at so far */
} Search;

static Status check(hid_t file, const char *name, const H5Dataset *dataset, Search *search);

/* ---- filters ---- */

static const char *filter_name(H5Z_filter_t filter, const char *stored) {
    static const struct {
        H5Z_filter_t number;
        const char *name;
    } known[] = {{H5Z_FILTER_SZIP, "SZIP"}, {305, "LZO"},   {307, "bzip2"},        {32000, "LZF"},
                 {32001, "Blosc"},          {32004, "LZ4"}, {32008, "bitshuffle"}, {32013, "ZFP"},
                 {32015, "Zstandard"},      {32017, "SZ"},  {32026, "Blosc2"}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].number == filter)
            return known[i].name;
    return stored[0] ? stored : "an unnamed filter";
}

static Status fail_filter(hid_t file, const char *name, H5Z_filter_t filter, const char *stored) {
    char path[FILE_PATH_MAX];
    h5_file_name(file, path);
    return status_fail(STATUS_DATA,
                       "%s: %s: is stored through the filter %s (%d), which this HDF5 does not "
                       "have: install its plug-in (HDF5_PLUGIN_PATH), or where it is there write "
                       "the file anew: h5repack -f GZIP=4 %s NEW.h5",
                       path, name, filter_name(filter, stored), (int)filter, path);
}

/* Sets *checksums_only: no filter makes values smaller. */
static Status check_filters(hid_t file, const char *name, hid_t creation, bool *checksums_only) {
    const int filters = H5Pget_nfilters(creation);
    *checksums_only = true;
    for (int i = 0; i < filters; i++) {
        char stored[64] = "";
        unsigned flags;
        size_t values = 0;
        const H5Z_filter_t filter = H5Pget_filter2(creation, (unsigned)i, &flags, &values, NULL,
                                                   sizeof stored, stored, NULL);
        stored[sizeof stored - 1] = '\0';
        if (filter < 0)
            return h5_fail_call(file, STATUS_DATA, name, "has no readable filters");
        if (H5Zfilter_avail(filter) <= 0)
            return fail_filter(file, name, filter, stored);
        *checksums_only = *checksums_only && filter == H5Z_FILTER_FLETCHER32;
    }
    return STATUS_OK;
}

/* ---- in the dataset's own file ---- */

/* Bytes of all values; false when there are too many to count. */
static bool value_bytes(const H5Dataset *dataset, hsize_t *bytes) {
    hid_t type = H5Dget_type(dataset->id);
    *bytes = type < 0 ? 0 : H5Tget_size(type);
    if (type >= 0)
        H5Tclose(type);
    bool fits = *bytes > 0;
    for (size_t i = 0; i < dataset->rank; i++)
        fits = fits && !__builtin_mul_overflow(*bytes, dataset->shape[i], bytes);
    return fits;
}

/* Not more than a file of this length can hold: its own length, or with filters beside checksums
 * 2048 times that (deflate makes values at most 1032 times smaller). */
static Status check_size(hid_t file, const char *name, const H5Dataset *dataset,
                         bool checksums_only) {
    enum { SHRINKS_AT_MOST = 2048 };
    hsize_t bytes, most = 0;
    const hid_t own = H5Iget_file_id(dataset->id); /* of a link's other end */
    const bool known = own >= 0 && H5Fget_filesize(own, &most) >= 0;
    if (own >= 0)
        H5Fclose(own);
    if (!known)
        return h5_fail_call(file, STATUS_DATA, name, "has no readable size");
    if (!checksums_only && __builtin_mul_overflow(most, (hsize_t)SHRINKS_AT_MOST, &most))
        most = UINT64_MAX;
    if (value_bytes(dataset, &bytes) && bytes <= most)
        return STATUS_OK;
    return h5_fail_content(file, name, "says that it holds more than the file can");
}

static Status fail_incomplete(hid_t file, const char *name) {
    return h5_fail_content(file, name, "is incomplete: not all of its rows were written");
}

/* Room that was made for all values, or whole chunks of this shape, where nothing makes them
 * smaller. */
static Status check_room(hid_t file, const char *name, const H5Dataset *stored) {
    hsize_t bytes;
    if (!value_bytes(stored, &bytes))
        return fail_incomplete(file, name);
    if (H5Dget_storage_size(stored->id) >= bytes)
        return STATUS_OK;
    return h5_reason().system ? h5_fail_call(file, STATUS_DATA, name, "has no readable size")
                              : fail_incomplete(file, name);
}

static Status check_chunks(hid_t file, const char *name, const H5Dataset *dataset, hid_t creation) {
    hsize_t chunk[H5_RANK_MAX], needed = 1;
    H5Dataset whole = *dataset; /* up to the last chunk's end, along each axis */
    if (H5Pget_chunk(creation, H5_RANK_MAX, chunk) != (int)dataset->rank)
        return h5_fail_call(file, STATUS_DATA, name, "has no readable chunks");
    for (size_t i = 0; i < dataset->rank; i++) {
        const hsize_t chunks = (dataset->shape[i] + chunk[i] - 1) / chunk[i];
        whole.shape[i] = chunks * chunk[i];
        needed *= chunks;
    }
    if (needed == 0)
        return STATUS_OK;
    if (H5Pget_nfilters(creation) == 0) { /* HDF5 1.10.8 finds no chunk where there is but one */
        STATUS_TRY(check_size(file, name, dataset, true));
        return check_room(file, name, &whole);
    }
#if H5_VERSION_GE(1, 10, 5)
    hsize_t stored = 0;
    if (H5Dget_num_chunks(dataset->id, dataset->space, &stored) < 0)
        return h5_fail_call(file, STATUS_DATA, name, "is damaged");
    if (stored < needed)
        return fail_incomplete(file, name);
#endif
    return STATUS_OK;
}

/* ---- in other files ---- */

static Status fail_source(hid_t file, const char *name, const char *source, const char *what) {
    char path[FILE_PATH_MAX];
    h5_file_name(file, path);
    return status_fail(STATUS_DATA, "%s: %s: takes values from %s%s", path, name, source, what);
}

/* HDF5 would not say why it cannot open the file. */
static Status raw_size(const char *path, off_t *size) {
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat found;
    if (descriptor < 0 || fstat(descriptor, &found) != 0) {
        const int reason = errno;
        if (descriptor >= 0)
            close(descriptor);
        return status_fail(STATUS_IO, "%s: cannot be opened: %s", path, strerror(reason));
    }
    close(descriptor);
    *size = found.st_size;
    return STATUS_OK;
}

/* The part of the raw bytes, of which *left are still to be found, that a file has; what is behind
 * a file's end would be zeros. */
static Status check_external_file(hid_t file, const char *name, hid_t creation, unsigned number,
                                  hsize_t *left) {
    char path[FILE_PATH_MAX] = "";
    off_t offset = 0, size = 0;
    hsize_t bytes = 0;
    bool there;
    if (H5Pget_external(creation, number, sizeof path, path, &offset, &bytes) < 0)
        return h5_fail_call(file, STATUS_DATA, name, "has no readable list of files");
    STATUS_TRY(file_find(path, &there));
    if (!there)
        return fail_source(file, name, path, ", which is not there");
    STATUS_TRY(raw_size(path, &size));
    bytes = bytes < *left ? bytes : *left;
    if (offset < 0 || offset > size || (hsize_t)(size - offset) < bytes)
        return fail_source(file, name, path, ", which is shorter than it should be");
    *left -= bytes;
    return STATUS_OK;
}

/* H5Pset_external. */
static Status check_external(hid_t file, const char *name, const H5Dataset *dataset,
                             hid_t creation) {
    const int files = H5Pget_external_count(creation);
    hsize_t left;
    if (!value_bytes(dataset, &left))
        return h5_fail_content(file, name, "says that it holds more than files can");
    for (int i = 0; i < files; i++)
        STATUS_TRY(check_external_file(file, name, creation, (unsigned)i, &left));
    return left == 0 ? STATUS_OK : fail_incomplete(file, name);
}

/* A part of a virtual dataset: from where its values are. */
typedef struct Mapping {
    char file[FILE_PATH_MAX], dataset[FILE_PATH_MAX];
    hid_t source, target; /* selections in both; H5Sclose */
} Mapping;

static void close_mapping(Mapping *mapping) {
    if (mapping->source >= 0)
        H5Sclose(mapping->source);
    if (mapping->target >= 0)
        H5Sclose(mapping->target);
}

static bool open_mapping(hid_t creation, size_t number, Mapping *mapping) {
    *mapping = (Mapping){.source = H5Pget_virtual_srcspace(creation, number),
                         .target = H5Pget_virtual_vspace(creation, number)};
    const ssize_t file = H5Pget_virtual_filename(creation, number, mapping->file, FILE_PATH_MAX);
    const ssize_t name = H5Pget_virtual_dsetname(creation, number, mapping->dataset, FILE_PATH_MAX);
    return mapping->source >= 0 && mapping->target >= 0 && file > 0 && file < FILE_PATH_MAX &&
           name > 0 && name < FILE_PATH_MAX;
}

/* Whether all that is taken from the source is within it as it is now. The file does not tell how
 * large the source was: all of it is as much as the target takes. */
static bool is_within(const H5Dataset *source, const Mapping *mapping) {
    hsize_t first[H5S_MAX_RANK], last[H5S_MAX_RANK];
    const hid_t selection = mapping->source;
    if (H5Sget_select_type(selection) == H5S_SEL_ALL)
        return H5Sget_simple_extent_npoints(source->space) ==
               H5Sget_select_npoints(mapping->target);
    const int rank = H5Sget_simple_extent_ndims(selection);
    if (rank != (int)source->rank || H5Sget_select_bounds(selection, first, last) < 0)
        return false;
    for (size_t i = 0; i < source->rank; i++)
        if (last[i] >= source->shape[i])
            return false;
    return true;
}

static Status fail_nested(hid_t file, const char *name, const char *source) {
    char what[512];
    snprintf(what, sizeof what, ": %s", status_message());
    return fail_source(file, name, source, what);
}

/* HDF5 converts on the way: fractions would be zeros, and what is too large the largest value. */
static Status check_source_type(hid_t file, const char *name, const H5Dataset *dataset,
                                const Mapping *mapping, const H5Dataset *source) {
    char wanted[H5_TYPE_TEXT], found[H5_TYPE_TEXT], what[96];
    const hid_t own = H5Dget_type(dataset->id), theirs = H5Dget_type(source->id);
    const bool holds = h5_type_holds(own, theirs);
    snprintf(what, sizeof what, ", which holds %s, not %s", h5_type_text(theirs, found),
             h5_type_text(own, wanted));
    if (own >= 0)
        H5Tclose(own);
    if (theirs >= 0)
        H5Tclose(theirs);
    return holds ? STATUS_OK : fail_source(file, name, mapping->file, what);
}

static Status check_mapped(hid_t file, const char *name, const H5Dataset *dataset,
                           const Mapping *mapping, hid_t source_file, Search *search) {
    H5Dataset source;
    Status status = h5_dataset_open(source_file, mapping->dataset, &source);
    if (status == STATUS_OK)
        status = check(source_file, mapping->dataset, &source, search);
    if (status != STATUS_OK)
        status = status == STATUS_DATA ? fail_nested(file, name, mapping->file) : status;
    else if (!is_within(&source, mapping))
        status = fail_source(file, name, mapping->file, ", which has fewer rows than it should");
    else
        status = check_source_type(file, name, dataset, mapping, &source);
    h5_dataset_close(&source);
    return status;
}

static Status check_source(hid_t file, const char *name, const H5Dataset *dataset,
                           const Mapping *mapping, Search *search) {
    char from[FILE_PATH_MAX];
    if (strcmp(mapping->file, ".") == 0) {
        const hid_t own = H5Iget_file_id(dataset->id);
        const Status status = check_mapped(file, name, dataset, mapping, own, search);
        H5Fclose(own);
        return status;
    }
    h5_file_name(dataset->id, from);
    hid_t source;
    STATUS_TRY(h5_link_open(from, mapping->file, &source));
    if (source < 0)
        return fail_source(file, name, mapping->file,
                           ", which cannot be opened: HDF5 would give zeros");
    const Status status = check_mapped(file, name, dataset, mapping, source, search);
    h5_close(source);
    return status;
}

static Status check_mapping(hid_t file, const char *name, const H5Dataset *dataset, hid_t creation,
                            size_t number, Search *search) {
    Mapping mapping;
    Status status;
    if (!open_mapping(creation, number, &mapping))
        status = h5_fail_call(file, STATUS_DATA, name, "has no readable sources");
    else if (strchr(mapping.file, '%') || strchr(mapping.dataset, '%') ||
             H5Sget_select_npoints(mapping.target) < 0)
        status = h5_fail_content(file, name,
                                 "is virtual with sources without end; h5repack writes it out");
    else
        status = check_source(file, name, dataset, &mapping, search);
    close_mapping(&mapping);
    return status;
}

#if H5_VERSION_GE(1, 10, 6)
/* All that mappings [first, end), one or more, give values to, as a selection; H5Sclose. Joined by
 * halves, since joining takes as long as both are large. Negative on error. */
static hid_t targets(hid_t creation, size_t first, size_t end) {
    if (end - first == 1)
        return H5Pget_virtual_vspace(creation, first);
    const size_t middle = first + (end - first) / 2;
    const hid_t low = targets(creation, first, middle), high = targets(creation, middle, end);
    hid_t both = H5I_INVALID_HID;
    if (low >= 0 && high >= 0)
        both = H5Scombine_select(low, H5S_SELECT_OR, high);
    if (low >= 0)
        H5Sclose(low);
    if (high >= 0)
        H5Sclose(high);
    return both;
}

/* Values that mappings give, each once where they overlap. */
static hssize_t count_targets(hid_t creation, size_t mappings) {
    const hid_t all = mappings ? targets(creation, 0, mappings) : H5I_INVALID_HID;
    const hssize_t values = all < 0 ? 0 : H5Sget_select_npoints(all);
    if (all >= 0)
        H5Sclose(all);
    return values;
}
#else
/* Selections cannot be joined: a value counts as often as it is given. */
static hssize_t count_targets(hid_t creation, size_t mappings) {
    hssize_t values = 0;
    for (size_t i = 0; i < mappings; i++) {
        const hid_t target = H5Pget_virtual_vspace(creation, i);
        values += target < 0 ? 0 : H5Sget_select_npoints(target);
        if (target >= 0)
            H5Sclose(target);
    }
    return values;
}
#endif

static Status check_virtual(hid_t file, const char *name, const H5Dataset *dataset, hid_t creation,
                            Search *search) {
    size_t mappings = 0;
    if (H5Pget_virtual_count(creation, &mappings) < 0)
        return h5_fail_call(file, STATUS_DATA, name, "has no readable sources");
    search->sources += mappings;
    if (search->depth == DEPTH_MOST || search->sources > SOURCES_MOST)
        return h5_fail_content(file, name, "is virtual, with too many sources to follow");
    search->depth++;
    for (size_t i = 0; i < mappings; i++)
        STATUS_TRY(check_mapping(file, name, dataset, creation, i, search));
    search->depth--;
    if (count_targets(creation, mappings) < H5Sget_simple_extent_npoints(dataset->space))
        return h5_fail_content(file, name, "is virtual, and some of its values have no source");
    return STATUS_OK;
}

/* ---- all ---- */

static Status check_contiguous(hid_t file, const char *name, const H5Dataset *dataset,
                               hid_t creation) {
    if (H5Pget_external_count(creation) > 0)
        return check_external(file, name, dataset, creation);
    STATUS_TRY(check_size(file, name, dataset, true));
    return check_room(file, name, dataset);
}

static Status check_layout(hid_t file, const char *name, const H5Dataset *dataset, hid_t creation,
                           Search *search) {
    bool checksums_only;
    STATUS_TRY(check_filters(file, name, creation, &checksums_only));
    switch (H5Pget_layout(creation)) {
    case H5D_COMPACT:
        return check_size(file, name, dataset, true);
    case H5D_CONTIGUOUS:
        return check_contiguous(file, name, dataset, creation);
    case H5D_CHUNKED:
        STATUS_TRY(check_chunks(file, name, dataset, creation));
        return check_size(file, name, dataset, checksums_only);
    case H5D_VIRTUAL:
        return check_virtual(file, name, dataset, creation, search);
    case H5D_LAYOUT_ERROR:
    case H5D_NLAYOUTS:
        break;
    }
    return h5_fail_content(file, name, "is stored in a way that is not known");
}

static Status check(hid_t file, const char *name, const H5Dataset *dataset, Search *search) {
    const hid_t creation = H5Dget_create_plist(dataset->id);
    if (creation < 0)
        return h5_fail_call(file, STATUS_DATA, name, "cannot be looked into");
    const Status status = check_layout(file, name, dataset, creation, search);
    H5Pclose(creation);
    return status;
}

Status h5_storage_check(hid_t file, const char *name, const H5Dataset *dataset) {
    Search search = {0};
    return check(file, name, dataset, &search);
}

bool h5_storage_is_virtual(const H5Dataset *dataset) {
    const hid_t creation = H5Dget_create_plist(dataset->id);
    const bool is = creation >= 0 && H5Pget_layout(creation) == H5D_VIRTUAL;
    if (creation >= 0)
        H5Pclose(creation);
    return is;
}
