#ifndef IMPORT_NPY_H
#define IMPORT_NPY_H

#include "array.h"

/* Reads a .npy file, or a member of an .npz, of format version 1.0, 2.0 or 3.0
 * (numpy.org/doc/stable/reference/generated/numpy.lib.format.html). *array is a view into bytes.
 * STATUS_DATA, naming `name` and a position: another file or version, a header that is no plain
 * dictionary of descr, fortran_order and shape, types that are not numbers (Python objects,
 * structures), Fortran order of several axes, fewer or more bytes than the shape says. Local. */
Status npy_read(const char *name, const uint8_t *bytes, size_t count, Array *array);

#endif
