#ifndef VIT_H5_H
#define VIT_H5_H

#include "vit/status.h"
#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The few HDF5 operations of this project, with every return value checked. All local; HDF5 is
 * used by one thread at a time. Works with serial and parallel builds of HDF5 alike (files are
 * always opened serially). Errors name the file and the object. HDF5's own error stack is silenced.
 *
 * What the system refuses (opening, reading, writing, whatever it says) gives STATUS_IO with its
 * words: nothing is known then of what the file holds. A file that can be read but is not HDF5, is
 * cut short, fails a checksum, lacks an object or has another shape or type gives STATUS_DATA. So
 * does a dataset of which not all values are there, whatever HDF5 would give for them: chunks that
 * were never written, external links and sources of virtual datasets that lead nowhere (those that
 * are there and cannot be opened are STATUS_IO), filters that this HDF5 does not have. Lack of
 * memory is STATUS_INTERNAL. */

/* Creates (truncates) a file whose metadata carries checksums (format of HDF5 1.10). */
Status h5_create(const char *path, hid_t *file);
/* Whether a regular file is there that begins as all of HDF5's do; not when it cannot be read.
 * Pipes are not touched, since others want to read them. */
bool h5_may_be(const char *path);
/* Opens for reading, without file locks (network file systems). */
Status h5_open(const char *path, hid_t *file);
/* Opens for reading and writing. */
Status h5_change(const char *path, hid_t *file);
/* Closes the file and all that is still open in it. Accepts a negative id. HDF5 may report success
 * after a write that failed: keep the first error, and read back what must not be lost. */
Status h5_close(hid_t file);

/* Makes the group and its missing parents; one that exists is left as it is. Files carry no times:
 * the same calls make the same bytes. */
Status h5_make_group(hid_t file, const char *name);
/* Whether there is an object at a path with '/'; not when a parent is missing. */
Status h5_find(hid_t file, const char *name, bool *found);

/* Writes a whole dataset (parents are made), chunked along the first dimension (about 1 MB a chunk)
 * with Fletcher-32. file_type is what is stored (little-endian), memory_type what `values` holds.
 */
Status h5_write(hid_t file, const char *name, hid_t file_type, hid_t memory_type, size_t rank,
                const size_t *shape, const void *values);
/* Makes the dataset without values, to be filled by h5_write_rows. */
Status h5_make_dataset(hid_t file, const char *name, hid_t file_type, size_t rank,
                       const size_t *shape);
Status h5_write_rows(hid_t file, const char *name, hid_t memory_type, size_t first, size_t rows,
                     const void *values);
/* Leaves the first `rows` rows of a dataset; one that has no more is left as it is. */
Status h5_trim_rows(hid_t file, const char *name, size_t rows);
/* Shape of a dataset: sets *rank (at most 4) and shape[0..rank-1]. As in all readers, a
 * dataset that says that it holds more than the file's length allows is STATUS_DATA, so that its
 * shape may be trusted with memory. */
Status h5_shape(hid_t file, const char *name, size_t *rank, size_t shape[static 4]);
/* "[10, 32, 32, 3]" for messages; rank is at most 4. Returns text. */
enum { H5_SHAPE_TEXT = 96 };
const char *h5_shape_text(size_t rank, const size_t *shape, char text[static H5_SHAPE_TEXT]);
/* Reads a whole dataset, whose shape must be the given one. In all readers the stored values must
 * be of memory_type but for their byte order; a dataset of which rows were never written is
 * STATUS_DATA. */
Status h5_read(hid_t file, const char *name, hid_t memory_type, size_t rank, const size_t *shape,
               void *values);
/* Reads rows [first, first+rows) of the first dimension. */
Status h5_read_rows(hid_t file, const char *name, hid_t memory_type, size_t first, size_t rows,
                    void *values);

/* Reads rows of a dataset [N] or [N, 1] of integers of any size and sign; what an int64_t cannot
 * hold becomes the nearest that it can. */
Status h5_read_integers(hid_t file, const char *name, size_t first, size_t rows, int64_t *values);

/* "float32 [10, 3, 32, 32]": what a dataset is, for messages. */
enum { H5_DESCRIPTION_TEXT = 128 };
Status h5_describe(hid_t file, const char *name, char text[static H5_DESCRIPTION_TEXT]);
/* Whether its values are of memory_type but for their byte order; false where there is none. */
bool h5_holds(hid_t file, const char *name, hid_t memory_type);

/* A dataset of count fixed-length UTF-8 strings, stored one after another in `strings`, each in
 * `width` bytes (zero-padded; width is at least the longest plus one). */
Status h5_write_strings(hid_t file, const char *name, size_t count, size_t width,
                        const char *strings);
/* Reads strings of fixed or variable length, in UTF-8 or ASCII, into a new array (memory_free) with
 * *width bytes each. More than the names of all classes that there may be are not read: a small
 * file could fill any memory. */
enum { H5_STRINGS_MOST = 65536 };
Status h5_read_strings(hid_t file, const char *name, size_t *count, size_t *width, char **strings);

/* Scalar attributes (h5_set_reals: an array) of the existing object at path `name` ("/" for the
 * root). Setting replaces an attribute of that name. Counts are read from any integers, reals from
 * any numbers, texts of any length from any strings; another type or number of values is
 * STATUS_DATA. */
Status h5_set_count(hid_t file, const char *name, const char *attribute, uint64_t value);
Status h5_set_real(hid_t file, const char *name, const char *attribute, double value);
Status h5_set_text(hid_t file, const char *name, const char *attribute, const char *value);
Status h5_set_reals(hid_t file, const char *name, const char *attribute, size_t count,
                    const double *values);
Status h5_get_count(hid_t file, const char *name, const char *attribute, uint64_t *value);
Status h5_get_real(hid_t file, const char *name, const char *attribute, double *value);
Status h5_get_text(hid_t file, const char *name, const char *attribute,
                   char **value); /* memory_free */
Status h5_get_reals(hid_t file, const char *name, const char *attribute, size_t count,
                    double *values);
/* How many attributes an object has, and the name of one of them, in their order by name: at most
 * bytes - 1 of its *length bytes. */
Status h5_count_attributes(hid_t file, const char *name, size_t *count);
Status h5_attribute_name(hid_t file, const char *name, size_t number, size_t bytes, char *attribute,
                         size_t *length);
/* Whether the object is there and has the attribute. */
Status h5_find_attribute(hid_t file, const char *name, const char *attribute, bool *found);

#endif
