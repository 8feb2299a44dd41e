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

/* ---- of fixed length ---- */

static Status read_fixed(hid_t object, hid_t stored, H5TextRead read, H5Texts *texts,
                         const char **what) {
    const size_t size = H5Tget_size(stored);
    texts->width = size && H5Tget_strpad(stored) != H5T_STR_NULLTERM ? size + 1 : size;
    if (texts->width == 0)
        return STATUS_DATA;
    STATUS_TRY(memory_allocate(&texts->text, texts->count, texts->width, "texts"));
    *what = "is damaged";
    const hid_t type = memory_type(stored, texts->width);
    const bool done = type >= 0 && (texts->count == 0 || read(object, type, texts->text) >= 0);
    if (type >= 0)
        H5Tclose(type);
    for (size_t i = 0; i < texts->count; i++)
        texts->text[(i + 1) * texts->width - 1] = '\0';
    return done ? STATUS_OK : STATUS_DATA;
}

/* ---- of variable length, as h5py writes all ---- */

static Status copy_variable(char **value, H5Texts *texts, const char **what) {
    size_t longest = 0;
    for (size_t i = 0; i < texts->count; i++) {
        const size_t length = value[i] ? strnlen(value[i], VARIABLE_BYTES_MOST) : 0;
        longest = longest < length ? length : longest;
    }
    if (longest == VARIABLE_BYTES_MOST) {
        *what = "holds a text of 4096 bytes or more";
        return STATUS_DATA;
    }
    texts->width = longest + 1;
    STATUS_TRY(memory_allocate(&texts->text, texts->count, texts->width, "texts"));
    for (size_t i = 0; i < texts->count; i++)
        if (value[i])
            memcpy(texts->text + i * texts->width, value[i], strlen(value[i]));
    return STATUS_OK;
}

static Status read_variable(hid_t object, hid_t stored, hid_t space, H5TextRead read,
                            H5Texts *texts, const char **what) {
    char **value;
    STATUS_TRY(memory_allocate(&value, texts->count, sizeof *value, "texts"));
    const hid_t type = memory_type(stored, H5T_VARIABLE);
    Status status = STATUS_DATA;
    *what = "is damaged";
    if (type >= 0 && (texts->count == 0 || read(object, type, value) >= 0))
        status = copy_variable(value, texts, what);
    if (type >= 0) {
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, value);
        H5Tclose(type);
    }
    memory_free(value);
    return status;
}

Status h5_text_read(hid_t object, hid_t stored, hid_t space, size_t count, H5TextRead read,
                    H5Texts *texts, const char **what) {
    *texts = (H5Texts){.count = count};
    *what = "does not hold texts";
    if (stored < 0 || H5Tget_class(stored) != H5T_STRING)
        return STATUS_DATA;
    const Status status = H5Tis_variable_str(stored) > 0
                              ? read_variable(object, stored, space, read, texts, what)
                              : read_fixed(object, stored, read, texts, what);
    if (status == STATUS_OK)
        return STATUS_OK;
    memory_free(texts->text);
    *texts = (H5Texts){0};
    return status;
}
