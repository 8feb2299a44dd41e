#include "flat_vector.h"

#include "vit/h5.h"
#include "vit/memory.h"
#include "vit/size.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

_Static_assert((int)PARAMETER_AXES_MOST == 4, "as many as h5_shape may find");

enum { SLICE_FLOATS = 1 << 21, NAME_BYTES = 160 };

static void tensor_name(const char *group, const Parameter *entry, char name[static NAME_BYTES]) {
    snprintf(name, NAME_BYTES, "%s/%s", group, entry->name);
}

Status flat_vector_write(hid_t file, const char *group, const ParameterTable *table,
                         const float *values, char sha256[static DIGEST_TEXT]) {
    for (size_t i = 0; i < table->count; i++) {
        const Parameter *entry = &table->entry[i];
        char name[NAME_BYTES];
        tensor_name(group, entry, name);
        STATUS_TRY(h5_write(file, name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, entry->axes, entry->shape,
                            values + entry->offset));
    }
    return parameter_digest(table, values, sha256);
}

/* ---- shapes ---- */

static Status check_tensor(hid_t file, const char *path, const char *group,
                           const Parameter *entry) {
    char name[NAME_BYTES], wanted[H5_SHAPE_TEXT], found[H5_SHAPE_TEXT];
    size_t axes = 0, shape[PARAMETER_AXES_MOST];
    tensor_name(group, entry, name);
    h5_shape_text(entry->axes, entry->shape, wanted);
    bool there;
    STATUS_TRY(h5_find(file, name, &there));
    if (!there)
        return status_fail(
            STATUS_DATA,
            "%s: is of another model, or damaged: %s is missing (shape %s in this model)", path,
            name, wanted);
    STATUS_TRY(h5_shape(file, name, &axes, shape));
    if (axes != entry->axes || memcmp(shape, entry->shape, axes * sizeof *shape) != 0)
        return status_fail(STATUS_DATA,
                           "%s: is of another model: %s has shape %s, this model's has %s", path,
                           name, h5_shape_text(axes, shape, found), wanted);
    return STATUS_OK;
}

/* A file may hold all tensors of this model and more. */
static Status check_model(hid_t file, const char *path, const char *group,
                          const ParameterTable *table, size_t tensors) {
    for (size_t i = 0; i < table->count; i++)
        STATUS_TRY(check_tensor(file, path, group, &table->entry[i]));
    if (tensors != table->count)
        return status_fail(STATUS_DATA,
                           "%s: is of another model: it has %zu tensors, this model has %zu", path,
                           tensors, table->count);
    return STATUS_OK;
}

/* ---- values ---- */

static size_t row_floats(const Parameter *entry) {
    return entry->count / entry->shape[0];
}

/* Tensors are read a few megabytes at a time, so that they are digested while still in cache and
 * can be checked without room for all of them. */
static size_t slice_rows(const Parameter *entry) {
    return size_larger(size_smaller(SLICE_FLOATS / row_floats(entry), entry->shape[0]), 1);
}

static Status allocate_slice(const ParameterTable *table, float **slice) {
    size_t most = 0;
    for (size_t i = 0; i < table->count; i++)
        most = size_larger(most, slice_rows(&table->entry[i]) * row_floats(&table->entry[i]));
    return memory_allocate(slice, most, sizeof **slice, "a slice of a checkpoint");
}

/* Where tensors go: into values, or, where they are NULL, piece by piece into slice. */
typedef struct Room {
    float *values, *slice;
    bool finite;      /* whether they must be */
    const char *path; /* for messages */
} Room;

static Status check_finite(const char *path, const char *name, const float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return status_fail(STATUS_DATA, "%s: %s: holds %g", path, name, (double)values[i]);
    return STATUS_OK;
}

static Status read_tensor(hid_t file, const char *group, const Parameter *entry, const Room *room,
                          Digest *digest) {
    char name[NAME_BYTES];
    tensor_name(group, entry, name);
    const size_t row = row_floats(entry), most = slice_rows(entry);
    for (size_t first = 0; first < entry->shape[0]; first += most) {
        const size_t rows = size_smaller(entry->shape[0] - first, most);
        float *part = room->values ? room->values + entry->offset + first * row : room->slice;
        STATUS_TRY(h5_read_rows(file, name, H5T_NATIVE_FLOAT, first, rows, part));
        if (room->finite)
            STATUS_TRY(check_finite(room->path, name, part, rows * row));
        digest_add(digest, part, rows * row * sizeof *part);
    }
    return STATUS_OK;
}

static Status read_tensors(hid_t file, const char *group, const ParameterTable *table,
                           const Room *room, char sha256[static DIGEST_TEXT]) {
    Digest digest;
    STATUS_TRY(digest_init(&digest));
    for (size_t i = 0; i < table->count; i++) {
        const Status status = read_tensor(file, group, &table->entry[i], room, &digest);
        if (status != STATUS_OK) {
            digest_free(&digest);
            return status;
        }
    }
    return digest_finish(&digest, sha256);
}

static Status read_vector(hid_t file, const char *path, const char *group,
                          const ParameterTable *table, size_t tensors, Room room,
                          char sha256[static DIGEST_TEXT]) {
    STATUS_TRY(check_model(file, path, group, table, tensors));
    if (!room.values)
        STATUS_TRY(allocate_slice(table, &room.slice));
    const Status status = read_tensors(file, group, table, &room, sha256);
    memory_free(room.slice);
    return status;
}

Status flat_vector_digest(hid_t file, const char *path, const char *group,
                          const ParameterTable *table, size_t tensors,
                          char sha256[static DIGEST_TEXT]) {
    return read_vector(file, path, group, table, tensors, (Room){.finite = true, .path = path},
                       sha256);
}

Status flat_vector_read(hid_t file, const char *path, const char *group,
                        const ParameterTable *table, size_t tensors, const char *sha256,
                        float *values) {
    char found[DIGEST_TEXT];
    STATUS_TRY(read_vector(file, path, group, table, tensors,
                           (Room){.values = values, .path = path}, found));
    if (strcmp(found, sha256) != 0)
        return status_fail(STATUS_DATA,
                           "%s: is damaged: %s does not match its digest (after changes that are "
                           "meant: vit_data digest --renew %s)",
                           path, group, path);
    return STATUS_OK;
}
