#include "h5_text.h"

#include "vit/memory.h"
#include <string.h>

/* A name of a class, or of where a data set is from. What is longer is none, and many references to
 * one text would take more memory than the file has bytes. */
enum { VARIABLE_BYTES_MOST = 4096 };

hid_t h5_text_type(size_t width) {
    hid_t type = H5Tcopy(H5T_C_S1);
    if (type >= 0 && H5Tset_size(type, width) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0)
        return type;
    if (type >= 0)
        H5Tclose(type);
    return H5I_INVALID_HID;
}

/* The type in memory for texts of a stored type: HDF5 converts within one character set only. */
static hid_t memory_type(hid_t stored, size_t width) {
    hid_t type = h5_text_type(width);
    if (type < 0 || H5Tset_cset(type, H5Tget_cset(stored)) >= 0)
        return type;
    H5Tclose(type);
    return H5I_INVALID_HID;
}

/* The reason is asked for right after the call that failed: closing anything makes HDF5 forget it.
 */
static Status read_values(const H5TextSource *source, hid_t type, void *values) {
    if (type >= 0 && (source->count == 0 || source->read(source->object, type, values) >= 0))
        return STATUS_OK;
    return h5_fail_call(source->file, STATUS_DATA, source->name, "is damaged");
}

/* ---- of fixed length ---- */

static Status read_fixed(const H5TextSource *source, H5Texts *texts) {
    const size_t size = H5Tget_size(source->stored);
    texts->width = size && H5Tget_strpad(source->stored) != H5T_STR_NULLTERM ? size + 1 : size;
    if (texts->width == 0)
        return h5_fail_content(source->file, source->name, "does not hold texts");
    STATUS_TRY(memory_allocate(&texts->text, texts->count, texts->width, "texts"));
    const hid_t type = memory_type(source->stored, texts->width);
    const Status status = read_values(source, type, texts->text);
    if (type >= 0)
        H5Tclose(type);
    for (size_t i = 0; i < texts->count; i++)
        texts->text[(i + 1) * texts->width - 1] = '\0';
    return status;
}

/* ---- of variable length, as h5py writes all ---- */

static Status copy_variable(const H5TextSource *source, char **value, H5Texts *texts) {
    size_t longest = 0;
    for (size_t i = 0; i < texts->count; i++) {
        const size_t length = value[i] ? strnlen(value[i], VARIABLE_BYTES_MOST) : 0;
        longest = longest < length ? length : longest;
    }
    if (longest == VARIABLE_BYTES_MOST)
        return h5_fail_content(source->file, source->name, "holds a text of 4096 bytes or more");
    texts->width = longest + 1;
    STATUS_TRY(memory_allocate(&texts->text, texts->count, texts->width, "texts"));
    for (size_t i = 0; i < texts->count; i++)
        if (value[i])
            memcpy(texts->text + i * texts->width, value[i], strlen(value[i]));
    return STATUS_OK;
}

static Status read_variable(const H5TextSource *source, H5Texts *texts) {
    char **value;
    STATUS_TRY(memory_allocate(&value, texts->count, sizeof *value, "texts"));
    const hid_t type = memory_type(source->stored, H5T_VARIABLE);
    Status status = read_values(source, type, value);
    if (status == STATUS_OK)
        status = copy_variable(source, value, texts);
    if (type >= 0) {
        H5Dvlen_reclaim(type, source->space, H5P_DEFAULT, value);
        H5Tclose(type);
    }
    memory_free(value);
    return status;
}

Status h5_text_read(const H5TextSource *source, H5Texts *texts) {
    *texts = (H5Texts){.count = source->count};
    if (source->stored < 0 || H5Tget_class(source->stored) != H5T_STRING)
        return h5_fail_content(source->file, source->name, "does not hold texts");
    const Status status = H5Tis_variable_str(source->stored) > 0 ? read_variable(source, texts)
                                                                 : read_fixed(source, texts);
    if (status == STATUS_OK)
        return STATUS_OK;
    memory_free(texts->text);
    *texts = (H5Texts){0};
    return status;
}
