/* HDF5 files for a reader of ours. Changed bytes mostly end at HDF5's checksums, so an input is
 * rather a small program: its first byte, over 4, chooses the reader, and the rest of that division
 * says what follows.
 *   0: a whole file
 *   1: changes to the bytes of the sample, and where to cut it
 *   2: changes to the sample through HDF5: objects removed, replaced, linked elsewhere
 *   3: the same with void digests (see fuzz.h)
 * Any file may be refused with STATUS_DATA; what 1 makes must be that or read as the sample. */

#include "fuzz.h"

#include <hdf5.h>
#include <string.h>

enum {
    OBJECTS_MAX = 256,
    ATTRIBUTES_MAX = 128,
    NAME_MAX_BYTES = 128,
    EDITS_MAX = 8,
    FILL_MAX = 1 << 16, /* bytes of values that an edit writes */
    COMPACT_MAX = 60000 /* bytes of values in an object's header, or HDF5 crashes in writing it */
};

/* ---- the input, read from its beginning; zeros after its end ---- */

typedef struct Input {
    const uint8_t *byte;
    size_t left;
} Input;

static uint8_t take(Input *input) {
    if (input->left == 0)
        return 0;
    input->left--;
    return *input->byte++;
}

static size_t take_below(Input *input, size_t below) {
    size_t high = below > 256 ? take(input) : 0;
    return (high << 8 | take(input)) % below;
}

/* Small numbers, powers of two, and those just below. */
static hsize_t take_size(Input *input) {
    uint8_t byte = take(input);
    if (byte < 128)
        return byte;
    return ((hsize_t)1 << byte % 64) - (byte >= 192);
}

/* ---- the sample and what is in it ---- */

typedef struct Attribute {
    size_t object;
    char name[NAME_MAX_BYTES];
} Attribute;

typedef struct Contents {
    Sample sample;
    size_t objects, attributes;
    char object[OBJECTS_MAX][NAME_MAX_BYTES];
    Attribute attribute[ATTRIBUTES_MAX];
} Contents;

static herr_t note_attribute(hid_t object, const char *name, const H5A_info_t *info,
                             void *context) {
    Contents *contents = context;
    (void)object;
    (void)info;
    DEMAND(contents->attributes < ATTRIBUTES_MAX);
    Attribute *attribute = &contents->attribute[contents->attributes++];
    attribute->object = contents->objects - 1;
    snprintf(attribute->name, sizeof attribute->name, "%s", name);
    return 0;
}

static herr_t note_object(hid_t root, const char *name, const H5O_info_t *info, void *context) {
    Contents *contents = context;
    (void)info;
    DEMAND(contents->objects < OBJECTS_MAX);
    snprintf(contents->object[contents->objects++], NAME_MAX_BYTES, "%s", name);
    return H5Aiterate_by_name(root, name, H5_INDEX_NAME, H5_ITER_INC, NULL, note_attribute,
                              contents, H5P_DEFAULT);
}

/* Made once for true and once for void digests. */
static const Contents *contents_of_sample(void) {
    static Contents kept[2];
    Contents *contents = &kept[digests_are_void];
    if (contents->sample.byte)
        return contents;
    contents->sample = sample_make();
    memory_file_set(contents->sample.byte, contents->sample.count);
    hid_t file = H5Fopen(memory_file_path(), H5F_ACC_RDONLY, H5P_DEFAULT);
    DEMAND(file >= 0);
    DEMAND(H5Ovisit2(file, H5_INDEX_NAME, H5_ITER_INC, note_object, contents, H5O_INFO_BASIC) >= 0);
    H5Fclose(file);
    return contents;
}

/* ---- edits through HDF5; one that HDF5 refuses is no edit ---- */

typedef struct Editor {
    hid_t file;
    const Contents *contents;
    Input *input;
} Editor;

static const char *take_object(const Editor *editor) {
    return editor->contents->object[take_below(editor->input, editor->contents->objects)];
}

static const Attribute *take_attribute(const Editor *editor) {
    return &editor->contents->attribute[take_below(editor->input, editor->contents->attributes)];
}

