#ifndef VIT_FIELDS_H
#define VIT_FIELDS_H

#include "vit/digest.h"
#include "vit/status.h"
#include <hdf5.h>
#include <stddef.h>
#include <stdint.h>

/* Structures as attributes of HDF5 groups, driven by a table of their members. Local. */

typedef enum FieldKind {
    FIELD_COUNT, /* uint64_t */
    FIELD_REAL,  /* double */
    FIELD_FLAG,  /* bool, stored as a count */
    FIELD_TEXT   /* char[bytes], zero-terminated */
} FieldKind;

/* An attribute and the member that it holds. */
typedef struct Field {
    const char *group, *attribute;
    FieldKind kind;
    size_t offset, bytes; /* of the member */
    uint64_t since;       /* the first format version whose files have it */
} Field;

/* All fields of a structure, in the order in which they are written and digested: later versions
 * append. */
typedef struct Fields {
    size_t count;
    const Field *field;
} Fields;

/* The kind, offset and bytes of a row of the table: FIELD("/progress", "step", FIELD_COUNT,
 * CheckpointHeader, progress.step, 1). */
#define FIELD(group, attribute, kind, type, member, since)                                         \
    { group, attribute, kind, offsetof(type, member), sizeof((type *)0)->member, since }

/* Writes the fields that files of the version have. Their groups are there. */
Status fields_write(hid_t file, const Fields *fields, uint64_t version, const void *record);

/* Reads the fields that files of the version have, and leaves the others as the caller has set
 * them. STATUS_DATA: one of them is missing, of another type, or too long a text. `path` is for
 * messages. */
Status fields_read(hid_t file, const char *path, const Fields *fields, uint64_t version,
                   void *record);

/* Adds the fields that files of the version have: texts with their final zero, numbers as 8 bytes
 * little-endian, flags as one byte. */
void fields_digest(const Fields *fields, uint64_t version, const void *record, Digest *digest);

/* One text, of any attribute, into char[bytes]. STATUS_DATA as above. */
Status fields_read_text(hid_t file, const char *path, const char *group, const char *attribute,
                        size_t bytes, char *text);

#endif
