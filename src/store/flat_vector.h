#ifndef VIT_FLAT_VECTOR_H
#define VIT_FLAT_VECTOR_H

#include "vit/digest.h"
#include "vit/parameter.h"
#include "vit/status.h"
#include <hdf5.h>
#include <stddef.h>

/* A flat vector (see parameter.h) in a file: one dataset a tensor, named and shaped as the table
 * says, below a group. Local. */

/* Writes it, and tells its digest (as parameter_digest). */
Status flat_vector_write(hid_t file, const char *group, const ParameterTable *table,
                         const float *values, char sha256[static DIGEST_TEXT]);

/* The digest of what is there, a few megabytes at a time. STATUS_DATA too for a value that is not
 * finite. */
Status flat_vector_digest(hid_t file, const char *path, const char *group,
                          const ParameterTable *table, size_t tensors,
                          char sha256[static DIGEST_TEXT]);

/* Reads it into values, or, where they are NULL, a few megabytes at a time, to check it. tensors
 * and sha256 are what the file says of it; `path` is for messages. STATUS_DATA: it is of another
 * model (names the tensor and both shapes) or damaged. On error the values are unspecified. */
Status flat_vector_read(hid_t file, const char *path, const char *group,
                        const ParameterTable *table, size_t tensors, const char *sha256,
                        float *values);

#endif