static hid_t text_type(Input *input) {
    hid_t type = H5Tcopy(H5T_C_S1);
    uint8_t kind = take(input);
    H5Tset_size(type, kind & 1 ? H5T_VARIABLE : 1 + (size_t)take(input));
    H5Tset_strpad(type, (H5T_str_t)((kind >> 1) % 3));
    H5Tset_cset(type, kind & 8 ? H5T_CSET_ASCII : H5T_CSET_UTF8);
    return type;
}

static hid_t compound_type(void) {
    hid_t type = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(type, "a", 0, H5T_STD_U32LE);
    H5Tinsert(type, "b", 4, H5T_IEEE_F32BE);
    return type;
}

static hid_t array_type(Input *input) {
    hsize_t size = 1 + take(input) % 4;
    return H5Tarray_create2(H5T_IEEE_F32LE, 1, &size);
}

static hid_t narrow_type(Input *input) {
    hid_t type = H5Tcopy(H5T_STD_U64LE);
    H5Tset_precision(type, 1 + take(input) % 64);
    H5Tset_offset(type, take(input) % 8);
    return type;
}

/* A type of the editor's own (H5Tclose). */
static hid_t take_type(Input *input) {
    const hid_t plain[] = {H5T_STD_U8LE,  H5T_STD_U16LE,  H5T_STD_U32LE,  H5T_STD_U64LE,
                           H5T_STD_I8LE,  H5T_STD_I64LE,  H5T_IEEE_F32LE, H5T_IEEE_F64LE,
                           H5T_STD_U64BE, H5T_STD_U16BE,  H5T_IEEE_F32BE, H5T_IEEE_F64BE,
                           H5T_STD_B16LE, H5T_STD_REF_OBJ};
    enum { PLAIN = sizeof plain / sizeof *plain };
    size_t kind = take(input) % (PLAIN + 6);
    switch (kind) {
    case PLAIN:
        return compound_type();
    case PLAIN + 1:
        return array_type(input);
    case PLAIN + 2:
        return narrow_type(input);
    case PLAIN + 3:
        return H5Tvlen_create(H5T_STD_U8LE);
    case PLAIN + 4:
    case PLAIN + 5:
        return text_type(input);
    default:
        return H5Tcopy(plain[kind]);
    }
}

static hid_t take_space(Input *input) {
    hsize_t size[5];
    int rank = take(input) % 7;
    if (rank == 6)
        return H5Screate(H5S_NULL);
    if (rank == 0)
        return H5Screate(H5S_SCALAR);
    for (int i = 0; i < rank; i++)
        size[i] = take_size(input);
    return H5Screate_simple(rank, size, NULL);
}

/* How many bytes the values take, or more than FILL_MAX where they take more than that. */
static size_t bytes_of(hid_t type, hid_t space) {
    hssize_t points = H5Sget_simple_extent_npoints(space);
    size_t size = H5Tget_size(type);
    if (points < 0 || (size > 0 && (size_t)points > FILL_MAX / size))
        return FILL_MAX + 1;
    return (size_t)points * size;
}

/* NULL when there are too many or when they hold pointers. */
static void *take_values(Input *input, hid_t type, hid_t space) {
    size_t bytes = bytes_of(type, space);
    if (bytes == 0 || bytes > FILL_MAX || H5Tdetect_class(type, H5T_VLEN) > 0 ||
        H5Tis_variable_str(type) > 0 || H5Tget_class(type) == H5T_REFERENCE)
        return NULL;
    uint8_t *values = malloc(bytes);
    DEMAND(values);
    size_t given = take(input), step = take(input);
    for (size_t i = 0; i < bytes; i++)
        values[i] = i < given ? take(input) : (uint8_t)(i * step);
    return values;
}

