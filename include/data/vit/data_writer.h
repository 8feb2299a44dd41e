#ifndef VIT_DATA_WRITER_H
#define VIT_DATA_WRITER_H

#include "vit/data_file.h"

/* Data files written row by row, in bounded memory. Local.
 *
 *   data_writer_open; data_writer_add ...; data_writer_finish; data_writer_free */

typedef struct DataWriter DataWriter;

/* What is known before the first row. */
typedef struct DataOutline {
    Picture picture;
    size_t most[SPLIT_COUNT]; /* images, at most */
    DataNames names,
        coarse_names; /* the caller's until data_writer_finish; coarse ones may be none */
} DataOutline;

/* Makes the temporary file that will become the file at path (file.h). STATUS_DATA: a form that no
 * picture may have; STATUS_IO; STATUS_INTERNAL: out of memory. data_writer_free whatever the
 * outcome. */
Status data_writer_open(DataWriter **writer, const char *path, const DataOutline *outline);

/* Appends rows to a split: images [count, picture_bytes], labels [count], coarse labels where there
 * are names of such. Training images come first, then those for testing, then those for validation.
 * STATUS_DATA: a label without a name. */
Status data_writer_add(DataWriter *writer, DataSplit split, size_t count, const uint8_t *images,
                       const uint16_t *labels, const uint16_t *coarse_labels);

/* Writes names and attributes, reads all of it back, and puts it in place of an older file. */
Status data_writer_finish(DataWriter *writer, const DataOrigin *origin);

/* Removes what is not finished. Accepts NULL. */
void data_writer_free(DataWriter *writer);

#endif
