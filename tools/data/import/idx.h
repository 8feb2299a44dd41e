#ifndef IMPORT_IDX_H
#define IMPORT_IDX_H

#include "array.h"

/* Reads an idx file, as MNIST has them: two zero bytes, a type, the number of axes, a big-endian
 * size for each, the elements (yann.lecun.com/exdb/mnist). *array is a view into bytes.
 * STATUS_DATA, naming `name` and a position: another file, a type or number of axes that cannot be
 * read, fewer or more bytes than the sizes say. Local. */
Status idx_read(const char *name, const uint8_t *bytes, size_t count, Array *array);

#endif
