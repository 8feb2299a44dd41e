#ifndef VIT_COLUMNS_H
#define VIT_COLUMNS_H

#include "vit/digest.h"
#include "vit/status.h"
#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Arrays of rows as 1-D datasets, one a column, driven by a table of the columns. Local. */

/* Every member of a row is so many bytes wide. */
enum { COLUMN_BYTES = 8 };

typedef struct Column {
    const char *name;
    size_t offset;  /* in a row */
    bool counts;    /* uint64_t; otherwise double */
    uint64_t since; /* the first format version whose files have it */
} Column;

/* All columns, in the order in which they are written and digested: later versions append. The
 * first one is in files of every version. */
typedef struct Columns {
    const char *folder; /* of the datasets: <group>/<folder>/<name> */
    size_t count, row_bytes;
    const Column *column;
} Columns;

/* Writes the columns that files of the version have. */
Status columns_write(hid_t file, const char *group, const Columns *columns, uint64_t version,
                     const void *rows, size_t count);

/* Reads them into a new array of *count rows (memory_free); members that files of the version lack
 * are NaN, or 0 where they count. STATUS_DATA: a column is missing, of another type, or of another
 * length than the first one. On error *rows is NULL and *count 0. */
Status columns_read(hid_t file, const char *group, const Columns *columns, uint64_t version,
                    void **rows, size_t *count);

/* Adds the number of rows, then row by row the members that files of the version have; all of them
 * as 8 bytes little-endian. */
void columns_digest(const Columns *columns, uint64_t version, const void *rows, size_t count,
                    Digest *digest);

#endif
