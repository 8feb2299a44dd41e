#include "columns.h"

#include "vit/file.h"
#include "vit/h5.h"
#include "vit/memory.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static void column_name(const char *group, const Columns *columns, size_t i,
                        char name[static FILE_PATH_MAX]) {
    snprintf(name, FILE_PATH_MAX, "%s/%s/%s", group, columns->folder, columns->column[i].name);
}

static hid_t memory_type(const Column *column) {
    return column->counts ? H5T_NATIVE_UINT64 : H5T_NATIVE_DOUBLE;
}

Status columns_write(hid_t file, const char *group, const Columns *columns, uint64_t version,
                     const void *rows, size_t count) {
    char *cells, name[FILE_PATH_MAX];
    STATUS_TRY(memory_allocate(&cells, count, COLUMN_BYTES, "a column"));
    Status status = STATUS_OK;
    for (size_t i = 0; i < columns->count && status == STATUS_OK; i++) {
        const Column *column = &columns->column[i];
        if (column->since > version)
            continue;
        for (size_t row = 0; row < count; row++)
            memcpy(cells + row * COLUMN_BYTES,
                   (const char *)rows + row * columns->row_bytes + column->offset, COLUMN_BYTES);
        column_name(group, columns, i, name);
        status = h5_write(file, name, column->counts ? H5T_STD_U64LE : H5T_IEEE_F64LE,
                          memory_type(column), 1, &count, cells);
    }
    memory_free(cells);
    return status;
}

/* The number of rows is the first column's; h5_read demands it of the others. */
static Status count_rows(hid_t file, const char *group, const Columns *columns, size_t *count) {
    char name[FILE_PATH_MAX];
    size_t rank, shape[4] = {0};
    column_name(group, columns, 0, name);
    STATUS_TRY(h5_shape(file, name, &rank, shape));
    *count = shape[0];
    return STATUS_OK;
}

/* What stands in a column that the file lacks. */
static void set_default(const Column *column, char *cells, size_t count) {
    const uint64_t none = 0;
    const double unknown = NAN;
    const void *cell = column->counts ? (const void *)&none : (const void *)&unknown;
    for (size_t row = 0; row < count; row++)
        memcpy(cells + row * COLUMN_BYTES, cell, COLUMN_BYTES);
}

static Status fill_rows(hid_t file, const char *group, const Columns *columns, uint64_t version,
                        char *rows, size_t count) {
    char *cells, name[FILE_PATH_MAX];
    STATUS_TRY(memory_allocate(&cells, count, COLUMN_BYTES, "a column"));
    Status status = STATUS_OK;
    for (size_t i = 0; i < columns->count && status == STATUS_OK; i++) {
        const Column *column = &columns->column[i];
        column_name(group, columns, i, name);
        if (column->since <= version)
            status = h5_read(file, name, memory_type(column), 1, &count, cells);
        else
            set_default(column, cells, count);
        for (size_t row = 0; row < count && status == STATUS_OK; row++)
            memcpy(rows + row * columns->row_bytes + column->offset, cells + row * COLUMN_BYTES,
                   COLUMN_BYTES);
    }
    memory_free(cells);
    return status;
}

Status columns_read(hid_t file, const char *group, const Columns *columns, uint64_t version,
                    void **rows, size_t *count) {
    *rows = NULL;
    *count = 0;
    size_t found = 0;
    STATUS_TRY(count_rows(file, group, columns, &found));
    STATUS_TRY(memory_allocate(rows, found, columns->row_bytes, "rows of columns"));
    const Status status = fill_rows(file, group, columns, version, *rows, found);
    if (status == STATUS_OK) {
        *count = found;
        return STATUS_OK;
    }
    memory_free(*rows);
    *rows = NULL;
    return status;
}

void columns_digest(const Columns *columns, uint64_t version, const void *rows, size_t count,
                    Digest *digest) {
    const uint64_t number = count;
    digest_add(digest, &number, sizeof number);
    for (size_t row = 0; row < count; row++)
        for (size_t i = 0; i < columns->count; i++)
            if (columns->column[i].since <= version)
                digest_add(digest,
                           (const char *)rows + row * columns->row_bytes +
                               columns->column[i].offset,
                           COLUMN_BYTES);
}