/* Layout, filters, when room is made. */
static hid_t take_creation(Input *input, hid_t type, hid_t space) {
    hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    uint8_t how = take(input);
    H5Pset_alloc_time(creation, H5D_ALLOC_TIME_LATE);
    H5Pset_obj_track_times(creation, false);
    int rank = H5Sget_simple_extent_ndims(space);
    if ((how & 3) == 3 && bytes_of(type, space) < COMPACT_MAX)
        H5Pset_layout(creation, H5D_COMPACT);
    if ((how & 1) || rank < 1 || rank > 5)
        return creation;
    hsize_t chunk[5], size[5];
    H5Sget_simple_extent_dims(space, size, NULL);
    for (int i = 0; i < rank; i++)
        chunk[i] = how & 4 ? take_size(input) : size[i];
    H5Pset_chunk(creation, rank, chunk);
    if (!(how & 8))
        H5Pset_fletcher32(creation);
    if (how & 16)
        H5Pset_deflate(creation, 1);
    if (how & 32)
        H5Pset_fill_time(creation, H5D_FILL_TIME_NEVER);
    return creation;
}

/* Type and shape are new ones, or as they were; values may stay unwritten. */
static void replace_dataset(const Editor *editor) {
    Input *input = editor->input;
    const char *name = take_object(editor);
    uint8_t keep = take(input);
    hid_t old = H5Dopen2(editor->file, name, H5P_DEFAULT);
    hid_t type = old >= 0 && (keep & 1) ? H5Dget_type(old) : take_type(input);
    hid_t space = old >= 0 && (keep & 2) ? H5Dget_space(old) : take_space(input);
    hid_t creation = take_creation(input, type, space);
    if (old >= 0)
        H5Dclose(old);
    H5Ldelete(editor->file, name, H5P_DEFAULT);
    hid_t made = H5Dcreate2(editor->file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
    void *values = made >= 0 && !(keep & 4) ? take_values(input, type, space) : NULL;
    if (values)
        H5Dwrite(made, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    free(values);
    if (made >= 0)
        H5Dclose(made);
    H5Pclose(creation);
    H5Sclose(space);
    H5Tclose(type);
}

static void set_attribute(const Editor *editor, const Attribute *attribute, hid_t type, hid_t space,
                          const void *values) {
    const char *object = editor->contents->object[attribute->object];
    if (bytes_of(type, space) >= COMPACT_MAX)
        return;
    H5Adelete_by_name(editor->file, object, attribute->name, H5P_DEFAULT);
    hid_t made = H5Acreate_by_name(editor->file, object, attribute->name, type, space, H5P_DEFAULT,
                                   H5P_DEFAULT, H5P_DEFAULT);
    if (made < 0)
        return;
    if (values)
        H5Awrite(made, type, values);
    H5Aclose(made);
}

/* With values from the input; closes type and space. */
static void give_attribute(const Editor *editor, const Attribute *attribute, hid_t type,
                           hid_t space) {
    void *values = take_values(editor->input, type, space);
    set_attribute(editor, attribute, type, space, values);
    free(values);
    H5Sclose(space);
    H5Tclose(type);
}

static void replace_attribute(const Editor *editor) {
    const Attribute *attribute = take_attribute(editor);
    hid_t type = take_type(editor->input), space = take_space(editor->input);
    give_attribute(editor, attribute, type, space);
}

/* Another text or number, of the same kind. */
static void set_value(const Editor *editor) {
    const Attribute *attribute = take_attribute(editor);
    hid_t old = H5Aopen_by_name(editor->file, editor->contents->object[attribute->object],
                                attribute->name, H5P_DEFAULT, H5P_DEFAULT);
    if (old < 0)
        return;
    hid_t type = H5Aget_type(old), space = H5Aget_space(old);
    H5Aclose(old);
    if (H5Tget_class(type) == H5T_STRING)
        H5Tset_size(type, 1 + take_below(editor->input, 1024));
    give_attribute(editor, attribute, type, space);
}

static void write_values(const Editor *editor) {
    hid_t dataset = H5Dopen2(editor->file, take_object(editor), H5P_DEFAULT);
    if (dataset < 0)
        return;
    hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
    void *values = take_values(editor->input, type, space);
    if (values)
        H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    free(values);
    H5Sclose(space);
    H5Tclose(type);
    H5Dclose(dataset);
}

/* Something else under an object's name. */
static void replace_object(const Editor *editor) {
    const char *name = take_object(editor), *other = take_object(editor);
    char inside[2 * NAME_MAX_BYTES];
    hid_t made = H5I_INVALID_HID, type = H5I_INVALID_HID;
    uint8_t how = take(editor->input);
    snprintf(inside, sizeof inside, "/%s", other);
    if (how % 6 != 0 || strcmp(name, other) != 0)
        H5Ldelete(editor->file, name, H5P_DEFAULT);
    switch (how % 6) {
    case 0: /* none */
        return;
    case 1: /* possibly a circle */
        H5Lcreate_soft(inside, editor->file, name, H5P_DEFAULT, H5P_DEFAULT);
        return;
    case 2:
        H5Lcreate_hard(editor->file, other, editor->file, name, H5P_DEFAULT, H5P_DEFAULT);
        return;
    case 3: /* there is no such file */
        H5Lcreate_external("none.h5", inside, editor->file, name, H5P_DEFAULT, H5P_DEFAULT);
        return;
    case 4:
        made = H5Gcreate2(editor->file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        if (made >= 0)
            H5Gclose(made);
        return;
    default:
        type = take_type(editor->input);
        H5Tcommit2(editor->file, name, type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        H5Tclose(type);
    }
}

static void edit(const Editor *editor) {
    switch (take(editor->input) % 7) {
    case 0:
        replace_object(editor);
        break;
    case 1: {
        const Attribute *attribute = take_attribute(editor);
        H5Adelete_by_name(editor->file, editor->contents->object[attribute->object],
                          attribute->name, H5P_DEFAULT);
        break;
    }
    case 2:
    case 3:
        replace_dataset(editor);
        break;
    case 4:
        replace_attribute(editor);
        break;
    case 5:
        set_value(editor);
        break;
    default:
        write_values(editor);
    }
}

static void edit_sample(Input *input) {
    const Contents *contents = contents_of_sample();
    memory_file_set(contents->sample.byte, contents->sample.count);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
    Editor editor = {H5Fopen(memory_file_path(), H5F_ACC_RDWR, access), contents, input};
    DEMAND(editor.file >= 0);
    for (size_t i = 0; i < EDITS_MAX && input->left > 0; i++)
        edit(&editor);
    H5Fclose(editor.file);
    H5Pclose(access);
}

/* ---- edits of bytes ---- */

static void damage_sample(Input *input) {
    const Sample *sample = &contents_of_sample()->sample;
    uint8_t *bytes = malloc(sample->count);
    DEMAND(bytes);
    memcpy(bytes, sample->byte, sample->count);
    size_t count = sample->count;
    if (take(input) & 1)
        count = take_below(input, count);
    while (input->left > 0) {
        size_t at = take_below(input, sample->count);
        bytes[at] ^= take(input);
    }
    memory_file_set(bytes, count);
    free(bytes);
}

/* ---- the readers ---- */

static const char *content_of_sample(size_t reader) {
    static char content[16][DIGEST_TEXT];
    DEMAND(reader < 16);
    if (content[reader][0])
        return content[reader];
    const Sample *sample = &contents_of_sample()->sample;
    memory_file_set(sample->byte, sample->count);
    DEMAND(subject_readers[reader].read(memory_file_path(), content[reader]) == STATUS_OK);
    return content[reader];
}

static void read_file(size_t reader, const char *only_content) {
    char content[DIGEST_TEXT];
    status_fail(STATUS_OK, "%s", "");
    Status status = subject_readers[reader].read(memory_file_path(), content);
    DEMAND(status == STATUS_OK || (status == STATUS_DATA && *status_message()));
    DEMAND(status != STATUS_OK || !only_content || strcmp(content, only_content) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count) {
    Input input = {bytes, count};
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    uint8_t first = take(&input), kind = first % 4;
    size_t reader = first / 4 % subject_reader_count;
    digests_are_void = 0;
    const char *content = content_of_sample(reader);
    digests_are_void = kind == 3;
    if (kind == 0)
        memory_file_set(input.byte, input.left);
    else if (kind == 1)
        damage_sample(&input);
    else
        edit_sample(&input);
    read_file(reader, kind == 1 ? content : NULL);
    return 0;
}
